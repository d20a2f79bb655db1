import asyncio
import contextlib
import os
import socket
import struct
import sys
import threading
from urllib.request import urlopen

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from helpers import Clock, printed, run_python, running, serving
from uses.web_server import JSON, main, make_server

HOST = "127.0.0.1"
OUTPUT = """\
201 {"post": 1, "text": "hello"}
404 {"post": 999, "text": "hello"}
500 {"post": 2, "text": ""}
422 {"post": 3, "text":\x20
"""
GOOD = '{"post": 1, "text": "hi"}'
IN_NODE = """
import { makeServer } from "./uses/web-server.js";
const server = makeServer(process.env.API_URL).listen(0, "127.0.0.1");
server.on("listening", () => console.log(server.address().port));
"""
# A server of its own process, as what it does stops that.
BLOCKING = """
import asyncio, os, socket
from urllib.request import urlopen
from fastapi import FastAPI
from uvicorn import Config, Server

app = FastAPI()

@app.get("/")
async def quick():
    return "here"

@app.get("/block")
async def block():
    # The mistake: nothing else runs until the answer is here.
    return urlopen(os.environ["API_URL"] + "/data").status

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
Server(Config(app, log_level="warning")).run([listener])
"""


@contextlib.asynccontextmanager
async def served(server):
    """The port of a server that ends with the block."""
    if isinstance(server, FastAPI):
        server = Server(
            Config(server, http="h11", log_level="critical")
        )
    listener = socket.create_server((HOST, 0))
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def asking(port):
    """A client of the server, without a limit of its own."""
    url = f"http://{HOST}:{port}"
    async with httpx.AsyncClient(
        base_url=url, headers=JSON, timeout=None, trust_env=False
    ) as client:
        yield client


@contextlib.asynccontextmanager
async def raw(port):
    """A connection that sends only what we send."""
    reader, writer = await asyncio.open_connection(HOST, port)
    with contextlib.closing(writer):
        yield reader, writer


def vanish(writer):
    """End a connection as a crash does: by a reset."""
    linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, linger
    )
    writer.transport.abort()


async def status(port, path="/"):
    """The status of a request of its own connection."""
    async with raw(port) as (reader, writer):
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return int((await reader.read()).split()[1])


@pytest.fixture
def app():
    app = FastAPI()

    @app.get("/")
    async def quick():
        return "here"

    return app


async def test_four_comments_get_four_answers(mock_api):
    assert await printed(main(mock_api.url)) == OUTPUT
    # The fourth body is no comment. The handler has not seen it.
    log = await mock_api.log()
    assert sorted(f"{e.method} {e.path} {e.status}" for e in log) == [
        "HEAD /posts/1 200",
        "HEAD /posts/2 200",
        "HEAD /posts/999 404",
    ]


async def test_while_one_handler_waits_the_others_are_served(mock_api):
    await mock_api.hold("/posts/1")
    async with running(main(mock_api.url)):
        await mock_api.saw("/posts/1")
        await mock_api.ended("/posts/999")
        await mock_api.ended("/posts/2")
        log = {e.path: e for e in await mock_api.log(settled=False)}
        assert log["/posts/1"].ending is None
        await mock_api.release("/posts/1")


