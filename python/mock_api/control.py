"""Making scenarios and steering them: what a test says to the mock API."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import lru_cache

from mock_api.call import Call
from mock_api.operations import Answer, Operations, problem_answer
from mock_api.patterns import Pattern
from mock_api.problem import Problem
from mock_api.responses import CutOff, Response, Stream, Write, json_response
from mock_api.rules import Rules
from mock_api.scenarios import Scenario, Scenarios, unknown
from mock_api.schemas import Schema
from mock_api.service import SERVICE

CONTROL = Operations()
SCENARIOS = Scenarios()

SLICE = 100  # entries or events: about a millisecond's worth

_DONE = {"204": Answer("Done.")}
_RULE = _DONE | {"507": problem_answer("The scenario has as many rules as it can.")}
_SEEN = _DONE | {"504": problem_answer("It did not happen within the limit.")}
_SETTLED: Schema = {
    "type": "boolean",
    "default": True,
    "description": "Whether to wait first until nothing is in flight.",
}


@CONTROL.add(
    "POST",
    "/scenarios",
    {
        "201": Answer("It.", "Scenario"),
        "503": problem_answer("There are too many scenarios."),
    },
    body="NewScenario",
)
async def _make(call: Call) -> Response:
    """Make a scenario: a private copy of the API, below its own base URL."""
    made = SCENARIOS.make(**call.json)
    url = call.origin + made.prefix
    control = f"{call.origin}/scenarios/{made.id}/"
    return json_response({"id": made.id, "url": url, "control": control}, 201)


@CONTROL.add(
    "GET",
    "/scenarios",
    {"200": Answer("In the order in which they were made.", "Summary", many=True)},
)
async def _list(call: Call) -> Response:
    """The scenarios there are, how long nobody has used them, and what they do."""
    return json_response([scenario.summary() for scenario in SCENARIOS.all()])


@CONTROL.add("DELETE", "/scenarios/{scenario}/", _DONE)
async def _delete(call: Call) -> Response:
    """Delete the scenario, and release all that is held. `default` begins afresh."""
    SCENARIOS.delete(call.scenario)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/hold", _RULE, body="PathRule")
async def _hold(call: Call) -> Response:
    """Keep the responses of a path back until they are released."""
    _rules(call, events=True).hold(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/release", _RULE, body="PathRule")
async def _release(call: Call) -> Response:
    """Let the held responses of a path go, those to come too."""
    _rules(call, events=True).release(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/saw", _SEEN, body="Requests")
async def _saw(call: Call) -> Response:
    """Answer once so many such requests have arrived."""
    return await _waited(call, call.scenario.log.saw)


@CONTROL.add("POST", "/scenarios/{scenario}/ended", _SEEN, body="Requests")
async def _ended(call: Call) -> Response:
    """Answer once so many have ended: answered, given up by the client or dropped."""
    return await _waited(call, call.scenario.log.ended)


@CONTROL.add("POST", "/scenarios/{scenario}/rendezvous", _RULE, body="Rendezvous")
async def _rendezvous(call: Call) -> Response:
    """Answer a path only once `n` such requests are in flight together."""
    _rules(call).rendezvous(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/fail", _RULE, body="Fail")
async def _fail(call: Call) -> Response:
    """Answer the next requests of a path with these statuses, one each."""
    _rules(call).fail(**{"retry_after": None, **call.json})
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/answer", _RULE, body="Answer")
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
    response = Response(body, status, call.json["headers"])
    chosen = response if cut is None else CutOff(response, cut)
    _rules(call).answer(call.json["path"], chosen)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/drop", _RULE, body="PathRule")
async def _drop(call: Call) -> Response:
    """Close the connection of each request of a path without an answer."""
    _rules(call, events=True).drop(**call.json)
    return _done()


@CONTROL.add("POST", "/scenarios/{scenario}/delay", _RULE, body="Delay")
async def _delay(call: Call) -> Response:
    """Let a path take this many seconds instead of its default."""
    _rules(call, events=True).delay(**call.json)
    return _done()


@CONTROL.add(
    "GET",
    "/scenarios/{scenario}/log",
    {
        "200": Answer("In order of arrival.", "LogEntry", many=True),
        "504": problem_answer("Something was still in flight at the limit."),
    },
    query={"settled": _SETTLED},
)
async def _log(call: Call) -> Response | Stream:
    """The requests that the scenario has seen."""
    log = call.scenario.log
    if call.values["settled"]:
        await log.settled()
    entries = log.entries()
    if len(entries) > SLICE:
        return _Log(call.scenario)
    return json_response([entry.at(log.events) for entry in entries])


@lru_cache(maxsize=1)
def _one_slice(loop: asyncio.AbstractEventLoop) -> asyncio.Lock:
    """Held for a turn of the event loop by whoever writes a slice of a log.

    So it is one slice in each turn, however many logs are being read.
    """
    return asyncio.Lock()


class _Log(Stream):
    """A log that is too long to be written in one turn of the event loop."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__({"Content-Type": "application/json"})
        self._entries = scenario.log.entries()
        self._event = scenario.log.events  # all entries are shown as they are now

    async def write_body(self, write: Write) -> None:
        """Write it in slices."""
        for first in range(0, len(self._entries), SLICE):
            async with _one_slice(asyncio.get_running_loop()):
                some = self._entries[first : first + SLICE]
                text = json.dumps([entry.at(self._event) for entry in some])
                await asyncio.sleep(0)  # a turn for everyone else
            last = first + SLICE >= len(self._entries)
            text = f"{',' if first else '['}{text[1:-1]}{']' if last else ''}"
            await write(text.encode(), not last)


class _Events(Stream):
    """All events of a log, then each new one, until the scenario is deleted."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__({"Content-Type": "application/x-ndjson"})
        self._log = scenario.log

    async def write_body(self, write: Write) -> None:
        """Write each once it has happened."""
        news = asyncio.Event()
        self._log.listeners.add(news)
        try:
            next_event = 0
            while True:
                news.clear()
                if next_event < self._log.events:
                    async with _one_slice(asyncio.get_running_loop()):
                        next_event, some = self._log.events_from(next_event, SLICE)
                        lines = "".join(json.dumps(event) + "\n" for event in some)
                        await asyncio.sleep(0)  # a turn for everyone else
                    if lines:
                        await write(lines.encode(), True)
                elif self._log.closed:
                    break
                else:
                    await news.wait()
        finally:
            self._log.listeners.discard(news)
        await write(b"", False)


@CONTROL.add(
    "GET",
    "/scenarios/{scenario}/events",
    {"200": Answer("One JSON value a line.", "Event", "application/x-ndjson")},
)
async def _events(call: Call) -> Stream:
    """Each request's start and end: those so far, then live until it is deleted."""
    return _Events(call.scenario)


def _rules(call: Call, *, events: bool = False) -> Rules:
    """The scenario's rules, or Problem 422 if the new one can match no request."""
    SERVICE.check_rule(call.json["path"], events=events)
    return call.scenario.rules


async def _waited(
    call: Call, happened: Callable[[Pattern, int], Awaitable[None]]
) -> Response:
    """Wait for what the call asks for. Problem 404: the scenario is deleted first."""
    await happened(Pattern(call.json["request"]), call.json["times"])
    if call.scenario.deleted:
        raise unknown(call.scenario.id)
    return _done()


def _done() -> Response:
    return Response(status=204)
