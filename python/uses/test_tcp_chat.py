import asyncio
import contextlib
import os
import signal
import socket
import struct
import sys

import pytest

from helpers import limited, printed, run_python, running, serving
from uses import tcp_chat
from uses.tcp_chat import HOST, main

PYTHON_SERVER = """
import logging, os, runpy, sys
from logging.handlers import BufferingHandler

os.environ["PORT"] = "0"
logged = BufferingHandler(1000)
logging.getLogger().addHandler(logged)
named = {"print": lambda _, port, flush: print(port, flush=flush)}
runpy.run_path("uses/tcp_chat.py", named, "__main__")
sys.exit(len(logged.buffer))
"""
IN_NODE = """
console.log = (_, port) => process.stdout.write(`${port}\\n`);
process.env.PORT = "0";
const { main } = await import("./uses/tcp-chat.js");
await main();
"""


@pytest.fixture
async def port(monkeypatch):
    """The port of a chat that ends with the test."""
    monkeypatch.setattr(tcp_chat, "PORT", "0")
    before = asyncio.all_tasks()
    with contextlib.suppress(asyncio.CancelledError):
        async with running(main()) as program:
            await program.prints("\n")
            yield int(program.output.split()[-1])
            program.task.cancel()
    if chats := asyncio.all_tasks() - before - {asyncio.current_task()}:
        await asyncio.wait(chats)


@pytest.fixture
async def join(port):
    """Connect one more client, until the test ends."""
    writers = []

    async def join(port=port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writers.append(writer)
        return reader, writer

    yield join
    for writer in writers:
        writer.close()


async def say(writer, line, to):
    writer.write(f"{line}\n".encode())
    return (await to.readline()).decode().rstrip()


def server_end(client):
    """The writer through which the server talks to this client."""
    [writer] = [
        writer
        for writer in tcp_chat.clients
        if writer.get_extra_info("peername") == client.getsockname()
    ]
    return writer


def vanish(writer):
    """End a connection as a crash does: by a reset."""
    linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, linger
    )
    writer.transport.abort()


async def test_the_conversation_is_printed():
    assert await printed(main()) == "Ada hears: Hello, Ada\n"
    # The program ends with its clients, and so does the test.
    if chats := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(chats)


async def test_all_the_others_hear_a_line(join):
    at_ada, _ = await join()
    at_grace, grace = await join()
    at_alan, alan = await join()
    assert await say(alan, "I am Alan", at_ada) == "I am Alan"
    assert await at_grace.readline() == b"I am Alan\n"
    # Alan does not hear himself.
    assert await say(grace, "Hello, Alan", at_alan) == "Hello, Alan"


async def test_lines_come_in_any_pieces(join):
    at_ada, _ = await join()
    _, grace = await join()
    grace.write(b"One\nTwo\nThree, Zo" + b"\xc3")
    assert await at_ada.readline() == b"One\n"
    assert await at_ada.readline() == b"Two\n"
    grace.write(b"\xab\n")
    assert (await at_ada.readline()).decode() == "Three, Zoë\n"


async def test_half_a_line_is_not_said(join):
    at_ada, ada = await join()
    at_gone, gone = await join()
    at_slow, slow = await join()
    slow.write(b"Half a ")
    gone.write(b"Never sa")
    gone.write_eof()
    assert await at_gone.read() == b""
    assert await say(ada, "Go on", at_slow) == "Go on"
    assert await say(slow, "line", at_ada) == "Half a line"


@pytest.mark.parametrize("end", [b"", b"\n"])
async def test_too_long_a_line_ends_a_client(join, end):
    at_ada, ada = await join()
    at_grace, grace = await join()
    longest = "é" * 511 + "x"
    assert await say(grace, longest, at_ada) == longest
    grace.write(b"Before\n" + b"x" * 1025 + end)
    assert await at_ada.readline() == b"Before\n"
    # What it has sent and we have not read makes it a reset.
    with contextlib.suppress(ConnectionResetError):
        assert await at_grace.read() == b""
    at_alan, _ = await join()
    assert await say(ada, "Go on", at_alan) == "Go on"


async def test_too_long_a_line_ends_a_client_that_does_not_read(
    port, join
):
    with socket.create_connection((HOST, port)) as deaf:
        _, ada = await join()
        at_alan, _ = await join()
        await say(ada, "All are in", at_alan)
        to_deaf = server_end(deaf)
        # More than the buffers of the system hold.
        to_deaf.write(bytes(32_000_000))
        deaf.sendall(b"x" * 1025)
        async with limited(lambda: "still connected"):
            await to_deaf.wait_closed()


async def test_a_client_that_does_not_read_is_out(port, join):
    with socket.socket() as deaf:
        deaf.connect((HOST, port))
        _, ada = await join()
        at_alan, _ = await join()
        lines = (b"x" * 1023 + b"\n") * 60
        ada.write(lines)
        assert await at_alan.readexactly(len(lines)) == lines
        # The system took all that for the deaf one; 64 KiB may wait.
        to_deaf = server_end(deaf)
        unread = []
        for _ in range(10_000):
            lines = (b"x" * 1023 + b"\n") * 16
            ada.write(lines)
            assert await at_alan.readexactly(len(lines)) == lines
            unread.append(to_deaf.transport.get_write_buffer_size())
            if to_deaf not in tcp_chat.clients:
                break
        assert len(tcp_chat.clients) == 2
        assert 0 < max(unread) <= 65_536


