import asyncio
from time import perf_counter

import httpx
import pytest

from mock_api import log as logs
from mock_api.client import scenario
from mock_api.problem import Problem
from mock_api.scenarios import Scenarios
from mock_api.testing import served


async def test_scenarios_are_private(server_url, api, client):
    async with scenario(server_url, delays=False) as other:
        await other.drop("*")
        await client.post("/posts", json={"title": "a", "body": "b", "author_id": 1})
        await client.put("/posts/1", json={"title": "a", "body": "b"})
        assert await other.log() == []
    async with (
        scenario(server_url, delays=False) as fresh,
        httpx.AsyncClient(base_url=fresh.url, trust_env=False, verify=False) as reader,
    ):
        assert (await reader.get("/posts/11")).status_code == 404
        assert (await reader.get("/posts/1")).json()["title"] == "First post"


async def test_deleting_a_scenario_lets_everyone_go(server_url):
    async with (
        scenario(server_url, delays=False, limit=30) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False, verify=False) as client,
    ):
        await api.hold("/data")
        await api.rendezvous("/users/1", 9)
        waiting = [
            asyncio.create_task(client.get(path)) for path in ("/data", "/users/1")
        ]
        await api.saw("GET *", 2)
        control = str(api._control.base_url)
        assert (await client.delete(control)).status_code == 204
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [
            200,
            200,
        ]
        for answer in (
            await client.get("/data"),
            await client.get(f"{control}log"),
            await client.delete(control),
        ):
            assert answer.status_code == 404
            assert answer.json()["detail"].startswith("There is no scenario ")


async def test_default_is_always_there(server_url):
    async with httpx.AsyncClient(
        base_url=server_url, trust_env=False, verify=False
    ) as client:
        for _ in range(2):
            assert (await client.get("/scenarios/default/log")).status_code == 200
        assert (await client.get("/data?delay=0.00123")).status_code == 200
        log = (await client.get("/scenarios/default/log?settled=false")).json()
        assert "delay=0.00123" in [entry["query"] for entry in log]


@pytest.fixture
def pass_time(monkeypatch):
    """Moves the clock of every scenario."""
    later = 0.0

    def pass_time(seconds):
        nonlocal later
        later += seconds

    monkeypatch.setattr(logs, "perf_counter", lambda: perf_counter() + later)
    return pass_time


def test_a_scenario_that_nobody_uses_for_an_hour_is_deleted(pass_time):
    made = Scenarios()
    used, asked, unused = (made.make(delays=True, limit=1) for _ in range(3))
    pass_time(3590)
    used.log.use()
    asked.log.end(asked.log.start("GET", "/", ""), "completed")
    pass_time(20)
    assert made.all() == [made.find("default"), used, asked]
    assert unused.deleted
    with pytest.raises(Problem, match="nobody used it for 60 minutes"):
        made.find(unused.id)
    pass_time(3600)
    with pytest.raises(Problem):
        made.find(used.id)
    assert made.all() == [made.find("default")]


def test_what_waits_is_used(pass_time):
    made = Scenarios()
    answering, listened = (made.make(delays=True, limit=1) for _ in range(2))
    entry = answering.log.start("GET", "/", "")
    listened.log.listeners.add(asyncio.Event())
    pass_time(10_000)
    assert made.all() == [made.find("default"), answering, listened]
    answering.log.end(entry, "completed")
    listened.log.listeners.clear()
    assert made.all() == [made.find("default"), answering]
    pass_time(3600)
    assert made.all() == [made.find("default")]


def test_old_ones_make_room(pass_time):
    made = Scenarios()
    for _ in range(1000):
        made.make(delays=True, limit=1)
    pass_time(3600)
    made.make(delays=True, limit=1)
    assert len(made.all()) == 2


async def test_scenarios_are_listed(pass_time):
    async with served() as url, httpx.AsyncClient(base_url=url, verify=False) as server:
        async with scenario(url, delays=False) as api:
            await server.get(f"{api.url}/data")
            await api.hold("/users/1")
            held = asyncio.create_task(server.get(f"{api.url}/users/1"))
            await api.saw("/users/1")
            pass_time(100)
            first, *_, made = (await server.get("/scenarios")).json()
            await api.release("/users/1")
            await held
            *_, then = (await server.get("/scenarios")).json()
        *_, last = (await server.get("/scenarios")).json()
    assert first["id"] == "default"
    assert (made["requests"], made["in_flight"]) == (2, 1)
    assert made["age"] >= made["idle"] >= 100
    assert then["id"] == made["id"] == httpx.URL(api.url).path[3:] != last["id"]
    assert (then["requests"], then["in_flight"]) == (2, 0)
    assert then["age"] >= 100 > then["idle"] >= 0


async def test_to_steer_a_scenario_is_to_use_it(pass_time):
    async with served() as url, scenario(url) as api:
        for _ in range(3):
            pass_time(3000)
            await api.log()
        pass_time(3600)
        with pytest.raises(RuntimeError, match=r"^Not Found: There is no scenario"):
            await api.log()


def test_default_begins_afresh():
    made = Scenarios()
    before = made.find("default")
    made.delete(before)
    assert before.deleted
    assert made.find("default") is not before


def test_there_are_not_too_many_scenarios():
    made = Scenarios()
    all_of_them = [made.make(delays=True, limit=1) for _ in range(1000)]
    with pytest.raises(Problem, match="There are 1000 scenarios already") as caught:
        made.make(delays=True, limit=1)
    assert caught.value.status == 503
    made.delete(all_of_them[0])
    made.make(delays=True, limit=1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"delays": 1}, "delays: expected true or false, got 1."),
        ({"limit": 0}, "limit: expected a number above 0 and up to 600, got 0."),
        ({"limit": 601}, "limit: expected a number above 0 and up to 600, got 601."),
        ({"delay": 1}, "delay: there is no such field. Expected: delays, limit."),
    ],
)
async def test_a_bad_scenario(server_url, body, said):
    async with httpx.AsyncClient(verify=False) as client:
        answer = await client.post(f"{server_url}/scenarios", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (422, said)


async def test_bad_control_requests(api):
    control = api._control
    assert (await control.get("log?settled=maybe")).status_code == 400
    assert (await control.get("hold")).headers["Allow"] == "POST"
    assert (await control.get("nothing")).status_code == 404
    assert (await control.post("hold", content="{}")).status_code == 415
    assert (await control.post("hold", content=b" " * 2_000_000)).status_code == 413
