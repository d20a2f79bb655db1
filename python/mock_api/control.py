"""Making scenarios and steering them: what a test says to the mock API."""

import asyncio
import json

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mock_api.messages import Call, Problem, json_response
from mock_api.operations import Answer, Operations
from mock_api.scenarios import Chosen, Scenario, Scenarios
from mock_api.schemas import Schema

CONTROL = Operations()
SCENARIOS = Scenarios()

_DONE = {"204": Answer("Done.")}
_SETTLED: Schema = {
    "type": "boolean",
    "default": True,
    "description": "Whether to wait first until nothing is in flight.",
}


@CONTROL.add(
    "POST", "/scenarios", {"201": Answer("It.", "Scenario")}, body="NewScenario"
)
async def _make(call: Call) -> Response:
    """Make a scenario: a private copy of the API, below its own base URL."""
    made = SCENARIOS.make(**call.json)
    url = call.origin + made.prefix
    control = f"{call.origin}/scenarios/{made.id}/"
    return json_response({"id": made.id, "url": url, "control": control}, 201)


@CONTROL.add("DELETE", "/scenarios/{scenario}/", _DONE)
async def _delete(call: Call) -> Response:
    """Delete the scenario, and release all that is held. `default` begins afresh."""
    SCENARIOS.delete(call.scenario)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/hold", _DONE, body="PathRule")
async def _hold(call: Call) -> Response:
    """Keep the responses of a path back until they are released."""
    call.scenario.hold(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/release", _DONE, body="PathRule")
async def _release(call: Call) -> Response:
    """Let the held responses of a path go, those to come too."""
    call.scenario.release(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/saw", _DONE, body="Requests")
async def _saw(call: Call) -> Response:
    """Answer once so many such requests have arrived."""
    await call.scenario.saw(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/ended", _DONE, body="Requests")
async def _ended(call: Call) -> Response:
    """Answer once so many have ended: answered, given up by the client or dropped."""
    await call.scenario.ended(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/rendezvous", _DONE, body="Rendezvous")
async def _rendezvous(call: Call) -> Response:
    """Answer a path only once `n` such requests are in flight together."""
    call.scenario.rendezvous(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/fail", _DONE, body="Fail")
async def _fail(call: Call) -> Response:
    """Answer the next requests of a path with these statuses, one each."""
    call.scenario.fail(**{"retry_after": None, **call.json})
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/answer", _DONE, body="Answer")
async def _answer(call: Call) -> Response:
    """Answer a path with this status, these headers and this body from now on."""
    status, cut = call.json["status"], call.json["cut"]
    try:
        body = call.json["body"].encode()
    except UnicodeEncodeError:
        raise Problem(
            422, "body: expected a string that UTF-8 can hold, got half a character."
        ) from None
    for name in call.json["headers"]:
        if name.lower() in ("content-length", "transfer-encoding"):
            raise Problem(422, f"headers: {name} is not yours to choose; see `cut`.")
    if body and status in (204, 205, 304):
        raise Problem(422, f"body: expected none, for status {status} has none.")
    if cut is not None and cut >= len(body):
        raise Problem(
            422,
            f"cut: expected fewer bytes than the body has, got {cut} of {len(body)}.",
        )
    chosen = Chosen(status, call.json["headers"], body, cut)
    call.scenario.answer(call.json["path"], chosen)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/drop", _DONE, body="PathRule")
async def _drop(call: Call) -> Response:
    """Close the connection of each request of a path without an answer."""
    call.scenario.drop(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/delay", _DONE, body="Delay")
async def _delay(call: Call) -> Response:
    """Let a path take this many seconds instead of its default."""
    call.scenario.delay(**call.json)
    return _done()


@CONTROL.add(
    "GET",
    "/scenarios/{scenario}/log",
    {"200": Answer("In order of arrival.", "LogEntry", many=True)},
    query={"settled": _SETTLED},
)
async def _log(call: Call) -> Response:
    """The requests that the scenario has seen."""
    if call.values["settled"]:
        await call.scenario.settled()
    return json_response(call.scenario.log())


class _Events(Response):
    media_type = "application/x-ndjson"

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        del self.headers["Content-Length"]
        self._scenario = scenario

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        news = asyncio.Event()
        self._scenario.listeners.add(news)
        try:
            next_event = 0
            while True:
                news.clear()
                lines = []
                for number, event in self._scenario.events(next_event):
                    next_event = number + 1
                    lines.append(json.dumps(event) + "\n")
                if lines:
                    body = "".join(lines).encode()
                    await send(
                        {"type": "http.response.body", "body": body, "more_body": True}
                    )
                elif self._scenario.deleted:
                    break
                else:
                    await news.wait()
        finally:
            self._scenario.listeners.discard(news)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@CONTROL.add(
    "GET",
    "/scenarios/{scenario}/events",
    {"200": Answer("One JSON value a line.", "Event", "application/x-ndjson")},
)
async def _events(call: Call) -> Response:
    """Each request's start and end: those so far, then live until it is deleted."""
    return _Events(call.scenario)


def _done() -> Response:
    return Response(status_code=204)
