import asyncio
import contextlib
import socket

import pytest
import websockets

from helpers import printed, serving
from uses.websocket_chat import (
    HOST,
    MAX_MESSAGE,
    MAX_UNREAD,
    main,
    say,
    serve,
)

IN_NODE = """
import { serve } from "./uses/websocket-chat.js";
console.log((await serve()).address().port);
"""
# What a client sends first; from here on it speaks in frames.
HANDSHAKE = (
    b"GET / HTTP/1.1\r\n"
    b"Host: chat\r\n"
    b"Connection: Upgrade\r\n"
    b"Upgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"\r\n"
)


@pytest.fixture
async def chat():
    """A chat that ends with the test."""
    async with await serve() as server:
        yield server


@pytest.fixture
async def connect(chat):
    """Connect one more client, until the test ends."""
    async with contextlib.AsyncExitStack() as clients:

        async def connect(port=None):
            url = f"ws://{HOST}:{port or port_of(chat)}"
            # The library's own limit is for strangers.
            return await clients.enter_async_context(
                websockets.connect(url, open_timeout=None)
            )

        yield connect


@pytest.fixture
async def log(caplog):
    """What is logged, except how slow this machine is."""
    asyncio.get_running_loop().slow_callback_duration = 60
    return caplog


def port_of(server):
    return server.sockets[0].getsockname()[1]


@contextlib.asynccontextmanager
async def raw(server):
    """A connection without a library, which does only what we do."""
    reader, writer = await asyncio.open_connection(
        HOST, port_of(server)
    )
    with contextlib.closing(writer):
        yield reader, writer


async def shake_hands(reader, writer):
    writer.write(HANDSHAKE)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 101 ")


async def test_the_conversation_is_printed():
    assert await printed(main()) == (
        "Grace hears: Hello, Grace\n"
        "Ada hears: Hello, Ada\n"
        "Ada is closed with code 1009\n"
    )


async def test_what_one_says_all_the_others_hear(connect):
    ada, grace, alan = await connect(), await connect(), await connect()
    assert await say(alan, "I am Alan", ada) == "I am Alan"
    assert await grace.recv() == "I am Alan"
    # Alan does not hear himself.
    assert await say(grace, "Welcome, Alan", alan) == "Welcome, Alan"


async def test_clients_of_the_other_language_are_served(connect):
    async with serving("javascript", IN_NODE) as server:
        ada, grace = (
            await connect(server.port),
            await connect(server.port),
        )
        assert await say(grace, "Zoë?", ada) == "Zoë?"
        assert await say(ada, "Here", grace) == "Here"
        await grace.send("x" * (MAX_MESSAGE + 1))
        await grace.wait_closed()
        assert grace.close_code == 1009


async def test_silence_and_half_a_handshake_disturb_nobody(
    chat, connect
):
    ada, grace = await connect(), await connect()
    async with raw(chat), raw(chat) as (late, writer):
        writer.write(HANDSHAKE[:50])
        assert await say(ada, "Go on", grace) == "Go on"
        writer.write(HANDSHAKE[50:])
        assert (
            await late.readline()
            == b"HTTP/1.1 101 Switching Protocols\r\n"
        )


async def test_a_line_without_end_is_refused(chat, connect):
    async with raw(chat) as (reader, writer):
        writer.write(b"GET /" + b"x" * 10_000)
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 414 ")
        assert answer.endswith(b"expected no more than 8192 bytes.\n")
    ada, grace = await connect(), await connect()
    assert await say(ada, "Go on", grace) == "Go on"


async def test_too_big_a_message_is_refused(connect):
    ada, grace, alan = await connect(), await connect(), await connect()
    longest = "x" * MAX_MESSAGE
    assert await say(grace, longest, ada) == longest
    await grace.send(longest + "x")
    await grace.wait_closed()
    assert grace.close_code == 1009

    # In pieces, none too big, and there is no last one.
    async def without_end():
        while True:
            yield "x" * 100
            await asyncio.sleep(0)

    with pytest.raises(websockets.ConnectionClosedError) as closed:
        await alan.send(without_end())
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1009
    hearer = await connect()
    assert await say(ada, "Go on", hearer) == "Go on"