async def test_a_client_that_vanishes_disturbs_nobody(join, caplog):
    asyncio.get_running_loop().slow_callback_duration = 60
    _, ada = await join()
    _, grace = await join()
    at_alan, _ = await join()
    grace.write(b"Half a li")
    await say(ada, "Before", at_alan)
    vanish(grace)
    for line in ("After", "And on", "And on"):
        assert await say(ada, line, at_alan) == line
    assert len(tcp_chat.clients) == 2
    assert caplog.text == ""


async def test_clients_of_the_other_language_are_served(join):
    async with serving("javascript", IN_NODE) as server:
        at_ada, ada = await join(server.port)
        at_grace, grace = await join(server.port)
        assert await say(grace, "Zoë?", at_ada) == "Zoë?"
        assert await say(ada, "Here", at_grace) == "Here"


async def test_ctrl_c_ends_the_server_with_clients_in(join):
    if sys.platform == "win32":
        return  # there, Ctrl-C cannot be sent to one process
    async with serving("python", PYTHON_SERVER) as server:
        at_ada, _ = await join(server.port)
        _, grace = await join(server.port)
        await say(grace, "Hello", at_ada)
        server.process.send_signal(signal.SIGINT)
        assert await at_ada.read() == b""
        async with limited(lambda: "the server goes on"):
            assert await server.process.wait() == 0


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("abc", "Servname not supported for ai_socktype"),
        ("70000", "bind(): port must be 0-65535."),
        ("taken", "ddress already in use"),
    ],
)
async def test_a_bad_port_is_refused_in_one_line(port, why):
    with socket.create_server((HOST, 0)) as other:
        if port == "taken":
            port = str(other.getsockname()[1])
        ended = await run_python("uses/tcp_chat.py", PORT=port)
    assert ended.code == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"Port {port} is no free port: ")
    if sys.platform == "linux":
        assert line.endswith(why)


# What the language does, without the program.


async def test_a_thousand_connections_at_once(port, join):
    asyncio.get_running_loop().set_debug(False)  # it would take long
    with contextlib.ExitStack() as all_of_them:
        hearers = []
        for _ in range(998):
            hearer = socket.create_connection((HOST, port))
            hearers.append(all_of_them.enter_context(hearer))
            # A turn for the server: a queue of 100 waits for it.
            await asyncio.sleep(0)
        _, ada = await join()
        at_alan, _ = await join()
        assert await say(ada, "Hello, all", at_alan) == "Hello, all"
        for hearer in hearers:
            assert hearer.recv(100) == b"Hello, all\n"


# Python only: node:readline reads on.
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            b"x" * 11,
            "Separator is not found, and chunk exceed the limit",
        ),
        (
            b"x" * 11 + b"\n",
            "Separator is found, but chunk is longer than limit",
        ),
    ],
)
async def test_readline_raises_at_its_limit(sent, message):
    reader = asyncio.StreamReader(limit=10)
    reader.feed_data(sent)
    with pytest.raises(ValueError, match=message):
        await reader.readline()


# Python only: in Node it ends the process.
async def test_a_failed_handler_is_logged_and_the_server_goes_on():
    loop = asyncio.get_running_loop()
    failed = loop.create_future()

    def hear(_, context):
        if not failed.done():
            failed.set_result(context)

    loop.set_exception_handler(hear)

    async def answer(reader, writer):
        with contextlib.closing(writer):
            writer.write(await reader.readline())

    async with await asyncio.start_server(answer, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, broken = await asyncio.open_connection(HOST, port)
        vanish(broken)
        context = await failed
        # Python 3.11.2 notices it later than 3.11.7.
        assert context["message"] in {
            "Unhandled exception in client_connected_cb",
            "Task exception was never retrieved",
        }
        assert isinstance(context["exception"], ConnectionResetError)
        at_ada, ada = await asyncio.open_connection(HOST, port)
        assert await say(ada, "Still here?", at_ada) == "Still here?"
        ada.close()


async def test_nobody_listens_at_the_port():
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
        with pytest.raises(ConnectionRefusedError) as refused:
            await asyncio.open_connection(HOST, port)
    if sys.platform == "linux":
        assert str(refused.value) == (
            f"[Errno 111] Connect call failed ('127.0.0.1', {port})"
        )


# Python only: nobody has to wait for the end of a server in Node.
async def test_the_end_of_a_server_waits_for_its_clients():
    connected = asyncio.Event()

    async def chat(reader, writer):
        with contextlib.closing(writer):
            connected.set()
            await reader.read()

    server = await asyncio.start_server(chat, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    _, ada = await asyncio.open_connection(HOST, port)
    await connected.wait()
    server.close()
    ending = asyncio.create_task(server.wait_closed())
    for _ in range(10):
        await asyncio.sleep(0)
    assert ending.done() == (sys.version_info < (3, 12))
    if sys.version_info >= (3, 13):
        server.close_clients()
    else:
        ada.close()
    await ending
    ada.close()
    if chats := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(chats)
