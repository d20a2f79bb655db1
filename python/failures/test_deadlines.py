import asyncio
import contextvars
import errno
import sys
import time

import httpx
import pytest

from failures.deadlines import get_picture, load_page, main
from helpers import last_line, printed, running


async def test_a_step_is_given_up_and_then_the_page(mock_api, clock):
    await mock_api.hold("/users/*/picture")
    await mock_api.hold("/users/2")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/5/picture")
        await mock_api.saw("GET /users/2")
        await clock.advance(0.299)
        endings = await mock_api.endings(settled=False)
        assert endings["/users/5/picture"] is None
        await clock.advance(0.001)
        await mock_api.ended("/users/5/picture")
        # All steps of the other page use up the same deadline.
        await clock.advance(0.2)
        await mock_api.release("/users/2")
        await mock_api.saw("GET /users/4/picture")
        await clock.advance(0.199)
        assert program.lines == []
        await clock.advance(0.001)
    # The deadline is not taken for the limit of the picture.
    assert program.lines == [
        "Ada, news: 3, no picture in time",
        "no page in 0.7 s",
    ]
    assert await mock_api.endings() == {
        "/users/1": "completed",
        "/users/2": "completed",
        "/notifications": "completed",
        "/users/5/picture": "client hung up",
        "/users/4/picture": "client hung up",
    }


async def test_what_comes_in_time_is_kept(mock_api, clock):
    output = await printed(main(mock_api.url))
    assert output == (
        "Ada, news: 3, a picture of 269 bytes\n"
        "Grace, news: 3, a picture of 268 bytes\n"
    )


async def test_the_deadline_goes_on_after_a_step(
    mock_api, client, clock
):
    await mock_api.hold("/users/5/picture")
    await mock_api.hold("/notifications")
    loading = asyncio.create_task(load_page(client, 1, 5, 2))
    await mock_api.saw("GET /notifications")
    await clock.advance(1.8)
    await mock_api.release("/notifications")
    await mock_api.saw("GET /users/5/picture")
    # Less is left than the limit of the picture.
    await clock.advance(0.199)
    assert not loading.done()
    await clock.advance(0.001)
    assert await loading == "no page in 2 s"
    assert (await mock_api.endings()) == {
        "/users/1": "completed",
        "/notifications": "completed",
        "/users/5/picture": "client hung up",
    }


@pytest.mark.parametrize("path", ["/users/1", "/notifications"])
async def test_the_deadline_ends_any_step(
    mock_api, client, clock, path
):
    await mock_api.hold(path)
    loading = asyncio.create_task(load_page(client, 1, 5, 2))
    await mock_api.saw(f"GET {path}")
    await clock.advance(2)
    assert await loading == "no page in 2 s"
    assert (await mock_api.endings())[path] == "client hung up"


@pytest.mark.parametrize(
    "path", ["/users/1", "/users/5/picture", "/notifications"]
)
async def test_another_failure_is_not_called_late(
    mock_api, client, path
):
    await mock_api.fail(path, [503])
    with pytest.raises(httpx.HTTPStatusError):
        await load_page(client, 1, 5, 60)


async def test_a_timeout_of_others_is_not_called_ours():
    # The operating system has one, too: "Connection timed out".
    assert isinstance(OSError(errno.ETIMEDOUT, ""), TimeoutError)

    def fail(request):
        raise TimeoutError("of others")

    transport = httpx.MockTransport(fail)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        with pytest.raises(TimeoutError, match="of others"):
            await get_picture(client, 5)
        with pytest.raises(TimeoutError, match="of others"):
            await load_page(client, 1, 5, 60)


async def test_a_failure_after_the_limit_is_not_called_late(clock):
    begun = asyncio.Event()

    async def fail(request):
        begun.set()
        try:
            await asyncio.sleep(10)
        finally:
            raise httpx.CloseError("no luck")

    transport = httpx.MockTransport(fail)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        for work in get_picture(client, 5), load_page(client, 1, 5, 2):
            begun.clear()
            working = asyncio.create_task(work)
            await begun.wait()
            await clock.advance(2)
            with pytest.raises(httpx.CloseError):
                await working


