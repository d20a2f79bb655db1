import asyncio
import contextlib
import os
import socket
import struct
import sys
from urllib.request import urlopen

import httpx
import pytest
from fastapi import FastAPI, Request
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from helpers import run_python, serving
from uses.web_server import ask, serve

HOST = "127.0.0.1"
LOW_LIMIT = """
import asyncio, sys
from uses.web_server import main

if sys.platform != "win32":
    from resource import RLIMIT_NOFILE, getrlimit, setrlimit
    setrlimit(RLIMIT_NOFILE, (256, getrlimit(RLIMIT_NOFILE)[1]))
asyncio.run(main())
"""
IN_NODE = """
import { serve } from "./uses/web-server.js";
const server = await serve((request, response) => {
  response.end(`Hello from Node, ${request.url}`);
});
console.log(server.address().port);
"""
# A server of its own process, as what it does freezes that.
SERVER = """
import asyncio, os
from urllib.request import urlopen
import httpx
from fastapi import FastAPI
from uses.web_server import serve

app = FastAPI()
data = os.environ["API_URL"] + "/data"

@app.get("/")
async def quick():
    return "here"

@app.get("/wait")
async def wait():
    async with httpx.AsyncClient(timeout=None) as client:
        return (await client.get(data)).json()

@app.get("/block")
async def block():
    # The mistake: nothing else runs until the answer is here.
    return urlopen(data).status

async def main():
    server, serving, port = serve(app)
    print(port, flush=True)
    await serving

asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def running(app):
    """The port of a server that ends with the block."""
    server, serving, port = serve(app)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving


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


async def refused(port):
    """Wait until the server lets nobody in any more."""
    with contextlib.suppress(ConnectionError):
        while True:
            async with raw(port):
                await asyncio.sleep(0.01)


@pytest.fixture
async def api(mock_api):
    async with httpx.AsyncClient(base_url=mock_api.url) as api:
        yield api


@pytest.fixture
def app(api):
    """What is quick, what waits, and what blocks."""
    app = FastAPI()

    @app.get("/")
    async def quick():
        return "here"

    @app.get("/wait")
    async def wait():
        return (await api.get("/data")).json()

    @app.get("/thread")
    def block_a_thread():
        with urlopen(f"{api.base_url}data") as answer:
            return answer.status

    return app


async def test_a_thousand_clients_wait_on_one_thread():
    # However few files the process may open at first.
    ended = await run_python("-c", LOW_LIMIT)
    assert ended.stdout == (
        "1000 clients wait, threads: 1\n"
        "Served after it was told to stop: 1000\n"
    )
    assert (ended.code, ended.stderr) == (0, "")


async def test_a_client_of_the_other_language_is_served():
    async with (
        serving("javascript", IN_NODE) as server,
        httpx.AsyncClient(timeout=None) as client,
    ):
        assert await ask(server.port) == 200
        answer = await client.get(f"http://{HOST}:{server.port}/Ada")
        assert answer.text == "Hello from Node, /Ada"


async def test_a_blocking_handler_freezes_all(mock_api):
    await mock_api.hold("/data")
    async with (
        serving("python", SERVER, API_URL=mock_api.url) as server,
        httpx.AsyncClient(timeout=None) as client,
    ):
        url = f"http://{HOST}:{server.port}"
        blocked = asyncio.create_task(client.get(f"{url}/block"))
        await mock_api.saw("GET /data")
        quick = asyncio.create_task(client.get(url))
        again = asyncio.create_task(client.get(f"{url}/block"))
        await asyncio.wait([quick, again], timeout=0.1)
        assert not quick.done()
        assert len(await mock_api.log(settled=False)) == 1
        await mock_api.release("/data")
        for answer in (blocked, quick, again):
            assert (await answer).status_code == 200
    # One by one.
    assert [e.in_flight for e in await mock_api.log()] == [1, 1]


# Python only: Node has no thread to give to a handler.
async def test_a_plain_function_gets_one_of_forty_threads(
    mock_api, app
):
    await mock_api.hold("/data")
    async with (
        running(app) as port,
        httpx.AsyncClient(timeout=None) as client,
    ):
        url = f"http://{HOST}:{port}"
        blocked = [
            asyncio.create_task(client.get(f"{url}/thread"))
            for _ in range(50)
        ]
        await mock_api.saw("GET /data", times=40)
        # The loop is free.
        assert (await client.get(url)).json() == "here"
        assert len(await mock_api.log(settled=False)) == 40
        await mock_api.release("/data")
        for answer in blocked:
            assert (await answer).status_code == 200
    assert len(await mock_api.log()) == 50


async def test_a_stop_finishes_what_is_in_flight(mock_api, app):
    await mock_api.hold("/data")
    server, serving, port = serve(app)
    async with raw(port) as (reader, writer):
        writer.write(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await mock_api.saw("GET /data")
        server.should_exit = True
        await refused(port)
        await mock_api.release("/data")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
        await serving


async def test_a_kill_finishes_what_is_in_flight(mock_api):
    if sys.platform == "win32":
        return  # there, a kill cannot be heard
    await mock_api.hold("/data")
    async with serving(
        "python", SERVER, API_URL=mock_api.url
    ) as server:
        async with raw(server.port) as (reader, writer):
            writer.write(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            await mock_api.saw("GET /data")
            server.process.terminate()
            await refused(server.port)
            await mock_api.release("/data")
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert await server.process.wait() == -15


async def test_silence_and_half_a_request_disturb_nobody(app):
    async with running(app) as port:
        async with raw(port), raw(port) as (reader, writer):
            writer.write(b"GET / HT")
            assert await ask(port) == 200
            writer.write(b"TP/1.0\r\n\r\n")
            assert (await reader.read()).endswith(b'"here"')
        # They do not keep the server from its end, either.
        silent = await asyncio.open_connection(HOST, port)
        half = await asyncio.open_connection(HOST, port)
        half[1].write(b"GET / HT")
        assert await ask(port) == 200
    for reader, writer in silent, half:
        assert await reader.read() == b""
        writer.close()


async def test_a_line_without_end_is_refused(app):
    async with running(app) as port:
        async with raw(port) as (reader, writer):
            writer.write(b"GET /" + b"x" * 20_000)
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert answer.endswith(b"Invalid HTTP request received.")
        assert await ask(port) == 200


# Python only: Node has one parser, and that has a limit.
async def test_httptools_sets_no_limit(app):
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        config = Config(app, log_level="warning")
        config.load()
        default = config.http_protocol_class
        assert default is HttpToolsProtocol
        server = Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        async with raw(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.0\r\nLong: ")
            writer.write(b"x" * 10_000_000 + b"\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        server.should_exit = True
        await serving


async def test_a_client_gone_mid_answer_disturbs_nobody(
    mock_api, api, app: FastAPI
):
    gone = []

    @app.get("/gone")
    async def notice(request: Request) -> None:
        await api.get("/data")
        gone.append(await request.is_disconnected())

    @app.get("/long")
    async def answer_at_length() -> str:
        return "x" * 10_000_000

    await mock_api.hold("/data")
    async with running(app) as port:
        async with raw(port) as (_, writer):
            writer.write(b"GET /gone HTTP/1.0\r\n\r\n")
            await mock_api.saw("GET /data")
            vanish(writer)
        assert await ask(port) == 200
        await mock_api.release("/data")

        async with raw(port) as (reader, writer):
            writer.write(b"GET /long HTTP/1.0\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            vanish(writer)
        assert await ask(port) == 200
    # The handler was not stopped; it had to ask.
    assert gone == [True]
    [entry] = await mock_api.log()
    assert entry.ending == "completed"
