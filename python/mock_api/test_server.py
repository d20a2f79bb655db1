import asyncio
import gc
import json
import socket
import sys
import weakref
from contextlib import ExitStack
from unittest.mock import Mock

import httpx
import pytest

from mock_api import server
from mock_api.app import app
from mock_api.client import scenario
from mock_api.control import SCENARIOS
from mock_api.server import listen
from mock_api.service import SERVICE
from mock_api.testing import connected, head, only_entry, raw, served

# Hanging up


@pytest.mark.parametrize("rule", ["delay", "hold", "rendezvous"])
async def test_a_client_that_hangs_up_is_noticed(api, rule):
    await api._post(
        rule,
        path="/data",
        **{"delay": {"seconds": 30}, "hold": {}, "rendezvous": {"n": 2}}[rule],
    )
    async with raw(api, "/data"):
        await api.saw("GET /data")
    entry = await only_entry(api)  # this waits, and less than 30 seconds
    assert (entry.status, entry.ending) == (None, "client hung up")


async def test_a_client_that_resets_is_noticed(api):
    await api.hold("/data")
    async with raw(api, "/data") as (_, writer):
        await api.saw("GET /data")
        writer.transport.abort()
    assert (await only_entry(api)).ending == "client hung up"


async def test_hanging_up_stops_the_stream(api):
    async with raw(api, "/download?megabytes=64") as (reader, _):
        await reader.readexactly(100_000)
    entry = await only_entry(api)
    assert (entry.status, entry.ending) == (200, "client hung up")


async def test_a_client_that_does_not_read_holds_the_stream_back(api):
    async with raw(api, "/download?megabytes=64") as (reader, _):
        await reader.readexactly(1000)
        assert (await api.log(settled=False))[0].ending is None
    assert (await only_entry(api)).ending == "client hung up"


async def test_what_a_client_gave_up_is_not_done(api, client):
    await api.hold("/posts")
    post = {"title": "a", "body": "b", "author_id": 1}
    task = asyncio.create_task(client.post("/posts", json=post))
    await api.saw("POST /posts")
    task.cancel()
    await asyncio.wait([task])
    assert (await only_entry(api)).ending == "client hung up"
    await api.release("/posts")
    assert len((await client.get("/posts?limit=10")).json()) == 10
    assert (await client.get("/posts/11")).status_code == 404