# What the language does, without the program.


async def test_a_limit_for_each_step_is_no_deadline(
    mock_api, client, clock
):
    await mock_api.hold("/users/*")

    async def each():
        for user in 1, 2, 3:
            async with asyncio.timeout(3):
                await client.get(f"/users/{user}")

    working = asyncio.create_task(each())
    for user in 1, 2, 3:
        await mock_api.saw(f"GET /users/{user}")
        # Six seconds in all, and no limit of three has struck.
        await clock.advance(2)
        assert not working.done()
        await mock_api.release(f"/users/{user}")
    await working


async def test_both_limits_at_the_same_moment(mock_api, client, clock):
    await mock_api.hold("/users/5/picture")
    loading = asyncio.create_task(load_page(client, 1, 5, 0.3))
    await mock_api.saw("GET /users/5/picture")
    await clock.advance(0.3)
    assert await loading == "no page in 0.3 s"

    caught = []

    async def work():
        limit, deadline = asyncio.timeout(3), asyncio.timeout(3)
        try:
            async with deadline:
                try:
                    async with limit:
                        await asyncio.sleep(10)
                except TimeoutError:
                    caught.append("limit")
                caught.append("next step")
        except TimeoutError:
            caught.append("deadline")
        return limit.expired(), deadline.expired()

    working = asyncio.create_task(work())
    await clock.advance(3)
    # Both have struck, and the outer one is raised.
    assert await working == (True, True)
    assert caught == ["deadline"]


async def test_a_deadline_is_passed_on(mock_api, client, clock):
    await mock_api.hold("/users/*")
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 3

    async def get(path):
        async with asyncio.timeout_at(deadline):
            return await client.get(path)

    first = asyncio.create_task(get("/users/1"))
    await mock_api.saw("GET /users/1")
    await clock.advance(2)
    assert deadline - loop.time() == pytest.approx(1)
    # A task of its own, which begins later.
    second = asyncio.create_task(get("/users/2"))
    await mock_api.saw("GET /users/2")
    await clock.advance(0.999)
    assert not first.done()
    assert not second.done()
    await clock.advance(0.001)
    for task in first, second:
        with pytest.raises(TimeoutError):
            await task


async def test_a_limit_tells_how_much_is_left(clock):
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(3) as limit:
        when = limit.when()
        assert when is not None
        assert when - loop.time() == pytest.approx(3)
        await asyncio.sleep(0)
    async with asyncio.timeout(None) as limit:
        assert limit.when() is None
        await asyncio.sleep(0)


async def test_a_limit_can_be_moved(mock_api, client, clock):
    await mock_api.hold("/users/*")
    loop = asyncio.get_running_loop()

    async def work():
        async with asyncio.timeout(3) as limit:
            await client.get("/users/1")
            # There is news: from here on it may take three seconds.
            limit.reschedule(loop.time() + 3)
            await client.get("/users/2")

    working = asyncio.create_task(work())
    await mock_api.saw("GET /users/1")
    await clock.advance(2)
    await mock_api.release("/users/1")
    await mock_api.saw("GET /users/2")
    await clock.advance(2.999)
    assert not working.done()
    await clock.advance(0.001)
    with pytest.raises(TimeoutError):
        await working
    assert await mock_api.endings() == {
        "/users/1": "completed",
        "/users/2": "client hung up",
    }


# Python only: a signal in JavaScript has no limit to lift.
async def test_a_limit_can_be_lifted(clock):
    async def work():
        async with asyncio.timeout(3) as limit:
            limit.reschedule(None)
            await asyncio.sleep(60)
        return limit.expired()

    working = asyncio.create_task(work())
    await clock.advance(60)
    assert await working is False