async def test_who_does_not_read_is_disconnected(chat, connect):
    loop = asyncio.get_running_loop()
    loop.set_debug(False)  # it would take long
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((HOST, port_of(chat)))
        deaf.setblocking(False)
        await loop.sock_sendall(deaf, HANDSHAKE)
        await loop.sock_recv(deaf, 1000)
        [end] = chat.connections
        ada, alan = await connect(), await connect()
        waiting = 0
        for _ in range(20_000):
            if end not in chat.connections:
                break
            buffered = end.transport.get_write_buffer_size()
            waiting = max(waiting, buffered)
            await say(ada, "x" * MAX_MESSAGE, alan)
    assert end.close_code == 1006
    assert 0 < waiting <= MAX_UNREAD


async def test_a_client_that_vanishes_leaves_the_rest_undisturbed(
    chat, connect, log
):
    ada, grace, alan = await connect(), await connect(), await connect()
    ends = chat.connections
    await say(ada, "Before", alan)
    grace.transport.abort()
    while ends == chat.connections:
        await say(ada, "Still there?", alan)
    [end] = ends - chat.connections
    assert end.close_code == 1006
    assert await say(ada, "After", alan) == "After"
    assert log.text == ""


async def test_who_answers_no_ping_is_disconnected(log):
    async with await serve(patience=0.05) as chat, raw(chat) as silent:
        await shake_hands(*silent)
        url = f"ws://{HOST}:{port_of(chat)}"
        async with websockets.connect(url) as ada:
            received = await silent[0].read()
            assert received.startswith(b"\x89")  # a ping
            # A library answers pings by itself, and sends its own.
            await (await ada.ping())
            assert ada.ping_interval == 20
    assert log.text == ""


async def test_a_thousand_connections_at_once(chat, connect):
    loop = asyncio.get_running_loop()
    loop.set_debug(False)  # it would take long
    with contextlib.ExitStack() as all_of_them:
        hearers = []
        for _ in range(999):
            hearer = socket.create_connection((HOST, port_of(chat)))
            hearers.append(all_of_them.enter_context(hearer))
            hearer.setblocking(False)
            await loop.sock_sendall(hearer, HANDSHAKE)
            answer = await loop.sock_recv(hearer, 1000)
            assert answer.startswith(b"HTTP/1.1 101 ")
        ada = await connect()
        await ada.send("Hello, all")
        for hearer in hearers:
            message = await loop.sock_recv(hearer, 1000)
            assert message == b"\x81\x0aHello, all"


# Python only: in Node it ends the process.
async def test_a_failed_handler_costs_one_connection(log):
    async def fail(client):
        raise ValueError(await client.recv())

    async with websockets.serve(fail, HOST, 0) as server:
        for name in ("Ada", "Grace"):
            url = f"ws://{HOST}:{port_of(server)}"
            async with websockets.connect(url) as client:
                await client.send(f"no room for {name}")
                await client.wait_closed()
                assert client.close_code == 1011
    assert log.messages == ["connection handler failed"] * 2
    assert "ValueError: no room for Ada" in log.text


# Python only: in JavaScript nothing waits.
async def test_a_send_waits_for_the_other_side():
    reads = asyncio.Event()

    async def read_later(client):
        await reads.wait()
        async for _ in client:
            pass

    async with websockets.serve(read_later, HOST, 0) as server:
        url = f"ws://{HOST}:{port_of(server)}"
        async with websockets.connect(url, compression=None) as ada:

            async def send_much():
                for _ in range(32):
                    await ada.send(bytes(1_000_000))

            sending = asyncio.create_task(send_much())
            await asyncio.wait([sending], timeout=0.05)
            assert not sending.done()
            assert ada.transport.get_write_buffer_size() < 2_000_000
            reads.set()
            await sending


# Python only: ws leaves its clients alone.
async def test_a_server_that_closes_says_goodbye(connect, chat):
    ada = await connect()
    chat.close()
    await ada.wait_closed()
    assert ada.close_code == 1001