async def test_a_connection_can_be_used_again(api, client):
    async with raw(api, "/data") as (reader, writer):
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(37)
            path = httpx.URL(api.url).path
            writer.write(f"GET {path}/data HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await api.saw("GET /data", 4)
    assert {entry.ending for entry in await api.log()} == {"completed"}


async def test_a_half_sent_request_is_not_logged(api, client):
    async with raw(api, "/posts", method="POST") as (_, writer):
        writer.write(b"")
    url = httpx.URL(api.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.path}/posts HTTP/1.1\r\n".encode())
    writer.write(b"Host: x\r\nContent-Length: 9\r\n\r\n{")
    writer.close()
    await writer.wait_closed()
    await client.get("/data")
    assert [entry.path for entry in await api.log()] == ["/posts", "/data"]


# In one piece


async def test_what_is_sent_in_one_piece_is_what_uvicorn_sends(monkeypatch):
    pieces = Mock()
    paths = ["/data", "/posts?limit=1", "/users/1/picture", "/feeds/weather"]
    paths += [f"/status/{status}" for status in (200, 204, 205, 302, 304, 404, 599)]

    async def answers(api):
        last = head(api, "/nowhere", "Connection: close")
        others = [head(api, path) for path in paths]
        sent = b"".join([*others, head(api, "/data", method="HEAD"), last])
        async with connected(api, sent) as (reader, _):
            return await reader.read()

    async with served() as url, scenario(url, delays=False) as api:
        whole = await answers(api)
        monkeypatch.setattr(server.Connection, "send_whole", pieces)
        pieces.return_value = False
        assert whole == await answers(api)
    assert pieces.call_count == len(paths) + 1  # not of the stream


async def test_the_date_does_not_stand_still(monkeypatch):
    class Dated(server.Connection):
        def on_message_begin(self):
            super().on_message_begin()
            self.server_state.default_headers = [(b"date", next(dates))]

    dates = iter([b"today", b"tomorrow"])
    monkeypatch.setattr("mock_api.testing.Connection", Dated)
    async with served() as url, httpx.AsyncClient(base_url=url, verify=False) as client:
        answers = [await client.get("/data?delay=0") for _ in range(2)]
    assert [answer.headers["Date"] for answer in answers] == ["today", "tomorrow"]


async def test_an_answer_may_close_its_connection(api):
    await api.answer("/data", headers={"Connection": "close"})
    async with raw(api, "/data") as (reader, _):
        assert b"\r\nconnection: close\r\n" in await reader.read()


# The server


async def test_a_connection_that_is_lost_is_no_garbage(monkeypatch):
    made = []

    class Noted(server.Connection):
        def __init__(self, *about):
            super().__init__(*about)
            made.append(weakref.ref(self))

    monkeypatch.setattr("mock_api.testing.Connection", Noted)
    async with served() as url, scenario(url) as api:
        sent = head(api, "/data?delay=0", "Connection: close")
        gc.disable()
        try:
            async with connected(api, sent) as (reader, _):
                await reader.read()
            assert made[-1]() is None
        finally:
            gc.enable()


class Connection:
    """Stands in for a client's connection where the application runs by itself."""

    lost = False
    gave_up = False
    on_lost = None

    def send_whole(self, response):
        return False  # no server is there that could


async def ask(path):
    """The application's messages in answer to a request, without a server."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"delay=0",
        "headers": [],
        "server": ("127.0.0.1", 80),
        "state": {"connection": Connection()},
    }
    await app(scope, receive, send)
    return sent


async def test_a_bug_is_a_problem_too(monkeypatch, capsys):
    def broken(method, path):
        raise ZeroDivisionError

    monkeypatch.setattr(SERVICE, "find", broken)
    start, body = await ask("/data")
    assert start["status"] == 500
    assert json.loads(body["body"])["title"] == "Internal Server Error"
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert SCENARIOS.find("default").log.entries()[-1].ending == "completed"


async def test_being_cancelled_by_the_server_is_not_hidden(monkeypatch):
    task = asyncio.create_task(ask("/data"))
    SCENARIOS.find("default").rules.hold("/data")
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    SCENARIOS.delete(SCENARIOS.find("default"))


async def test_hundreds_of_requests_held_at_once(api):
    url = httpx.URL(api.url)
    request = f"GET {url.path}/users/1 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    answered = 0
    all_answered = asyncio.Event()

    class Client(asyncio.Protocol):
        def data_received(self, data):
            nonlocal answered
            answered += data.startswith(b"HTTP/1.1 200 ")
            if answered == 200:
                all_answered.set()

    async def connect():
        transport, _ = await loop.create_connection(Client, url.host, url.port or 80)
        transport.write(request)
        return transport

    await api.hold("/users/*")
    clients = await asyncio.gather(*(connect() for _ in range(200)))
    try:
        await api.saw("GET /users/1", 200)
        assert (await api.log(settled=False))[-1].in_flight == 200
        await api.release("/users/*")
        assert len(await api.log()) == 200
        await all_answered.wait()
    finally:
        for client in clients:
            client.abort()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system allows fewer")
def test_many_may_connect_before_one_is_accepted():
    with listen(0) as listening, ExitStack() as clients:
        for _ in range(500):
            address = listening.getsockname()
            clients.enter_context(socket.create_connection(address, timeout=5))


async def test_answers_are_sent_without_delay():
    """Otherwise Nagle's algorithm makes all but the first wait 40 ms."""
    accepted = asyncio.get_running_loop().create_future()

    def accept(reader, writer):
        sock = writer.get_extra_info("socket")
        accepted.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(accept, sock=listen(0)) as server:
        address = server.sockets[0].getsockname()
        _, writer = await asyncio.open_connection(*address)
        assert await accepted
        writer.close()
        await writer.wait_closed()
