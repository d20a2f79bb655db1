import asyncio
import contextlib
import os
import socket
import struct

import pytest

from helpers import printed, serving
from uses import tcp_chat
from uses.tcp_chat import HOST, MAX_LINE, MAX_UNREAD, main, say, serve

IN_NODE = """
import { serve } from "./uses/tcp-chat.js";
console.log((await serve()).address().port);
"""
TOO_LONG = b"Error: more than 1024 bytes in a line\n"


@pytest.fixture
async def port():
    """The port of a chat that ends with the test."""
    async with await serve() as server:
        yield server.sockets[0].getsockname()[1]
        # Python 3.11 does not wait for them by itself.
        if chats := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(chats)


@pytest.fixture
async def connect(port):
    """Connect one more client, until the test ends."""
    writers = []

    async def connect(port=port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writers.append(writer)
        return reader, writer

    yield connect
    for writer in writers:
        writer.close()


@pytest.fixture
async def log(caplog):
    """What is logged, except how slow this machine is."""
    asyncio.get_running_loop().slow_callback_duration = 60
    return caplog


def vanish(writer):
    """End a connection as a crash does: by a reset."""
    linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, linger
    )
    writer.transport.abort()


async def test_the_conversation_is_printed():
    assert await printed(main()) == (
        "Grace hears: Hello, Grace\n"
        "Ada hears: Hello, Ada\n"
        "Ada hears: Error: more than 1024 bytes in a line\n"
    )


async def test_what_one_says_all_the_others_hear(connect):
    at_ada, _ = await connect()
    at_grace, grace = await connect()
    at_alan, alan = await connect()
    assert await say(alan, "I am Alan", at_ada) == "I am Alan"
    assert await at_grace.readline() == b"I am Alan\n"
    # Alan does not hear himself.
    assert await say(grace, "Welcome, Alan", at_alan) == "Welcome, Alan"


async def test_clients_of_the_other_language_are_served(connect):
    async with serving("javascript", IN_NODE) as server:
        at_ada, ada = await connect(server.port)
        at_grace, grace = await connect(server.port)
        assert await say(grace, "Zoë?", at_ada) == "Zoë?"
        assert await say(ada, "Here", at_grace) == "Here"
        grace.write(b"x" * (MAX_LINE + 1))
        assert await at_grace.read() == TOO_LONG


async def test_silence_and_half_a_line_disturb_nobody(connect):
    at_ada, ada = await connect()
    await connect()  # and says nothing
    at_slow, slow = await connect()
    at_gone, gone = await connect()
    slow.write(b"Half a ")
    gone.write(b"Never sa")
    gone.write_eof()
    assert await at_gone.read() == b""
    assert await say(ada, "Go on", at_slow) == "Go on"
    assert await say(slow, "line", at_ada) == "Half a line"


async def test_a_line_without_end_is_refused(connect):
    at_ada, ada = await connect()
    at_grace, grace = await connect()
    longest = "é" * (MAX_LINE // 2)  # two bytes each
    assert await say(grace, longest, at_ada) == longest
    grace.write(longest.encode() + b"x")
    assert await at_grace.read() == TOO_LONG
    # One who sends on and on is cut off before hearing it, perhaps.
    at_hose, hose = await connect()
    hose.write(b"x" * 10_000_000)
    with contextlib.suppress(ConnectionError):
        await at_hose.read()
    at_alan, _ = await connect()
    assert await say(ada, "Go on", at_alan) == "Go on"


async def test_who_does_not_read_is_disconnected(
    port, connect, monkeypatch
):
    waiting: list[int] = []
    tell = tcp_chat.tell

    def watched(speaker, line):
        tell(speaker, line)
        waiting.extend(
            client.transport.get_write_buffer_size()
            for client in tcp_chat.clients
        )

    monkeypatch.setattr(tcp_chat, "tell", watched)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((HOST, port))
        _, ada = await connect()
        at_alan, _ = await connect()
        for _ in range(10_000):
            lines = (b"x" * MAX_LINE + b"\n") * 16
            ada.write(lines)
            assert await at_alan.readexactly(len(lines)) == lines
            if len(tcp_chat.clients) == 2:
                break
    assert len(tcp_chat.clients) == 2
    assert 0 < max(waiting) <= MAX_UNREAD


async def test_a_client_that_vanishes_leaves_the_rest_undisturbed(
    connect, log
):
    _, ada = await connect()
    _, grace = await connect()
    at_alan, _ = await connect()
    grace.write(b"Half a li")
    await say(ada, "Before", at_alan)
    vanish(grace)
    for line in ("After", "And on", "And on"):
        assert await say(ada, line, at_alan) == line
    assert len(tcp_chat.clients) == 2
    assert log.text == ""


async def test_a_thousand_connections_at_once(port, connect):
    asyncio.get_running_loop().set_debug(False)  # it would take long
    with contextlib.ExitStack() as all_of_them:
        hearers = []
        for _ in range(998):
            hearer = socket.create_connection((HOST, port))
            hearers.append(all_of_them.enter_context(hearer))
            # A turn for the server: a queue of 100 waits for it.
            await asyncio.sleep(0)
        _, ada = await connect()
        at_alan, _ = await connect()
        assert await say(ada, "Hello, all", at_alan) == "Hello, all"
        for hearer in hearers:
            assert hearer.recv(100) == b"Hello, all\n"


async def test_a_write_does_not_wait_for_the_other_side():
    loop = asyncio.get_running_loop()
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        reader, writer = await asyncio.open_connection(HOST, port)
        other, _ = listener.accept()
        other.setblocking(False)
        with other, contextlib.closing(writer):
            writer.write(bytes(32_000_000))
            assert writer.transport.get_write_buffer_size() > 10_000_000
            # It is said only once the other side has read.
            await loop.sock_sendall(other, b"Heard\n")
            saying = asyncio.create_task(say(writer, "Well?", reader))
            await asyncio.wait([saying], timeout=0.05)
            assert not saying.done()
            while not saying.done():
                assert await loop.sock_recv(other, 1_000_000)
                await asyncio.sleep(0)
            assert await saying == "Heard"
            writer.transport.abort()


# Python only: node:readline reads on.
async def test_readline_raises_at_its_limit():
    reader = asyncio.StreamReader(limit=10)
    reader.feed_data(b"x" * 11)
    with pytest.raises(ValueError, match="chunk exceed the limit"):
        await reader.readline()


# Python only: in Node it ends the process.
async def test_a_failed_handler_is_logged_and_the_server_goes_on():
    failed = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: failed.set_result(context)
    )

    async def answer(reader, writer):
        with contextlib.closing(writer):
            writer.write(await reader.readline())

    async with await asyncio.start_server(answer, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, broken = await asyncio.open_connection(HOST, port)
        vanish(broken)
        context = await failed
        assert context["message"] == (
            "Unhandled exception in client_connected_cb"
        )
        assert isinstance(context["exception"], ConnectionResetError)
        at_ada, ada = await asyncio.open_connection(HOST, port)
        assert await say(ada, "Still here?", at_ada) == "Still here?"
        ada.close()
