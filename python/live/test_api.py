"""The mock API behind a port: a fake one here."""

import asyncio
import json

import pytest

from live.api import Scenario
from mock_api.control import SCENARIOS


class Port:
    def __init__(self):
        self.came = []
        self.over = asyncio.Event()

    def start(self, status, headers):
        self.came.append(("start", status, dict(headers)))

    def chunk(self, piece):
        self.came.append(("chunk", piece))

    def end(self):
        self.came.append(("end",))
        self.over.set()

    def fail(self):
        self.came.append(("fail",))
        self.over.set()


class Events(list[dict[str, object]]):
    def __init__(self):
        super().__init__()
        self._more = asyncio.Event()

    def hear(self, event):
        self.append(json.loads(event))
        self._more.set()

    async def until(self, count):
        while len(self) < count:
            self._more.clear()
            await self._more.wait()


@pytest.fixture
async def events():
    return Events()


@pytest.fixture
async def scenario(events):
    made = Scenario(events.hear)
    yield made
    await made.close()


async def ask(scenario, path, method="GET", body=b""):
    port = Port()
    scenario.call(method, scenario.url + path, [["Accept", "*/*"]], body, port)
    await port.over.wait()
    return port.came


async def test_a_request_is_answered(scenario):
    head, body, end = await ask(scenario, "/users/1?delay=0")
    assert head[:2] == ("start", 200)
    assert head[2]["content-type"] == "application/json"
    assert json.loads(body[1])["id"] == 1
    assert end == ("end",)


async def test_head_has_no_body(scenario):
    came = await ask(scenario, "/users/1?delay=0", method="HEAD")
    assert [what for what, *_ in came] == ["start", "end"]


async def test_a_dropped_connection_fails(scenario):
    scenario._scenario.rules.drop(path="/users/1")
    assert (await ask(scenario, "/users/1?delay=0"))[-1] == ("fail",)


async def test_who_watches_hears_of_the_start_and_the_end(scenario, events):
    await ask(scenario, "/users/1?delay=0")
    await events.until(2)
    assert [(e["path"], e["ending"]) for e in events] == [
        ("/users/1", None),
        ("/users/1", "completed"),
    ]


async def test_hanging_up_is_logged_and_nothing_more_is_said(scenario, events):
    port = Port()
    call = scenario.call("GET", scenario.url + "/posts?delay=9", [], b"", port)
    await events.until(1)
    call.hang_up()
    await call.ended()
    await events.until(2)
    assert events[-1]["ending"] == "client hung up"
    assert port.came == []


async def test_closing_hangs_up_tells_of_it_and_deletes(events):
    made = Scenario(events.hear)
    made.call("GET", made.url + "/posts?delay=9", [], b"", Port())
    await events.until(1)
    await made.close()
    assert events[-1]["ending"] == "client hung up"
    assert made._scenario not in SCENARIOS.all()