async def test_all_the_handlers_wait_at_once(mock_api):
    await mock_api.hold("/posts/*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("/posts/*", times=3)
        await mock_api.release("/posts/*")
    assert program.output == OUTPUT


async def test_the_answer_is_json(client):
    async with served(make_server(client)) as port, asking(port) as ask:
        answer = await ask.post("/comments", content=GOOD)
        assert answer.status_code == 201
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json() == "Hi"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{",
        '{"text": "hi"}',
        '{"post": "../users/1", "text": "hi"}',
        '{"post": 1}',
        '{"post": 1, "text": 5}',
    ],
)
async def test_a_body_that_is_no_comment_is_a_422(
    mock_api, client, body
):
    async with served(make_server(client)) as port, asking(port) as ask:
        answer = await ask.post("/comments", content=body)
        assert answer.status_code == 422
        again = await ask.post("/comments", content=GOOD)
        assert again.status_code == 201
    assert [e.path for e in await mock_api.log()] == ["/posts/1"]


async def test_a_body_that_is_too_long_is_a_413(mock_api, client):
    async with served(make_server(client)) as port, asking(port) as ask:
        for spaces, expected in ((9900, 201), (10_000, 413)):
            body = GOOD + " " * spaces
            answer = await ask.post("/comments", content=body)
            assert answer.status_code == expected
    assert len(await mock_api.log()) == 1


async def test_a_path_without_a_route_is_a_404(mock_api, client):
    async with served(make_server(client)) as port, asking(port) as ask:
        answer = await ask.post("/nothing", content=GOOD)
        assert answer.status_code == 404
    assert await mock_api.log() == []


async def test_the_status_of_the_api_is_handed_on(mock_api, client):
    await mock_api.fail("/posts/1", [503])
    async with served(make_server(client)) as port, asking(port) as ask:
        answer = await ask.post("/comments", content=GOOD)
        assert answer.status_code == 503


async def test_a_handler_waits_three_seconds_for_the_api(
    mock_api, client
):
    await mock_api.hold("/posts/1")
    async with served(make_server(client)) as port, asking(port) as ask:
        answer = asyncio.create_task(
            ask.post("/comments", content=GOOD)
        )
        with Clock() as clock:
            # The limit begins within this wait: the clock stands still.
            await mock_api.saw("/posts/1")
            await clock.advance(2.9)
            [entry] = await mock_api.log(settled=False)
            assert entry.ending is None
            await clock.advance(0.2)
            await mock_api.ended("/posts/1")
        assert (await answer).status_code == 500
    [entry] = await mock_api.log()
    assert entry.ending == "client hung up"


async def test_the_server_ends_with_the_program(mock_api):
    ended = await run_python("uses/web_server.py", API_URL=mock_api.url)
    assert (ended.code, ended.stdout, ended.stderr) == (0, OUTPUT, "")


async def test_a_stop_finishes_what_is_in_flight(mock_api, client):
    await mock_api.hold("/posts/1")
    server = make_server(client)
    async with served(server) as port, asking(port) as ask:
        answer = asyncio.create_task(
            ask.post("/comments", content=GOOD)
        )
        await mock_api.saw("/posts/1")
        server.should_exit = True
        # Wait until the server lets nobody in any more.
        with contextlib.suppress(ConnectionError):
            while True:
                async with raw(port):
                    await asyncio.sleep(0.01)
        await mock_api.release("/posts/1")
        assert (await answer).status_code == 201


async def test_without_the_api_every_comment_is_a_500():
    with socket.create_server((HOST, 0)) as unused:
        url = f"http://{HOST}:{unused.getsockname()[1]}"
    output = await printed(main(url))
    statuses = [line.split()[0] for line in output.splitlines()]
    assert statuses == ["500", "500", "500", "422"]


async def test_a_client_of_the_other_language_is_served(mock_api):
    async with (
        serving("javascript", IN_NODE, API_URL=mock_api.url) as server,
        asking(server.port) as ask,
    ):
        answer = await ask.post("/comments", content=GOOD)
        assert (answer.status_code, answer.json()) == (201, "Hi")


# What the language does, without the program.


async def test_a_thousand_clients_wait_on_one_thread():
    # Debug mode makes each of a thousand tasks slow.
    asyncio.get_running_loop().set_debug(False)
    app = FastAPI()
    threads = set()
    everyone = asyncio.Barrier(1001)

    @app.get("/")
    async def wait():
        threads.add(threading.get_ident())
        await everyone.wait()
        await everyone.wait()

    async with served(app) as port:
        assert await status(port, "/nothing") == 404
        before = threading.active_count()
        clients = [
            asyncio.create_task(status(port)) for _ in range(1000)
        ]
        # With the test itself all are here, and wait once more.
        await everyone.wait()
        assert threading.active_count() == before
        await everyone.wait()
        assert await asyncio.gather(*clients) == [200] * 1000
    assert threads == {threading.get_ident()}


# Python only: Node raises this limit by itself.
async def test_a_process_may_open_so_many_files():
    if sys.platform == "win32":
        return  # it has no such limit
    source = (
        "import asyncio, resource\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))\n"
        "async def main():\n"
        "    server = await asyncio.start_server(\n"
        "        lambda *_: None, '127.0.0.1', 0)\n"
        "    port = server.sockets[0].getsockname()[1]\n"
        "    clients = [\n"
        "        await asyncio.open_connection('127.0.0.1', port)\n"
        "        for _ in range(64)\n"
        "    ]\n"
        "asyncio.run(main())\n"
    )
    ended = await run_python("-c", source)
    assert "OSError: [Errno 24] Too many open files" in ended.stderr


async def test_a_blocking_handler_stops_all(mock_api):
    await mock_api.hold("/data")
    async with (
        serving("python", BLOCKING, API_URL=mock_api.url) as server,
        asking(server.port) as ask,
        # What has arrived, and what the server has done with it.
        raw(server.port) as (reader, writer),
    ):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b'"here"')
        blocked = asyncio.create_task(ask.get("/block"))
        await mock_api.saw("GET /data")
        writer.write(b"GET /block HTTP/1.1\r\nHost: x\r\n\r\n")
        quick = asyncio.create_task(reader.readline())
        await asyncio.wait([quick], timeout=0.1)
        assert not quick.done()
        await mock_api.release("/data")
        assert (await blocked).status_code == 200
        assert await quick == b"HTTP/1.1 200 OK\r\n"
    # One by one.
    assert [e.in_flight for e in await mock_api.log()] == [1, 1]


# Python only: Node has no thread to give to a handler.
async def test_a_plain_function_gets_one_of_forty_threads(
    mock_api, app
):
    threads = set()

    @app.get("/thread")
    def block_a_thread():
        threads.add(threading.get_ident())
        with urlopen(f"{mock_api.url}/data") as answer:
            return answer.status

    await mock_api.hold("/data")
    async with served(app) as port:
        blocked = [
            asyncio.create_task(status(port, "/thread"))
            for _ in range(41)
        ]
        await mock_api.saw("GET /data", times=40)
        # The loop is free.
        assert await status(port) == 200
        assert len(await mock_api.log(settled=False)) == 40
        assert len(threads) == 40
        assert threading.get_ident() not in threads
        await mock_api.release("/data")
        assert await asyncio.gather(*blocked) == [200] * 41
    assert len(await mock_api.log()) == 41


# Python only: in Node it is the end of the process.
async def test_a_handler_that_throws_is_a_500(app):
    source = (
        "import asyncio, httpx, socket\n"
        "from fastapi import FastAPI\n"
        "from uvicorn import Config, Server\n"
        "app = FastAPI()\n"
        "@app.get('/')\n"
        "async def bug():\n"
        "    raise RuntimeError('a bug')\n"
        "async def main():\n"
        "    listener = socket.create_server(('127.0.0.1', 0))\n"
        "    url = f'http://127.0.0.1:{listener.getsockname()[1]}'\n"
        "    server = Server(Config(app, log_level='error'))\n"
        "    serving = asyncio.create_task(server.serve([listener]))\n"
        "    async with httpx.AsyncClient() as client:\n"
        "        for _ in range(2):\n"
        "            answer = await client.get(url)\n"
        "            print(answer.status_code, answer.text)\n"
        "    server.should_exit = True\n"
        "    await serving\n"
        "asyncio.run(main())\n"
    )
    ended = await run_python("-c", source)
    assert ended.code == 0
    assert ended.stdout == "500 Internal Server Error\n" * 2
    log = "ERROR:    Exception in ASGI application"
    assert ended.stderr.count(log) == 2
    assert ended.stderr.count("RuntimeError: a bug") == 2


# Python only: FastAPI says what is wrong; node:http does not look.
async def test_the_answer_says_what_is_wrong(client):
    async with served(make_server(client)) as port, asking(port) as ask:
        answer = await ask.post("/comments", content='{"post": ')
        [problem] = answer.json()["detail"]
        assert problem["msg"] == "JSON decode error"
        assert problem["ctx"] == {"error": "Expecting value"}


# Python only: in Node there is one loop, and it runs already.
async def test_uvicorn_run_needs_a_loop_of_its_own():
    source = (
        "import asyncio, uvicorn\n"
        "async def main():\n"
        "    uvicorn.run(None, port=0)\n"
        "asyncio.run(main())\n"
    )
    ended = await run_python("-c", source)
    assert ended.code == 1
    message = (
        "RuntimeError: asyncio.run() cannot be called "
        "from a running event loop"
    )
    if sys.version_info < (3, 12):
        message = (
            "RuntimeError: Cannot run the event loop "
            "while another loop is running"
        )
    assert message in ended.stderr, ended.stderr


async def test_a_body_has_no_limit_by_itself(app: FastAPI):
    @app.post("/")
    async def count(request: Request) -> int:
        return len(await request.body())

    async with served(app) as port, asking(port) as ask:
        answer = await ask.post("/", content=b"x" * 20_000_000)
        assert answer.json() == 20_000_000


async def test_a_handler_goes_on_when_its_client_has_gone(
    mock_api, client, app: FastAPI
):
    gone: asyncio.Queue[list[bool]] = asyncio.Queue()

    @app.get("/gone")
    async def notice(request: Request) -> None:
        before = await request.is_disconnected()
        await client.get("/data")
        gone.put_nowait([before, await request.is_disconnected()])

    @app.get("/long")
    async def answer_at_length() -> str:
        return "x" * 10_000_000

    await mock_api.hold("/data")
    async with served(app) as port:
        async with raw(port) as (_, writer):
            writer.write(b"GET /gone HTTP/1.0\r\n\r\n")
            await mock_api.saw("GET /data")
            vanish(writer)
        assert await status(port) == 200
        await mock_api.release("/data")
        # The handler was not stopped; it had to ask.
        assert await gone.get() == [False, True]

        async with raw(port) as (reader, writer):
            writer.write(b"GET /long HTTP/1.0\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            vanish(writer)
        assert await status(port) == 200
    [entry] = await mock_api.log()
    assert entry.ending == "completed"


async def test_a_stream_is_stopped_when_its_client_has_gone(
    app: FastAPI,
):
    ended: asyncio.Queue[str] = asyncio.Queue()

    async def parts():
        try:
            yield "first\n"
            await asyncio.Event().wait()
        except BaseException as error:
            ended.put_nowait(type(error).__name__)
            raise

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(parts())

    async with served(app) as port:
        async with raw(port) as (reader, writer):
            writer.write(b"GET /stream HTTP/1.0\r\n\r\n")
            await reader.readuntil(b"first\n")
            vanish(writer)
        assert await ended.get() == "CancelledError"
        assert await status(port) == 200


async def test_silence_and_half_a_request_disturb_nobody(app):
    async with (
        served(app) as port,
        raw(port),
        raw(port) as (reader, writer),
    ):
        writer.write(b"GET / HT")
        assert await status(port) == 200
        writer.write(b"TP/1.0\r\n\r\n")
        assert (await reader.read()).endswith(b'"here"')


# Python only: Node answers 408.
async def test_uvicorn_waits_for_half_a_request(app):
    server = Server(Config(app, http="h11", log_level="critical"))
    listener = socket.create_server((HOST, 0))
    port = listener.getsockname()[1]
    with Clock() as clock:
        task = asyncio.create_task(server.serve([listener]))
        async with raw(port) as (reader, writer):
            writer.write(b"GET / HT")
            assert await status(port) == 200
            # Node would have answered after a minute.
            await clock.advance(61)
            writer.write(b"TP/1.0\r\n\r\n")
            assert (await reader.read()).endswith(b'"here"')
        server.should_exit = True
        # It looks every tenth of a second.
        while not task.done():
            await clock.advance(0.1)


async def test_a_line_without_end_is_refused(app):
    async with served(app) as port:
        async with raw(port) as (reader, writer):
            writer.write(b"GET /" + b"x" * 20_000)
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert answer.endswith(b"Invalid HTTP request received.")
        assert await status(port) == 200


# Python only: Node says nothing of it.
async def test_what_is_no_http_is_logged():
    source = (
        "import asyncio, socket\n"
        "from uvicorn import Config, Server\n"
        "async def main():\n"
        "    listener = socket.create_server(('127.0.0.1', 0))\n"
        "    server = Server(Config(None, lifespan='off'))\n"
        "    serving = asyncio.create_task(server.serve([listener]))\n"
        "    reader, writer = await asyncio.open_connection(\n"
        "        *listener.getsockname())\n"
        "    writer.write(bytes([22, 3, 1, 0, 200, 1]))\n"
        "    await reader.read()\n"
        "    writer.close()\n"
        "    server.should_exit = True\n"
        "    await serving\n"
        "asyncio.run(main())\n"
    )
    ended = await run_python("-c", source)
    message = "WARNING:  Invalid HTTP request received."
    assert message in ended.stderr, ended.stderr


# Python only: Node has one parser, and that has a limit.
@pytest.mark.parametrize("http", ["auto", "httptools"])
async def test_httptools_sets_no_limit_to_the_headers(app, http):
    config = Config(app, http=http, log_level="critical")
    config.load()
    assert config.http_protocol_class is HttpToolsProtocol
    async with (
        served(Server(config)) as port,
        raw(port) as (reader, writer),
    ):
        writer.write(b"GET / HTTP/1.0\r\nLong: ")
        writer.write(b"x" * 10_000_000 + b"\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


# Python only: Node has one parser.
async def test_the_program_takes_h11(client):
    config = make_server(client).config
    config.load()
    assert config.http_protocol_class is H11Protocol
