import asyncio
import gc
import json
import sys
from collections import Counter
from contextvars import ContextVar
from functools import cache, lru_cache

import httpx
import pytest

from combining.share_one_request import ask, main, share
from helpers import last_line, printed, reported, running, stopped

PATH = "/sources/humidity"


@pytest.fixture
def tasks() -> dict[str, asyncio.Task[int]]:
    return {}


async def turns():
    """Let all that is ready run, callbacks and what they start, too."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_ten_callers_send_one_request(mock_api, client, tasks):
    await mock_api.hold(PATH)
    async with asyncio.TaskGroup() as group:
        asking = [
            group.create_task(ask(share(tasks, client, PATH), 9))
            for _ in range(10)
        ]
        await mock_api.saw(f"GET {PATH}")
        # One more comes while it is in flight.
        asking.append(
            group.create_task(ask(share(tasks, client, PATH), 9))
        )
        # A request of our own arrives as number two.
        await client.get("/users/1")
        log = await mock_api.log(settled=False)
        assert [e.path for e in log] == [PATH, "/users/1"]
        assert not any(task.done() for task in asking)
        await mock_api.release(PATH)
    assert [task.result() for task in asking] == [62] * 11
    # It is there already: nobody has to ask, or to wait.
    assert await ask(share(tasks, client, PATH), 9) == 62
    assert len(await mock_api.log()) == 2


async def test_what_the_program_prints(mock_api, clock):
    # The clock stands still: nobody is too late, however slow we are.
    assert await printed(main(mock_api.url)) == (
        "First: HTTP 503\nAgain: 1280\nLater: 1280\n"
    )
    # Thirty callers.
    log = await mock_api.log()
    assert [(e.path, e.status) for e in log] == [
        ("/sources/traffic", 503),
        ("/sources/traffic", 200),
    ]


async def test_one_gives_up_and_the_others_wait_on(mock_api, clock):
    await mock_api.hold("/sources/traffic")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /sources/traffic")
        await clock.advance(0.5)
        # The other nine still wait.
        assert program.output == ""
        await mock_api.release("/sources/traffic")
        await program.prints("First: too late, HTTP 503\n")
        await program.prints("Later: 1280\n")
    endings = [e.ending for e in await mock_api.log()]
    assert endings == ["completed"] * 2


async def test_ten_limits_run_at_the_same_time(mock_api, clock):
    await mock_api.hold("/sources/traffic")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /sources/traffic")
        await clock.advance(1)
        # All ten have given up. The next ten join the same request.
        await program.prints("First: too late\n")
        await mock_api.release("/sources/traffic")
        await program.prints("Again: HTTP 503\nLater: 1280\n")
    statuses = [e.status for e in await mock_api.log()]
    assert statuses == [503, 200]


async def test_each_path_has_a_request_of_its_own(
    mock_api, client, tasks
):
    paths = ["humidity", "wind", "humidity", "wind", "noise"]
    values = await asyncio.gather(
        *(ask(share(tasks, client, f"/sources/{p}"), 9) for p in paths)
    )
    assert values == [62, 4.2, 62, 4.2, 54]
    assert len(await mock_api.log()) == 3
    # What has come stays.
    assert len(tasks) == 3


async def test_a_failure_does_not_stay(mock_api, client, tasks):
    await mock_api.fail(PATH, [500])
    await share(tasks, client, "/sources/wind")
    asking = [ask(share(tasks, client, PATH), 9) for _ in range(3)]
    assert await asyncio.gather(*asking) == ["HTTP 500"] * 3
    # What else has come is still there.
    assert list(tasks) == ["/sources/wind"]
    assert await ask(share(tasks, client, PATH), 9) == 62
    statuses = [e.status for e in await mock_api.log()]
    assert statuses == [200, 500, 200]


async def test_the_failure_is_gone_when_a_caller_hears_of_it(
    mock_api, client, tasks
):
    await mock_api.fail(PATH, [500])

    async def twice():
        try:
            return await share(tasks, client, PATH)
        except httpx.HTTPStatusError:
            return await share(tasks, client, PATH)

    # All ten ask again, and share that request as well.
    assert await asyncio.gather(*(twice() for _ in range(10))) == (
        [62] * 10
    )
    assert [e.status for e in await mock_api.log()] == [500, 200]


async def test_if_all_give_up_the_request_goes_on(
    mock_api, client, clock, tasks
):
    await mock_api.hold(PATH)
    asking = [
        asyncio.create_task(ask(share(tasks, client, PATH), limit))
        for limit in [0.1, 0.2, 0.3]
    ]
    await mock_api.saw(f"GET {PATH}")
    await clock.advance(0.3)
    assert await asyncio.gather(*asking) == ["too late"] * 3
    [entry] = await mock_api.log(settled=False)
    assert entry.ending is None
    await mock_api.release(PATH)
    await mock_api.ended(f"GET {PATH}")
    # The next caller gets the answer to the same request.
    assert await ask(share(tasks, client, PATH), 9) == 62
    [entry] = await mock_api.log()
    assert entry.ending == "completed"


async def test_a_failure_that_nobody_waits_for_is_not_reported(
    mock_api, client, clock, tasks
):
    reports = reported()
    await mock_api.hold(PATH)
    await mock_api.fail(PATH, [500])
    task = share(tasks, client, PATH)
    asking = asyncio.create_task(ask(task, 0.1))
    await mock_api.saw(f"GET {PATH}")
    await clock.advance(0.1)
    assert await asking == "too late"
    await mock_api.release(PATH)
    await asyncio.wait([task])
    await turns()
    assert tasks == {}
    del task
    gc.collect()
    assert reports == []


async def test_a_silent_request_ends_after_two_seconds(
    mock_api, client, clock, tasks
):
    await mock_api.hold(PATH)
    asking = asyncio.create_task(ask(share(tasks, client, PATH), 60))
    await mock_api.saw(f"GET {PATH}")
    await clock.advance(1.999)
    assert not asking.done()
    await clock.advance(0.001)
    assert await asking == "too late"
    # The silent one is not what later callers join.
    await mock_api.release(PATH)
    assert await ask(share(tasks, client, PATH), 9) == 62
    endings = [e.ending for e in await mock_api.log()]
    assert endings == ["client hung up", "completed"]


async def test_a_bug_is_raised(mock_api, client, tasks):
    await mock_api.answer(PATH, body="no JSON")
    with pytest.raises(json.JSONDecodeError):
        await ask(share(tasks, client, PATH), 9)
    await mock_api.drop("/sources/wind")
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(share(tasks, client, "/sources/wind"), 9)
    assert tasks == {}


# Python only: a promise cannot be cancelled.
async def test_a_cancelled_request_does_not_stay(
    mock_api, client, tasks
):
    reports = reported()
    await mock_api.hold(PATH)
    asking = asyncio.create_task(ask(share(tasks, client, PATH), 9))
    await mock_api.saw(f"GET {PATH}")
    tasks[PATH].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert tasks == {}
    # Also one that is cancelled before its first step.
    share(tasks, client, PATH).cancel()
    await turns()
    assert tasks == {}
    assert reports == []


# What the language does, without the program.


async def get_json(client, path):
    response = await client.get(path)
    response.raise_for_status()
    return response.json()


async def test_to_fill_the_cache_after_the_wait_is_too_late(
    mock_api, client
):
    await mock_api.hold("/users/1")
    users = {}

    async def get_user(path):
        if path not in users:
            users[path] = await get_json(client, path)
        return users[path]

    asking = [
        asyncio.create_task(get_user("/users/1")) for _ in range(10)
    ]
    await mock_api.saw("GET /users/1", times=10)
    await mock_api.release("/users/1")
    await asyncio.wait(asking)
    assert len(await mock_api.log()) == 10
    await get_user("/users/1")
    assert len(await mock_api.log()) == 10


# Python only: what a JavaScript call returns is a promise.
@pytest.mark.parametrize("remember", [cache, lru_cache])
async def test_cache_on_an_async_function_keeps_the_coroutine(
    mock_api, client, remember
):
    @remember
    async def get_user(path):
        return await get_json(client, path)

    assert (await get_user("/users/1"))["name"] == "Ada"
    with pytest.raises(RuntimeError) as refused:
        await get_user("/users/1")
    assert last_line(refused.value) == (
        "RuntimeError: cannot reuse already awaited coroutine"
    )

    async def get_name():
        return (await get_user("/users/3"))["name"]

    # Two at the same time.
    first = asyncio.create_task(get_name())
    second = asyncio.create_task(get_name())
    with pytest.raises(RuntimeError) as refused:
        await second
    assert last_line(refused.value) == (
        "RuntimeError: coroutine is being awaited already"
    )
    assert await first == "Alan"
    # gather sees that it is one coroutine: a first test looks good.
    one, two = await asyncio.gather(
        get_user("/users/4"), get_user("/users/4")
    )
    assert one is two
    with pytest.raises(RuntimeError, match="cannot reuse"):
        await get_user("/users/4")
    assert len(await mock_api.log()) == 3


# Python only: what a JavaScript call returns is a promise.
async def test_cache_on_a_function_that_makes_a_task(mock_api, client):
    await mock_api.fail("/users/2", [500])

    @cache
    def get_user(path):
        return asyncio.create_task(get_json(client, path))

    for _ in range(3):
        assert (await get_user("/users/1"))["name"] == "Ada"
    # But it keeps the failure as well, and has no way to take out one.
    for _ in range(3):
        with pytest.raises(httpx.HTTPStatusError, match="500"):
            await get_user("/users/2")
    assert len(await mock_api.log()) == 2


async def test_one_that_gives_up_ends_it_for_all(mock_api, client):
    await mock_api.hold("/users/1")
    shared = asyncio.create_task(get_json(client, "/users/1"))

    async def wait():
        return await shared

    first = asyncio.create_task(wait())
    second = asyncio.create_task(wait())
    await mock_api.saw("GET /users/1")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await mock_api.endings() == {"/users/1": "client hung up"}


# Python only: a promise cannot be cancelled.
async def test_shield_keeps_the_request_and_may_report_its_failure(
    mock_api, client
):
    reports = reported()
    await mock_api.hold("/users/1")
    await mock_api.fail("/users/1", [500])
    shared = asyncio.create_task(get_json(client, "/users/1"))

    async def wait():
        return await asyncio.shield(shared)

    first = asyncio.create_task(wait())
    second = asyncio.create_task(wait())
    await mock_api.saw("GET /users/1")
    assert (await stopped(first)).cancelled()
    await mock_api.release("/users/1")
    with pytest.raises(httpx.HTTPStatusError):
        await second
    assert await mock_api.endings() == {"/users/1": "completed"}
    await turns()
    # The second caller has handled it.
    report = "HTTPStatusError exception in shielded future"
    if sys.version_info >= (3, 14):
        assert reports == [report]
    else:
        # Some 3.13 has it, too.
        assert reports in ([], [report])


async def test_the_last_to_give_up_stops_the_request(
    mock_api, client, tasks
):
    await mock_api.hold("/users/1")
    waiting: Counter[str] = Counter()

    async def get_user(path):
        if path not in tasks:
            tasks[path] = asyncio.create_task(get_json(client, path))
        task = tasks[path]
        waiting[path] += 1
        try:
            await asyncio.wait([task])
            return task.result()
        finally:
            waiting[path] -= 1
            if waiting[path] == 0:
                # Whoever comes now needs a request of its own.
                del tasks[path]
                task.cancel()

    asking = [
        asyncio.create_task(get_user("/users/1")) for _ in range(3)
    ]
    await mock_api.saw("GET /users/1")
    assert (await stopped(asking[0])).cancelled()
    assert (await stopped(asking[1])).cancelled()
    [entry] = await mock_api.log(settled=False)
    assert entry.ending is None
    assert (await stopped(asking[2])).cancelled()
    next_one = asyncio.create_task(get_user("/users/1"))
    await mock_api.saw("GET /users/1", times=2)
    await mock_api.release("/users/1")
    assert (await next_one)["name"] == "Ada"
    endings = [e.ending for e in await mock_api.log()]
    assert endings == ["client hung up", "completed"]
    assert tasks == {}


async def test_callers_that_remove_the_entry_remove_the_next_one(
    mock_api, client, tasks
):
    await mock_api.fail("/users/1", [500])

    async def get_user(path):
        if path not in tasks:
            tasks[path] = asyncio.create_task(get_json(client, path))
        try:
            return await tasks[path]
        except httpx.HTTPStatusError:
            # Whose entry is it by now?
            tasks.pop(path, None)
            return await get_user(path)

    asking = [get_user("/users/1") for _ in range(3)]
    await asyncio.gather(*asking)
    # One failure, and each of the three asks again.
    statuses = [e.status for e in await mock_api.log()]
    assert statuses == [500, 200, 200, 200]


async def test_the_request_runs_in_the_context_of_the_first_caller(
    tasks,
):
    language: ContextVar[str] = ContextVar("language")

    async def get_greeting():
        return {"en": "Hello", "de": "Hallo"}[language.get()]

    async def greet(wanted, key):
        language.set(wanted)
        if key not in tasks:
            tasks[key] = asyncio.create_task(get_greeting())
        return await tasks[key]

    german, english = await asyncio.gather(
        greet("de", "greeting"), greet("en", "greeting")
    )
    assert german == english == "Hallo"
    # The key says all that the answer depends on.
    german, english = await asyncio.gather(
        greet("de", ("greeting", "de")), greet("en", ("greeting", "en"))
    )
    assert (german, english) == ("Hallo", "Hello")


async def test_all_callers_get_the_same_object(mock_api, client):
    shared = asyncio.create_task(get_json(client, "/users/1"))
    first = await shared
    first["name"] = "Grace"
    assert (await shared)["name"] == "Grace"
    # The same failure, too.
    await mock_api.fail("/users/2", [500])
    shared = asyncio.create_task(get_json(client, "/users/2"))
    asking = [asyncio.shield(shared) for _ in range(2)]
    one, two = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(one, httpx.HTTPStatusError)
    assert one is two


async def test_whether_a_shared_response_can_be_read_twice(client):
    shared = asyncio.create_task(client.get("/users/1"))
    for _ in range(2):
        response = await shared
        assert response.json()["name"] == "Ada"


async def test_to_share_only_what_is_in_flight(mock_api, client, tasks):
    def share_in_flight(path):
        if path not in tasks:
            task = asyncio.create_task(get_json(client, path))
            tasks[path] = task
            task.add_done_callback(lambda _: tasks.pop(path))
        return tasks[path]

    for _ in range(2):
        asking = [share_in_flight("/users/1") for _ in range(10)]
        users = await asyncio.gather(*map(asyncio.shield, asking))
        assert users == [{"id": 1, "name": "Ada"}] * 10
        assert tasks == {}
    assert len(await mock_api.log()) == 2


async def test_what_has_come_stays_for_a_minute(
    mock_api, client, clock, tasks
):
    loop = asyncio.get_running_loop()

    def share_for_a_minute(path):
        def forget(task):
            if task.cancelled() or task.exception():
                del tasks[path]
            else:
                loop.call_later(60, tasks.pop, path)

        if path not in tasks:
            tasks[path] = asyncio.create_task(get_json(client, path))
            tasks[path].add_done_callback(forget)
        return tasks[path]

    assert (await share_for_a_minute("/users/1"))["name"] == "Ada"
    await mock_api.answer("/users/1", body='{"name": "Grace"}')
    await clock.advance(59)
    assert (await share_for_a_minute("/users/1"))["name"] == "Ada"
    await clock.advance(1)
    assert tasks == {}
    assert (await share_for_a_minute("/users/1"))["name"] == "Grace"
