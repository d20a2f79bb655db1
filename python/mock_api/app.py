"""The ASGI application: it reads a request, logs it, and answers or gives up."""

import asyncio
import traceback
from collections.abc import Awaitable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mock_api.control import CONTROL, SCENARIOS
from mock_api.messages import Call, Problem
from mock_api.scenarios import Dropped, Entry
from mock_api.server import Connection
from mock_api.service import SERVICE, Given

_MIB = 1024 * 1024
_BODY_LIMIT = _MIB
_TARGET_LIMIT = 8 * 1024  # bytes of path and query

# The answer to a browser that asks whether a page of another origin may send a
# request. Every other response allows it by a default header: see server.py.
_PREFLIGHT = Response(
    status_code=204,
    headers={
        "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
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
        await _PREFLIGHT(scope, receive, send)
        return
    if (body := await _read(receive)) is None:
        return
    try:
        call = _call(scope, body)
    except Problem as problem:
        await problem.response()(scope, receive, send)
        return
    if call.path == "/scenarios" or call.path.startswith("/scenarios/"):
        response = await _response(_control(call))
        await response(scope, receive, send)
        return

    entry = call.scenario.start(call.method, call.path, call.query)
    ending = "client hung up"
    try:
        response = await _response(_serve(call, entry))
        entry.status = response.status_code
        await response(scope, receive, send)
        # Nobody else had a turn since the last byte was written: whoever has
        # read the whole response will find this in the log.
        ending = "completed"
    except Dropped:
        ending = "dropped"
        connection.transport.close()  # what has been sent arrives
    except Exception:  # a bug in a streamed response: uvicorn closes the connection
        ending = "dropped"
        raise
    finally:
        call.scenario.end(entry, ending)
    if ending == "dropped":
        await receive()  # returns once the connection is known to be lost


def _is_preflight(scope: Scope) -> bool:
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])


async def _read(receive: Receive) -> bytes | None:
    """The body, cut where it is too large; None where the client hung up."""
    body, size = b"", 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message["body"])
        if len(body) <= _BODY_LIMIT:
            body += message["body"]
        # A client reads the answer only after its last byte is sent, so take
        # what comes, within reason.
        if not message["more_body"] or size > 16 * _MIB:
            return body


def _call(scope: Scope, body: bytes) -> Call:
    path: str = scope["path"]
    query: bytes = scope["query_string"]
    if len(scope["raw_path"]) + len(query) > _TARGET_LIMIT:
        raise Problem(414, f"Path and query: expected at most {_TARGET_LIMIT} bytes.")
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


async def _serve(call: Call, entry: Entry) -> Response:
    _check_size(call)
    if chosen := await call.scenario.obey(call, entry):
        return Given(chosen)
    operation, call.params = SERVICE.find(call.method, call.path)
    return await operation.run(call)


async def _control(call: Call) -> Response:
    _check_size(call)
    operation, call.params = CONTROL.find(call.method, call.path)
    if "scenario" in call.params:
        call.scenario = SCENARIOS.find(call.params["scenario"])
    return await operation.run(call)


def _check_size(call: Call) -> None:
    if len(call.body) > _BODY_LIMIT:
        raise Problem(
            413,
            f"The body: expected at most {_BODY_LIMIT} bytes.",
            headers={"Connection": "close"},
        )


async def _response(answering: Awaitable[Response]) -> Response:
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
