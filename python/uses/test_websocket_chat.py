import asyncio
import contextlib
import signal
import socket
import sys
from dataclasses import dataclass, field

import httpx
import pytest
import websockets
from websockets import State

from helpers import limited, printed, run_python, running, serving
from uses import websocket_chat
from uses.websocket_chat import main

HOST = "127.0.0.1"
PYTHON_SERVER = """
import asyncio, logging, os, sys
from contextlib import suppress
from logging.handlers import BufferingHandler

os.environ["PORT"] = "0"
logged = BufferingHandler(1000)
logging.getLogger().addHandler(logged)
from uses import websocket_chat
websocket_chat.print = lambda _, url, flush: print(
    url.split(":")[-1], flush=flush
)
with suppress(KeyboardInterrupt):
    asyncio.run(websocket_chat.main())
sys.exit(len(logged.buffer))
"""
IN_NODE = """
console.log = (_, url) =>
  process.stdout.write(`${new URL(url).port}\\n`);
process.env.PORT = "0";
const { main } = await import("./uses/websocket-chat.js");
await main();
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


@dataclass
class Room:
    """A chat that ends with the test."""

    url: str
    task: asyncio.Task[None]
    ends: list[websockets.ServerConnection] = field(
        default_factory=list
    )

    @property
    def port(self):
        return int(self.url.split(":")[-1])


@pytest.fixture
async def room(monkeypatch):
    monkeypatch.setattr(websocket_chat, "PORT", "0")
    ends = []
    chat = websocket_chat.chat

    async def noted(client):
        ends.append(client)
        await chat(client)

    monkeypatch.setattr(websocket_chat, "chat", noted)
    with contextlib.suppress(asyncio.CancelledError):
        async with running(main()) as program:
            await program.prints("\n")
            url = program.output.split()[-1]
            yield Room(url, program.task, ends)
            program.task.cancel()


@pytest.fixture
async def join(room):
    """Connect one more client, until the test ends."""
    async with contextlib.AsyncExitStack() as clients:

        async def join(url=room.url, **options):
            # The library's own limit is for strangers.
            client = websockets.connect(
                url, open_timeout=None, **options
            )
            return await clients.enter_async_context(client)

        yield join


@pytest.fixture
async def log(caplog):
    """What is logged, except how slow this machine is."""
    asyncio.get_running_loop().slow_callback_duration = 60
    return caplog


@contextlib.asynccontextmanager
async def raw(room):
    """A connection without a library, which does only what we do."""
    reader, writer = await asyncio.open_connection(HOST, room.port)
    with contextlib.closing(writer):
        yield reader, writer


async def shake_hands(reader, writer):
    writer.write(HANDSHAKE)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 101 ")


async def say(client, message, to):
    await client.send(message)
    return await to.recv()


async def test_the_conversation_is_printed():
    assert await printed(main()) == "Ada hears: Hello, Ada\n"


async def test_all_the_others_hear_a_message(join):
    ada, grace, alan = await join(), await join(), await join()
    assert await say(alan, "I am Alan", ada) == "I am Alan"
    assert await grace.recv() == "I am Alan"
    # Alan does not hear himself.
    assert await say(grace, "Hello, Alan", alan) == "Hello, Alan"


async def test_text_stays_text_and_bytes_stay_bytes(join):
    ada, grace = await join(), await join()
    assert await say(grace, "Zoë", ada) == "Zoë"
    assert await say(grace, b"\xff\x00", ada) == b"\xff\x00"


async def test_clients_of_the_other_language_are_served(join):
    async with serving("javascript", IN_NODE) as server:
        url = f"ws://{HOST}:{server.port}"
        ada, grace = await join(url), await join(url)
        assert await say(grace, "Zoë?", ada) == "Zoë?"
        assert await say(ada, b"\xff", grace) == b"\xff"
        await grace.send("x" * 1025)
        await grace.wait_closed()
        assert grace.close_code == 1009


async def test_a_page_of_another_site_is_refused(join, log):
    # No origin: it is no browser.
    ada = await join()
    grace = await join(origin="https://my.test")
    assert await say(grace, "Hello", ada) == "Hello"
    for other in ("https://other.test", "http://my.test", "null"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await join(origin=other)
        message = "server rejected WebSocket connection: HTTP 403"
        assert str(refused.value) == message
    assert log.messages == []


async def test_half_a_handshake_disturbs_nobody(clock, room, join):
    ada, grace = await join(), await join()
    async with raw(room) as (silent, _), raw(room) as (late, writer):
        writer.write(HANDSHAKE[:50])
        assert await say(ada, "Go on", grace) == "Go on"
        await clock.advance(9.9)
        writer.write(HANDSHAKE[50:])
        status = b"HTTP/1.1 101 Switching Protocols\r\n"
        assert await late.readline() == status
        assert not silent.at_eof()
        await clock.advance(0.1)
        assert await silent.read() == b""


async def test_what_is_no_websocket_is_refused(room, join):
    async with httpx.AsyncClient(trust_env=False, verify=False) as web:
        answer = await web.get(f"http://{HOST}:{room.port}")
    assert answer.status_code == 426
    async with raw(room) as (reader, writer):
        writer.write(b"GET /" + b"x" * 20_000)
        assert (await reader.readline()).startswith(b"HTTP/1.1 414 ")
    ada, grace = await join(), await join()
    assert await say(ada, "Go on", grace) == "Go on"


async def test_too_big_a_message_is_refused(join):
    ada, grace, alan = await join(), await join(), await join()
    longest = "é" * 512
    assert await say(grace, longest, ada) == longest
    assert await alan.recv() == longest
    await grace.send(longest + "x")
    await grace.wait_closed()
    assert grace.close_code == 1009

    # In pieces, none too big, and there is no last one.
    async def without_end():
        while True:
            yield "x" * 100
            await asyncio.sleep(0)

    with pytest.raises(websockets.ConnectionClosedError):
        await alan.send(without_end())
    assert alan.close_code == 1009
    hearer = await join()
    assert await say(ada, "Go on", hearer) == "Go on"


async def test_a_client_that_does_not_read_is_out(room, join):
    asyncio.get_running_loop().set_debug(False)  # it would take long
    async with raw(room) as (_, deaf):
        sock = deaf.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.transport.pause_reading()
        deaf.write(HANDSHAKE)
        ada, alan = await join(), await join()
        while len(room.ends) < 3:
            await say(ada, "Is the deaf one in?", alan)
        end = next(
            end
            for end in room.ends
            if end.remote_address == sock.getsockname()
        )
        unread = []
        for _ in range(20_000):
            unread.append(end.transport.get_write_buffer_size())
            await say(ada, "x" * 1024, alan)
            if end.state is not State.OPEN:
                break
        assert end.close_code == 1006
        assert 60_000 < max(unread) <= 65_536


async def test_a_client_that_vanishes_disturbs_nobody(room, join, log):
    ada, grace, alan = await join(), await join(), await join()
    await say(ada, "Before", alan)
    grace.transport.abort()
    await room.ends[1].wait_closed()
    assert room.ends[1].close_code == 1006
    assert await say(ada, "After", alan) == "After"
    assert log.text == ""


async def test_a_client_that_answers_no_ping_is_out(clock, room, join):
    ada, alan = await join(), await join()
    async with raw(room) as (silent, writer):
        await shake_hands(silent, writer)
        await clock.advance(19.9)
        await say(ada, "Nothing yet", alan)
        assert (await silent.readexactly(13))[2:] == b"Nothing yet"
        await clock.advance(0.1)
        assert (await silent.readexactly(6))[0] == 0x89  # a ping
        # Each of them answers before it says something.
        await say(ada, "Hello, Alan", alan)
        await say(alan, "Hello, Ada", ada)
        await clock.advance(19.9)
        end = room.ends[2]
        assert end.state is State.OPEN
        await clock.advance(0.1)
        assert end.state is not State.OPEN
        assert await say(ada, "Still here?", alan) == "Still here?"
        await clock.advance(10)
        await end.wait_closed()


async def test_ctrl_c_ends_the_server_with_clients_in(join):
    if sys.platform == "win32":
        return  # there, Ctrl-C cannot be sent to one process
    async with serving("python", PYTHON_SERVER) as server:
        url = f"ws://{HOST}:{server.port}"
        ada, grace = await join(url), await join(url)
        assert await say(grace, "Hello", ada) == "Hello"
        server.process.send_signal(signal.SIGINT)
        for client in ada, grace:
            await client.wait_closed()
            assert client.close_code == 1001
        async with limited(lambda: "the server goes on"):
            assert await server.process.wait() == 0


async def test_a_silent_client_holds_up_the_end(clock, room):
    async with raw(room) as (silent, writer):
        await shake_hands(silent, writer)
        room.task.cancel()
        # A frame that says: 1001, going away.
        goodbye = await silent.readexactly(4)
        assert goodbye == b"\x88\x02\x03\xe9"
        await clock.advance(9.9)
        assert not room.task.done()
        await clock.advance(0.1)
        await asyncio.wait([room.task])


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("abc", "invalid literal for int() with base 10: 'abc'"),
        ("70000", "bind(): port must be 0-65535."),
        ("taken", "ddress already in use"),
    ],
)
async def test_a_bad_port_is_refused_in_one_line(port, why):
    with socket.create_server((HOST, 0)) as other:
        if port == "taken":
            port = str(other.getsockname()[1])
        ended = await run_python("uses/websocket_chat.py", PORT=port)
    assert ended.code == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"Port {port} is no free port: ")
    if sys.platform == "linux":
        assert line.endswith(why)


# What the language does, without the program.


@contextlib.asynccontextmanager
async def connected(handler, **options):
    """A server with this handler, and the address of it."""
    async with websockets.serve(handler, HOST, 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://{HOST}:{port}"


async def listen(client):
    async for _ in client:
        pass


# Python only: in JavaScript it is lost.
async def test_a_message_waits_until_you_ask():
    async def greet(client):
        await client.send("one")
        await client.send("two")

    async with (
        connected(greet) as url,
        websockets.connect(url) as ada,
    ):
        await ada.wait_closed()
        assert [await ada.recv(), await ada.recv()] == ["one", "two"]


# Python only: in Node it ends the process.
async def test_a_failed_handler_costs_one_connection(log):
    async def fail(client):
        raise ValueError(await client.recv())

    async with connected(fail) as url:
        for name in ("Ada", "Grace"):
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
        await listen(client)

    async with (
        connected(read_later) as url,
        websockets.connect(url, compression=None) as ada,
    ):
        sent = 0

        async def send_much():
            nonlocal sent
            for _ in range(100):
                await ada.send(bytes(1_000_000))
                sent += 1

        sending = asyncio.create_task(send_much())
        for _ in range(1000):
            await asyncio.sleep(0)
        assert sent < 50
        assert ada.transport.get_write_buffer_size() < 2_000_000
        reads.set()
        await sending


# Python only: in JavaScript it is an event.
@pytest.mark.parametrize(
    ("end", "error", "message"),
    [
        (
            lambda client: client.close(),
            websockets.ConnectionClosedOK,
            "received 1000 (OK); then sent 1000 (OK)",
        ),
        (
            lambda client: client.transport.abort(),
            websockets.ConnectionClosedError,
            "no close frame received or sent",
        ),
    ],
)
async def test_the_end_is_an_exception(end, error, message):
    async def leave(client):
        if closing := end(client):
            await closing

    async with connected(leave) as url:
        async with websockets.connect(url) as ada:
            with pytest.raises(error) as closed:
                await ada.recv()
            assert type(closed.value) is error
            assert str(closed.value) == message
        if error is websockets.ConnectionClosedOK:
            async with websockets.connect(url) as ada:
                assert [message async for message in ada] == []


# Python only: in JavaScript it is an event.
@pytest.mark.parametrize(
    ("compression", "message"),
    [
        (
            "deflate",
            "received 1009 (message too big) frame exceeds limit of "
            "10 bytes; then sent 1009 (message too big) frame exceeds "
            "limit of 10 bytes",
        ),
        (
            None,
            "received 1009 (message too big) frame with 100 bytes "
            "exceeds limit of 10 bytes; then sent 1009 (message too "
            "big) frame with 100 bytes exceeds limit of 10 bytes",
        ),
    ],
)
async def test_a_refused_message_is_an_exception(compression, message):
    async with (
        connected(listen, max_size=10) as url,
        websockets.connect(url, compression=compression) as ada,
    ):
        await ada.send("x" * 100)
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await ada.recv()
    assert str(closed.value) == message


# Python only: a JavaScript client has to do it itself.
async def test_a_loop_over_connect_connects_again():
    async def greet(client):
        await client.send("Hello")

    heard = []
    async with connected(greet) as url:
        async for client in websockets.connect(url):
            heard += [message async for message in client]
            if len(heard) == 2:
                break
            await client.close()
        await client.close()
    assert heard == ["Hello", "Hello"]


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_chromium_tells_the_origin_of_a_page(room, join):
    from tools.browser.chromium import browser

    ada = await join()
    async with browser() as chromium:
        page = await chromium.new_page()
        # Chromium asks the visitor before a site reaches this machine.
        may = "local-network-access"
        await page.context.grant_permissions([may])
        logged = []
        page.on("console", lambda message: logged.append(message.text))
        await page.route("**", lambda route: route.fulfill(body=""))
        await page.goto("https://my.test")
        await page.evaluate(
            """(url) => {
              const client = new WebSocket(url);
              client.onopen = () => client.send("Hello from a page");
            }""",
            room.url,
        )
        assert await ada.recv() == "Hello from a page"
        await page.goto("https://other.test")
        ended = await page.evaluate(
            """(url) => new Promise((resolve) => {
              const client = new WebSocket(url);
              client.onopen = () => resolve("open");
              client.onclose = ({ code, reason }) =>
                resolve([code, reason]);
            })""",
            room.url,
        )
        while not logged:
            await page.evaluate("0")
    assert ended == [1006, ""]
    [failed] = logged
    assert failed.startswith(f"WebSocket connection to '{room.url}/'")
    assert failed.endswith(
        " failed: Error during WebSocket handshake: "
        "Unexpected response code: 403"
    )


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_chromium_sends_nothing_before_open(room):
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        await page.route("**", lambda route: route.fulfill(body=""))
        await page.goto("https://my.test")
        refused = await page.evaluate(
            """(url) => {
              try {
                new WebSocket(url).send("Hello");
              } catch (error) {
                return `${error.name}: ${error.message}`;
              }
            }""",
            room.url,
        )
    assert refused == (
        "InvalidStateError: Failed to execute 'send' on 'WebSocket': "
        "Still in CONNECTING state."
    )
