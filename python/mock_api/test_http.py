"""What is not HTTP, or is too much of it, and clients that do not behave."""

import asyncio
import sys
from contextlib import suppress
from unittest.mock import Mock

import httpx
import pytest
from uvicorn.server import ServerState

from mock_api import server
from mock_api.app import app
from mock_api.client import scenario
from mock_api.control import SCENARIOS
from mock_api.problem import phrase
from mock_api.testing import connected, everything, head, only_entry, raw, said, served

POST = "POST /posts HTTP/1.1\r\nHost: x\r\n"


async def answers(api, sent: bytes, *, eof: bool = False) -> list[tuple[int, bytes]]:
    """All responses to what is sent, until the server closes the connection."""
    async with connected(api, sent) as (reader, writer):
        if eof:
            writer.write_eof()
        return await everything(reader)


# What is not HTTP


@pytest.mark.parametrize(
    ("sent", "status", "detail"),
    [
        ("\0\1\2\r\n\r\n", 400, "The method: expected one that HTTP has, like GET."),
        ("garbage\r\n\r\n", 400, "The method: expected one that HTTP has, like GET."),
        ("\x16\x03\x01\x02", 400, "The method: expected one that HTTP has, like GET."),
        ("GET\r\n\r\n", 400, "The method: expected one that HTTP has, like GET."),
        ("FOO / HTTP/1.1\r\n\r\n", 400, "The method: expected one that HTTP has, li"),
        ("GET x HTTP/1.1\r\n\r\n", 400, "After the method: expected a path in ASCII"),
        ("GET /\xff HTTP/1.1\r\n\r\n", 400, "After the method: expected a path in A"),
        ("GET http://h HTTP/1.1\r\n\r\n", 400, "After the method: expected a path i"),
        ("CONNECT h:80 HTTP/1.1\r\n\r\n", 400, "After the method: expected a path i"),
        ("OPTIONS * HTTP/1.1\r\n\r\n", 404, "There is no *. There are: /data"),
        ("GET / HTTP/9.9\r\n\r\n", 400, "This is not HTTP/1.1: Invalid HTTP version."),
        ("GET / HTTP/2.0\r\n\r\n", 505, "HTTP/2.0: expected HTTP/1.1."),
        ("GET /\r\n\r\n", 505, "HTTP/0.9: expected HTTP/1.1."),
        ("GET / FTP/1.1\r\n\r\n", 400, "This is not HTTP/1.1: Expected HTTP/"),
        ("GET / HTTP/1.1\r\nA B: c\r\n\r\n", 400, "This is not HTTP/1.1: Invalid hea"),
        ("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 400, "This is not HTTP/1.1: Invalid hea"),
        ("GET / HTTP/1.1\r\n: a\r\n\r\n", 400, "This is not HTTP/1.1: Invalid heade"),
        ("GET / HTTP/1.1\r\nA\r\n\r\n", 400, "This is not HTTP/1.1: Invalid header "),
        ("GET / HTTP/1.1\r\n a\r\n\r\n", 400, "This is not HTTP/1.1: Unexpected spa"),
        (f"{POST}Content-Length: x\r\n\r\n", 400, "This is not HTTP/1.1: Invalid ch"),
        (f"{POST}Content-Length: {'9' * 30}\r\n\r\n", 400, "This is not HTTP/1.1: Co"),
        (f"{POST}Transfer-Encoding: gzip\r\n\r\n", 400, "This is not HTTP/1.1: Reque"),
        (f"{POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "This is not HTTP/1"),
        (
            f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            400,
            "This is not HTTP/1.1: Expected LF after chunk data.",
        ),
    ],
)
async def test_broken_http_is_answered_with_what_is_wrong(api, sent, status, detail):
    [answer] = await answers(api, sent.encode("latin-1"), eof=status in (404, 505))
    assert answer[0] == status
    assert said(answer).startswith(detail)


async def test_such_an_answer_is_like_all_others(api):
    async with connected(api, b"garbage\r\n\r\n") as (reader, _):
        top = await reader.readuntil(b"\r\n\r\n")
    lines = top.decode().splitlines()
    assert lines[0] == "HTTP/1.1 400 Bad Request"
    assert "content-type: application/problem+json" in lines
    assert "access-control-allow-origin: *" in lines
    assert "connection: close" in lines


async def test_a_request_before_the_broken_one_is_answered_first(api):
    await api.hold("/data")
    async with connected(api, head(api, "/data")) as (reader, writer):
        await api.saw("/data")
        writer.write(b"garbage\r\n\r\n")
        await writer.drain()
        await api.release("/data")
        first, second = await everything(reader)
    assert (first[0], second[0]) == (200, 400)
    assert (await only_entry(api)).ending == "completed"


async def test_requests_in_a_row_before_a_broken_one(api):
    good = head(api, "/data")
    bad = head(api, "/posts", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n"
    answered = await answers(api, good + good + bad)
    assert [status for status, _ in answered] == [200, 200, 400]
    assert [entry.path for entry in await api.log()] == ["/data", "/data"]


async def test_a_broken_body_is_no_request(api, client):
    headers = ("Transfer-Encoding: chunked", "Content-Type: application/json")
    sent = head(api, "/posts", *headers, method="POST") + b"1\r\n{\r\n"
    async with connected(api, sent) as (reader, writer):
        await client.get("/data")  # the server waits for the rest meanwhile
        writer.write(b"no\r\n")
        [answer] = await everything(reader)
    assert answer[0] == 400
    assert (await only_entry(api)).path == "/data"


async def test_an_upgrade_to_something_else_is_answered_as_usual(api):
    await api.hold("/data")
    upgrade = head(api, "/data", "Connection: Upgrade", "Upgrade: h2c")
    async with connected(api, upgrade) as (reader, writer):
        await api.saw("/data")
        writer.write(head(api, "/data"))  # it may not know what language to speak
        await writer.drain()
        await api.release("/data")
        [answer] = await everything(reader)
    assert answer[0] == 200


def test_titles_are_the_same_on_every_python(api):
    titles = [phrase(status) for status in (404, 413, 414, 416, 422, 599)]
    assert titles == [
        "Not Found",
        "Content Too Large",
        "URI Too Long",
        "Range Not Satisfiable",
        "Unprocessable Content",
        "Status 599",
    ]


@pytest.mark.parametrize("status", [413, 414, 416, 422])
async def test_so_is_what_stands_beside_the_status(api, client, status):
    answer = await client.get(f"/status/{status}")
    assert answer.reason_phrase == answer.json()["title"] == phrase(status)


# HEAD


@pytest.mark.parametrize(
    "path",
    [
        "/data",
        "/posts",
        "/posts/1",
        "/users/1",
        "/users/1/picture",
        "/notifications",
        "/mirrors/oslo",
        "/status/404",
        "/download",
        "/feeds/news",
        "/feeds/sport",
        "/openapi.json",
        "/nothing",
    ],
)
async def test_head_is_get_without_the_body(api, client, path):
    async with client.stream("GET", path) as got:
        asked = await client.head(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    # A body that comes in chunks has no length, and HEAD says nothing of them.
    of_the_moment = {"date", "transfer-encoding"}
    for name in of_the_moment | got.headers.keys() | asked.headers.keys():
        if name not in of_the_moment:
            assert asked.headers.get(name) == got.headers.get(name), name


async def test_head_takes_the_time_that_get_takes(server_url):
    async with scenario(server_url) as api, httpx.AsyncClient(verify=False) as client:
        await client.head(f"{api.url}/users/1")
        entry = await only_entry(api)
    assert entry.ended
    assert entry.ended - entry.started >= 0.1


async def test_head_of_a_log_and_its_events(api):
    for path in ("log", "events"):
        answer = await api._control.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


# What is too large


def padded(api, size: int) -> bytes:
    """A request whose head, as the API counts, has so many bytes."""
    plain = httpx.URL(api.url).path + "/data"
    room = size - len(plain) - len("host") - len("x") - 4 - len("a") - 4
    return head(api, "/data", f"A: {'a' * room}")


@pytest.mark.parametrize("step", [1 << 20, 1000])
async def test_a_head_that_is_just_not_too_large(api, step):
    sent = padded(api, 64 * 1024)
    async with connected(api, sent[:step]) as (reader, writer):
        for at in range(step, len(sent), step):
            writer.write(sent[at : at + step])
            await asyncio.sleep(0)
        writer.write_eof()
        [answer] = await everything(reader)
    assert answer[0] == 200


@pytest.mark.parametrize(
    "more",
    [
        ["A: " + "a" * 70_000],
        ["A: " + "a" * 30_000_000],
        ["A: a"] * 20_000,
        ["A" * 70_000 + ": a"],
    ],
)
async def test_a_head_that_is_too_large(api, more):
    [answer] = await answers(api, head(api, "/data", *more))
    assert (answer[0], said(answer)) == (431, "The head: expected at most 65536 bytes.")
    assert await api.log() == []


async def test_a_head_that_is_too_large_by_a_byte(api):
    [answer] = await answers(api, padded(api, 64 * 1024 + 1))
    assert answer[0] == 431


async def test_a_head_without_end(api):
    async with connected(api, b"GET /data HTTP/1.1\r\nA: ") as (reader, writer):
        answered = asyncio.create_task(everything(reader))
        with suppress(ConnectionError):
            while not answered.done():
                writer.write(b"a" * 10_000)
                await writer.drain()
                await asyncio.wait([answered], timeout=0)
        [answer] = await answered
    assert answer[0] == 431


@pytest.mark.parametrize("framing", [b"1;", b"0\r\nA: "])
async def test_what_frames_a_body_is_limited_too(api, framing):
    sent = head(api, "/posts", "Transfer-Encoding: chunked", method="POST")
    async with connected(api, sent) as (reader, writer):
        await asyncio.sleep(0)
        writer.write(framing + b"a" * 1_000_000)
        [answer] = await everything(reader)
    assert answer[0] == 431


@pytest.mark.parametrize("megabytes", [2, 17, 40])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_much_too_large(client, api, megabytes, chunked):
    async def chunks():
        for _ in range(megabytes):
            yield b" " * 1024 * 1024

    body = chunks() if chunked else b" " * megabytes * 1024 * 1024
    answer = await client.post("/posts", content=body)
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body: expected at most 1048576 bytes."
    entry = await only_entry(api)
    assert (entry.status, entry.ending) == (413, "completed")


async def test_it_is_said_before_the_client_has_sent_everything(api):
    sent = head(api, "/posts", "Content-Length: 1000000000", method="POST")
    async with connected(api, sent) as (reader, writer):
        answered = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
        while not answered.done():
            writer.write(b" " * 100_000)
            await writer.drain()
            await asyncio.wait([answered], timeout=0)
        assert (await answered).startswith(b"HTTP/1.1 413 Content Too Large\r\n")


async def test_the_rest_of_such_a_body_is_not_read_for_ever(monkeypatch):
    monkeypatch.setattr("mock_api.app.REST_SECONDS", 0.01)
    async with served() as url, scenario(url) as api:
        sent = head(api, "/posts", "Content-Length: 1000000000", method="POST")
        async with connected(api, sent + b" " * 1_100_000) as (reader, _):
            [answer] = await everything(reader)
        assert answer[0] == 413


async def test_too_many_posts():
    new = {"title": "a", "body": "b", "author_id": 1}
    async with served() as url, scenario(url, delays=False) as api:
        posts = SCENARIOS.find(httpx.URL(api.url).path[3:]).posts
        posts |= dict.fromkeys(range(11, 1000), posts[1])
        async with httpx.AsyncClient(base_url=api.url, verify=False) as client:
            last = await client.post("/posts", json=new)
            one_more = await client.post("/posts", json=new)
            assert (await client.get("/posts?limit=1")).json() == [last.json()]
    assert (last.status_code, last.json()["id"]) == (201, 1000)
    assert (one_more.status_code, one_more.json()["detail"]) == (
        507,
        "The scenario has 1000 posts already, and can have no more. "
        "Make another scenario, or delete this one.",
    )


async def test_too_many_rules():
    async with served() as url, scenario(url, delays=False) as api:
        rules = SCENARIOS.find(httpx.URL(api.url).path[3:]).rules
        for number in range(333):
            rules.delay(f"/users/{number}", 0)
            rules.hold(f"/posts/{number}")
            rules.fail(f"/posts/{number}", [500], None)
        await api.drop("/mirrors/oslo")
        with pytest.raises(
            RuntimeError, match=r"^Insufficient Storage: The scenario has"
        ):
            await api.rendezvous("/data", 2)
        await api.drop("/mirrors/oslo")  # to say it again needs no more room
        async with httpx.AsyncClient(base_url=api.url, verify=False) as client:
            assert (await client.get("/data")).status_code == 200
            assert (await client.get("/users/7")).status_code == 404


# What is too slow


async def test_a_head_that_does_not_end(monkeypatch):
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.05)
    async with served() as url, scenario(url) as api:
        async with connected(api, b"GET /data HTT") as (reader, _):
            [answer] = await everything(reader)
        assert answer[0] == 408
        assert said(answer) == "The head: expected all of it within 0.05 seconds."


async def test_the_time_for_a_head_begins_with_it(monkeypatch):
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.01)
    async with (
        served() as url,
        scenario(url) as api,
        connected(api, head(api, "/data?delay=0.1")) as (reader, writer),
    ):
        await api.ended("/data")  # which takes longer than a head may
        writer.write(head(api, "/data", "Connection: close"))
        assert [status for status, _ in await everything(reader)] == [200, 200]


def test_the_time_for_a_head_ends_with_it(monkeypatch):
    monkeypatch.setattr(server.Connection, "_start_asgi_task", Mock())
    made = server.config(app)
    made.load()
    loop = Mock()
    connection = server.Connection(made, ServerState(), {}, loop)
    connection.data_received(b"GET /data HTTP")
    assert loop.call_later.call_args.args[0] == 30
    for part in b"/1.1\r\nHost: x\r\n", b"\r\n":
        assert not loop.call_later.return_value.cancel.called
        connection.data_received(part)
    assert loop.call_later.return_value.cancel.called
    assert loop.call_later.call_count == 1


async def test_a_request_that_is_answered_comes_before_a_slow_head(monkeypatch):
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.01)
    async with served() as url, scenario(url) as api:
        sent = head(api, "/data?delay=0.1") + b"GET"
        async with connected(api, sent) as (reader, _):
            first, second = await everything(reader)
        assert (first[0], second[0]) == (200, 408)


@pytest.mark.parametrize("path", ["/download?megabytes=64", "/data"])
async def test_a_client_that_never_reads_is_given_up(monkeypatch, path):
    monkeypatch.setattr(server, "UNREAD_SECONDS", 0.05)
    async with served() as url, scenario(url, delays=False) as api:
        await api.answer("/data", body="x" * 900_000)
        # So that what the systems between take in does not hide it.
        sent = head(api, path) * 40
        async with connected(api, sent) as (reader, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await api.ended(f"GET {path.partition('?')[0]}")
            log = await api.log()
            writer.transport.abort()
            reader.feed_eof()
        assert log[-1].ending == "dropped"


async def test_what_a_client_does_not_read_takes_little_memory(monkeypatch):
    kept, full = [], asyncio.Event()

    class Counting(server.Connection):
        def pause_writing(self):
            super().pause_writing()
            kept.append(self.transport.get_write_buffer_size())
            full.set()

    monkeypatch.setattr("mock_api.testing.Connection", Counting)
    async with served() as url, scenario(url, delays=False) as api:
        async with raw(api, "/download?megabytes=64") as (_, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await full.wait()
            for _ in range(100):  # turns in which more could be written
                await asyncio.sleep(0)
        assert max(kept) < 300_000


@pytest.mark.parametrize(
    ("unread", "given_up"), [([9, 8, 7, 7], 3), ([9, 9], 1), ([9, 8, 0], None)]
)
def test_a_client_that_reads_slowly_is_not_given_up(unread, given_up):
    """Time goes on, and each time so many bytes are unread."""
    made = server.config(app)
    made.load()
    loop = Mock()
    connection = server.Connection(made, ServerState(), {}, loop)
    connection.transport = Mock()
    for number, size in enumerate(unread):
        connection.transport.get_write_buffer_size.return_value = size
        if number == 0:
            connection._watch_reading()
        else:
            seconds, look, before = loop.call_later.call_args.args
            assert seconds == 60
            look(before)
        assert connection.gave_up == (number == given_up)
    assert connection.transport.abort.called == (given_up is not None)
    assert loop.call_later.call_count == len(unread) - 1


# A connection that nobody uses


@pytest.fixture
def waiting():
    """A connection that has answered a request at time 0, and its loop."""
    made = server.config(app)
    made.load()
    loop = Mock()
    loop.time.return_value = 0
    connection = server.Connection(made, ServerState(), {}, loop)
    connection.transport = Mock(**{"is_closing.return_value": False})
    connection.flow = Mock()
    connection._running = Mock(response_complete=True)
    connection.on_response_complete()
    return connection, loop


def at(loop, time):
    """Time goes on, and the timer fires."""
    loop.time.return_value = time
    loop.call_later.call_args.args[1]()


def test_a_connection_that_nobody_uses_is_closed(waiting):
    connection, loop = waiting
    assert loop.call_later.call_args.args[0] == 120
    at(loop, 120)
    assert connection.transport.abort.called


def test_one_timer_does_for_all_requests(waiting):
    connection, loop = waiting
    loop.time.return_value = 100
    connection.on_response_complete()
    assert loop.call_later.call_count == 1
    at(loop, 120)
    assert loop.call_later.call_args.args[0] == 100
    assert not connection.transport.abort.called
    at(loop, 220)
    assert connection.transport.abort.called


@pytest.mark.parametrize("half", ["head", "response"])
def test_a_connection_that_is_used_is_not_closed(waiting, half):
    connection, loop = waiting
    connection._in_head = half == "head"
    connection._running.response_complete = half == "head"
    at(loop, 120)
    assert not connection.transport.abort.called
    connection._in_head, connection._running.response_complete = False, True
    connection.on_response_complete()
    assert loop.call_later.call_count == 2
    at(loop, 240)
    assert connection.transport.abort.called


# A client that closes only its own side

only_there = pytest.mark.skipif(
    sys.platform == "win32", reason="there it cannot be told from one that hangs up"
)


@only_there
@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_a_client_that_half_closes_gets_its_answer(api, client, version):
    await api.hold("/data")
    sent = head(api, "/data").replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    async with connected(api, sent) as (reader, writer):
        writer.write_eof()
        await api.saw("/data")
        await client.get("/users/1")  # so that the server knows of it
        assert (await api.log(settled=False))[0].ending is None
        await api.release("/data")
        [answer] = await everything(reader)
    assert answer == (200, b'{"message":"Hello from the mock API"}')
    assert {entry.ending for entry in await api.log()} == {"completed"}


@only_there
async def test_so_does_one_that_asks_for_a_stream(api, client):
    await api.hold("/feeds/news/2")
    async with raw(api, "/feeds/news") as (reader, writer):
        await reader.readuntil(b"A cat sleeps\n\n\r\n")
        writer.write_eof()
        await client.get("/users/1")
        assert (await api.log(settled=False))[0].ending is None
        await api.release("/feeds/news/2")
        lines = (await reader.read()).split(b"\r\n")
    sizes, pieces = lines[0:-2:2], lines[1:-2:2]
    assert [int(size, 16) for size in sizes] == [*map(len, pieces), 0]
    assert pieces[-1] == b"data: Good night\n\n"
    assert {entry.ending for entry in await api.log()} == {"completed"}


@only_there
async def test_so_does_one_that_asks_for_much(api):
    async with raw(api, "/download?megabytes=8") as (reader, writer):
        writer.write_eof()
        body = await reader.read()
    assert len(body) > 8 * 1024 * 1024
    assert (await only_entry(api)).ending == "completed"


@only_there
async def test_so_does_one_that_asks_several_times(api):
    answered = await answers(api, head(api, "/data?delay=0.01") * 3, eof=True)
    assert [status for status, _ in answered] == [200] * 3
