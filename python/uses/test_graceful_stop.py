import asyncio
import contextlib
import logging
import signal
import socket
import sys

import httpx

from helpers import printed, run_python, serving
from uses.graceful_stop import main, make_server

HOST = "127.0.0.1"
# The server in a process of its own, as one runs it.
IN_PYTHON = """
import asyncio, os, socket
import httpx
from uses.graceful_stop import make_server

async def main():
    url = os.environ["API_URL"]
    async with httpx.AsyncClient(base_url=url, timeout=None) as api:
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        server = make_server(api, asyncio.Semaphore(0))
        await server.serve([listener])

asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def running_server(api_url, limit=1):
    """The server, the task that serves, and its port."""
    async with httpx.AsyncClient(base_url=api_url, timeout=None) as api:
        listener = socket.create_server((HOST, 0))
        server = make_server(api, asyncio.Semaphore(0))
        if limit is None:
            server.config.timeout_graceful_shutdown = None
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield server, serving, listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


async def refused(port):
    """Wait until the server lets nobody in any more."""
    with contextlib.suppress(ConnectionError):
        while True:
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            await writer.wait_closed()


async def ask(port, path, *, keep=False):
    """Send a request; the reader and writer of its connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    more = "" if keep else "Connection: close\r\n"
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()
    )
    return reader, writer


async def test_who_is_under_way_is_answered_and_nobody_else(mock_api):
    assert await printed(main(mock_api.url)) == (
        'Under way: {"id":1,"name":"Ada"}\n'
        "New: no answer\n"
        "Too slow: Internal Server Error\n"
    )
    # The new one has never come to the API.
    assert await mock_api.endings() == {
        "/users/1": "completed",
        "/users/2": "client hung up",
    }


async def test_a_signal_finishes_what_is_under_way(mock_api):
    if sys.platform == "win32":
        return  # Windows cannot send the signals
    await mock_api.hold("/users/1")
    env = {"API_URL": mock_api.url}
    for times, number in enumerate((signal.SIGTERM, signal.SIGINT), 1):
        async with serving("python", IN_PYTHON, **env) as server:
            reader, writer = await ask(server.port, "/users/1")
            await mock_api.saw("GET /users/1", times)
            server.process.send_signal(number)
            await refused(server.port)
            await mock_api.release("/users/1")
            answer = await reader.read()
            writer.close()
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            # uvicorn sends itself the signal again, when all is done.
            assert await server.process.wait() == -number
        await mock_api.hold("/users/1")


async def test_a_failure_of_the_api_is_passed_on(mock_api):
    await mock_api.fail("/users/1", [503])
    async with running_server(mock_api.url) as (_, _, port):
        reader, writer = await ask(port, "/users/1")
        assert b" 503 " in await reader.readline()
        writer.close()
        await mock_api.drop("/users/1")
        reader, writer = await ask(port, "/users/1")
        assert b" 500 " in await reader.readline()
        writer.close()


async def test_the_limit_is_one_second(mock_api, clock):
    await mock_api.hold("/users/2")
    async with running_server(mock_api.url) as (server, serving, port):
        reader, writer = await ask(port, "/users/2")
        await mock_api.saw("GET /users/2")
        server.should_exit = True
        # uvicorn looks every tenth of a second, and waits one more.
        await clock.advance(1)
        assert not serving.done()
        [entry] = await mock_api.log(settled=False)
        assert entry.ending is None
        await clock.advance(0.25)
        await serving
        answer = await reader.read()
        writer.close()
        assert b"500 Internal Server Error" in answer
        await mock_api.ended("GET /users/2")
    assert await mock_api.endings() == {"/users/2": "client hung up"}


# What the language does, without the program.


async def test_without_a_limit_the_server_waits_on(mock_api, clock):
    await mock_api.hold("/users/2")
    async with running_server(mock_api.url, limit=None) as running:
        server, serving, port = running
        reader, writer = await ask(port, "/users/2")
        await mock_api.saw("GET /users/2")
        server.should_exit = True
        await clock.advance(60)
        assert not serving.done()
        await mock_api.release("/users/2")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()
        await clock.advance(1)


# Python only: a Node server logs nothing.
async def test_uvicorn_logs_what_it_cancels(mock_api, clock, caplog):
    await mock_api.hold("/users/2")
    async with running_server(mock_api.url) as (server, serving, port):
        # What a server logs unless it is told to be silent.
        log = logging.getLogger("uvicorn.error")
        log.addHandler(caplog.handler)
        caplog.set_level("INFO", "uvicorn.error")
        _, writer = await ask(port, "/users/2")
        await mock_api.saw("GET /users/2")
        server.should_exit = True
        await clock.advance(1.25)
        await serving
        log.removeHandler(caplog.handler)
        writer.close()
    said = (
        "Cancel 1 running task(s), timeout graceful shutdown exceeded"
    )
    assert said in caplog.messages
    assert (
        "Waiting for connections to close. (CTRL+C to force quit)"
        in caplog.messages
    )


# Python only: in Node such connections outlive a close.
async def test_idle_and_half_connections_are_closed(mock_api):
    async with running_server(mock_api.url) as (server, serving, port):
        idle = await ask(port, "/users/1", keep=True)
        assert await idle[0].readline() == b"HTTP/1.1 200 OK\r\n"
        half = await asyncio.open_connection(HOST, port)
        half[1].write(b"GET /users/1")
        server.should_exit = True
        await serving
        for reader, writer in idle, half:
            # What the server has not read makes a reset of its close.
            with contextlib.suppress(ConnectionResetError):
                await reader.read()
                assert reader.at_eof()
            writer.close()


async def test_a_signal_that_nobody_listens_for_ends_it_at_once():
    if sys.platform == "win32":
        return  # Windows cannot send SIGTERM
    ended = await run_python(
        "-c",
        "import asyncio, os, signal\n"
        "async def main():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        await asyncio.sleep(3600)\n"
        "    finally:\n"
        "        print('cleaned up')\n"
        "asyncio.run(main())\n",
    )
    assert (ended.code, ended.stdout) == (-signal.SIGTERM, "")


# Python only: Node's `process.once` is the same on every system.
async def test_a_handler_of_your_own_hears_sigterm():
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number, frame):
        loop.call_soon_threadsafe(told.set)

    before = signal.signal(signal.SIGTERM, on_signal)
    try:
        signal.raise_signal(signal.SIGTERM)
        await told.wait()
    finally:
        signal.signal(signal.SIGTERM, before)


# Python only: in Node, "close" comes after the last connection.
async def test_wait_closed_depends_on_the_version():
    arrived, may_end = asyncio.Event(), asyncio.Event()

    async def handle(reader, writer):
        with contextlib.closing(writer):
            arrived.set()
            await may_end.wait()
            writer.write(b"done\n")

    server = await asyncio.start_server(handle, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection(HOST, port)
    await arrived.wait()
    server.close()
    await refused(port)
    closed = asyncio.create_task(server.wait_closed())
    # A turn of the loop is enough for what has nothing to wait for.
    await asyncio.sleep(0)
    assert closed.done() == (sys.version_info < (3, 12))
    may_end.set()
    assert await reader.readline() == b"done\n"
    writer.close()
    await closed
