"""The ASGI application: it reads a request, logs it, and answers or gives up."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import mock_api.openapi  # noqa: F401 - it adds its operation to the service
from mock_api.call import Call
from mock_api.control import CONTROL, SCENARIOS
from mock_api.limits import BODY_BYTES, REST_SECONDS, TARGET_BYTES
from mock_api.log import LogEntry
from mock_api.problem import Problem
from mock_api.responses import (
    Dropped,
    Message,
    Receive,
    Response,
    Scope,
    Send,
    Stream,
)
from mock_api.schemas import DELAY, check_query
from mock_api.service import SERVICE

if TYPE_CHECKING:  # what serves the application need not be uvicorn
    from mock_api.server import Connection

# The answer to a browser that asks whether a page of another origin may send a
# request. Every other response allows it by a default header: see server.py.
_PREFLIGHT = Response(
    status=204,
    headers={
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE",
        "Access-Control-Allow-Headers": "*",
        "Access-Control-Max-Age": "600",
    },
)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request. When its client hangs up, all work on it ends at once."""
    connection: Connection = scope["state"]["connection"]
    task = asyncio.current_task()
    assert task is not None
    connection.on_lost = task.cancel
    try:
        await _answer(connection, scope, receive, send)
    except asyncio.CancelledError:
        if not connection.lost:
            raise
    finally:
        connection.on_lost = None


async def _answer(
    connection: Connection, scope: Scope, receive: Receive, send: Send
) -> None:
    if scope["method"] == "OPTIONS" and _is_preflight(scope):
        await _PREFLIGHT.send(scope, send)
        return
    if (body := await _read(receive)) is None:
        return
    if len(body) > BODY_BYTES:
        send = _reading_on(receive, send)
    try:
        call = _call(scope, body)
    except Problem as problem:
        await problem.response().send(scope, send)
        return
    if call.path == "/scenarios" or call.path.startswith("/scenarios/"):
        response = await _response(_control(call))
        await response.send(scope, send)
        return

    log = call.scenario.log
    entry = log.start(call.method, call.path, call.query)
    ending, dropped = "client hung up", False
    try:
        response = await _response(_serve(call, entry))
        entry.status = response.status
        if not (isinstance(response, Response) and connection.send_whole(response)):
            await response.send(scope, send)
        # Nobody else had a turn since the last byte was written: whoever has
        # read the whole response will find this in the log.
        ending = response.ending
    except Dropped as order:
        ending, dropped = order.ending, True
        connection.close()
    except asyncio.CancelledError:
        if connection.gave_up:
            ending = "dropped"
        raise
    except Exception:  # a bug in a streamed response: uvicorn closes the connection
        ending = "dropped"
        raise
    finally:
        log.end(entry, ending)
    if dropped:
        await receive()  # returns once the connection is known to be lost


def _is_preflight(scope: Scope) -> bool:
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])


async def _read(receive: Receive) -> bytes | None:
    """The body, or as much of it as shows that it is too large; None: hung up."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        if not message["more_body"] or len(body) > BODY_BYTES:
            return body


def _reading_on(receive: Receive, send: Send) -> Send:
    """`send`, but the end of the answer comes after the rest of the request.

    Many clients read an answer only when they have sent everything; and if the
    connection were closed while they send, they would never see it.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" or message.get("more_body"):
            await send(message)
            return
        await send({**message, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body", "body": b""})

    return sending


def _call(scope: Scope, body: bytes) -> Call:
    path: str = scope["path"]
    query: bytes = scope["query_string"]
    if len(scope["raw_path"]) + len(query) > TARGET_BYTES:
        raise Problem(414, f"Path and query: expected at most {TARGET_BYTES} bytes.")
    scenario_id = "default"
    if path.startswith("/s/"):
        scenario_id, _, path = path[3:].partition("/")
        path = "/" + path
    host, port = scope["server"]
    return Call(
        scenario=SCENARIOS.find(scenario_id),
        method=scope["method"],
        path=path,
        query=query.decode("latin-1"),
        headers=scope["headers"],
        body=body,
        origin=f"http://{host}:{port}",
    )


async def _serve(call: Call, entry: LogEntry) -> Response | Stream:
    _check_size(call)
    delay = None
    if call.query:
        delay, call.asked = _query(call.query)
    if chosen := await call.scenario.rules.obey(entry, delay):
        return chosen
    operation, call.params = SERVICE.find(call.method, call.path)
    return await operation.run(call)


@lru_cache(maxsize=1024)
def _query(query: str) -> tuple[float | None, Sequence[tuple[str, str]]]:
    """The delay that a query asks for, and its other parameters."""
    asked = parse_qsl(query, keep_blank_values=True)
    delay = check_query(DELAY, [one for one in asked if one[0] in DELAY]).get("delay")
    return delay, [one for one in asked if one[0] not in DELAY]


async def _control(call: Call) -> Response | Stream:
    _check_size(call)
    if call.query:
        call.asked = parse_qsl(call.query, keep_blank_values=True)
    operation, call.params = CONTROL.find(call.method, call.path)
    if "scenario" in call.params:
        call.scenario = SCENARIOS.find(call.params["scenario"])
        call.scenario.log.use()
    return await operation.run(call)


def _check_size(call: Call) -> None:
    if len(call.body) > BODY_BYTES:
        raise Problem(
            413,
            f"The body: expected at most {BODY_BYTES} bytes.",
            headers={"Connection": "close"},
        )


async def _response(answering: Awaitable[Response | Stream]) -> Response | Stream:
    try:
        return await answering
    except Problem as problem:
        return problem.response()
    except Dropped:
        raise
    except Exception:  # a bug here must not look like a lost connection
        traceback.print_exc()
        return Problem(
            500, "The mock API has a bug: see what it wrote to stderr."
        ).response()