# Python only: a limit there is an object that you enter and leave.
async def test_a_limit_is_moved_in_its_block(clock):
    heard = []

    def move(limit):
        with pytest.raises(RuntimeError) as raised:
            limit.reschedule(None)
        heard.append(last_line(raised.value))

    limit = asyncio.timeout(3)
    async with limit:
        pass
    move(limit)

    async def work():
        async with asyncio.timeout(3) as limit:
            limits.append(limit)
            try:
                await asyncio.sleep(10)
            finally:
                move(limit)

    limits: list[asyncio.Timeout] = []
    working = asyncio.create_task(work())
    await clock.advance(3)
    with pytest.raises(TimeoutError):
        await working
    move(limits[0])
    assert heard == [
        "RuntimeError: Cannot change state of finished Timeout",
        "RuntimeError: Cannot change state of expiring Timeout",
        "RuntimeError: Cannot change state of expired Timeout",
    ]


# Python only: a limit there is an object that you enter and leave.
async def test_a_limit_serves_one_block():
    async def enter(limit):
        async with limit:
            pass

    async def heard(work):
        try:
            await work
        except (RuntimeError, AssertionError) as error:
            return last_line(error)
        return "nothing"

    async def move(limit):
        limit.reschedule(None)

    limit = asyncio.timeout(3)
    before = await heard(move(limit))
    await enter(limit)
    again = await heard(enter(limit))
    # Python 3.12.0 is older than 3.11.7.
    version = sys.version_info[:3]
    if version >= (3, 11, 7) and version != (3, 12, 0):
        assert before == "RuntimeError: Timeout has not been entered"
        assert again == "RuntimeError: Timeout has already been entered"
    else:
        assert before == "AssertionError"
        assert again == "nothing"


# Python only: a limit there cancels the task that it stands in.
async def test_a_limit_needs_a_task():
    heard = asyncio.get_running_loop().create_future()

    async def work():
        async with asyncio.timeout(3):
            await asyncio.sleep(0)

    def callback():
        try:
            # It drives the coroutine by hand, in no task.
            work().send(None)
        except RuntimeError as error:
            heard.set_result(last_line(error))

    asyncio.get_running_loop().call_soon(callback)
    assert await heard == (
        "RuntimeError: Timeout should be used inside a task"
    )


# Python only: in JavaScript nothing else limits one call.
async def test_wait_for_makes_a_task_of_its_own_before_3_12():
    name = contextvars.ContextVar("name", default="nobody")

    async def work():
        name.set("Ada")
        return asyncio.current_task()

    mine = asyncio.current_task()
    same = await asyncio.wait_for(work(), 60) is mine
    since_3_12 = sys.version_info >= (3, 12)
    assert same == since_3_12
    assert name.get() == ("Ada" if since_3_12 else "nobody")

    name.set("nobody")
    async with asyncio.timeout(60):
        assert await work() is mine
    assert name.get() == "Ada"


async def test_a_limit_needs_a_real_wait():
    async def cached():
        return "cached"

    there = asyncio.get_running_loop().create_future()
    there.set_result("there")
    # Its time is over before the block begins.
    async with asyncio.timeout(-1) as limit:
        for _ in range(1000):
            await cached()
            await there
    assert not limit.expired()

    # The first turn still belongs to this task.
    async with asyncio.timeout(0.001) as limit:
        time.sleep(0.01)  # noqa: ASYNC251 It blocks on purpose.
        await asyncio.sleep(0)
    assert not limit.expired()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            time.sleep(0.01)  # noqa: ASYNC251
            await asyncio.sleep(0)
            await asyncio.sleep(0)


async def test_after_the_deadline_nothing_is_sent(mock_api, client):
    # A connection is open: the request could leave at once.
    await client.get("/data")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(-1):
            await client.get("/users/1")
    assert [e.path for e in await mock_api.log()] == ["/data"]
