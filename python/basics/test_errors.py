import asyncio
import json
import re
import sys

import httpx
import pytest

from basics.errors import (
    get_name,
    main,
    stop_the_rest,
    wait_for_all,
    wait_for_each,
)
from helpers import run_python, running


async def test_the_program_goes_on_while_another_request_runs(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/4")
        await mock_api.release("/status/500")
        await program.prints("Wait for all: HTTP 500\n")
        await mock_api.saw("GET /users/5")
        await mock_api.release("/status/502")
        await mock_api.ended("/status/502")
        assert len(program.lines) == 1
        await mock_api.release("/users/4")
        await mock_api.ended("/users/4")
        await mock_api.release("/users/5")
        await program.prints("How many failed: 1\n")
        await mock_api.saw("GET /users/3")
        await mock_api.release("/status/503")
    last = "Stop the rest: one failed, the rest is stopped"
    assert program.lines[2:] == [last]


async def test_the_others_keep_running(mock_api, client):
    await mock_api.hold("/users/5")
    before = asyncio.all_tasks()
    waiting = wait_for_all(client, "/users/5", "/status/503")
    assert await waiting == "HTTP 503"
    await mock_api.saw("GET /users/5")
    assert await mock_api.endings(settled=False) == {
        "/users/5": None,
        "/status/503": "completed",
    }
    [other] = asyncio.all_tasks() - before
    await mock_api.release("/users/5")
    assert await other == "Barbara"
    log = await mock_api.log()
    assert [entry.ending for entry in log] == ["completed"] * 2


async def test_the_rest_can_be_stopped(mock_api, client):
    await mock_api.hold("*")
    before = asyncio.all_tasks()
    stopping = stop_the_rest(client, "/users/5", "/status/503")
    outcome = asyncio.create_task(stopping)
    await mock_api.saw("GET /users/5")
    await mock_api.saw("GET /status/503")
    await mock_api.release("/status/503")
    assert await outcome == "one failed, the rest is stopped"
    assert asyncio.all_tasks() == before
    assert await mock_api.endings() == {
        "/users/5": "client hung up",
        "/status/503": "completed",
    }


async def test_it_goes_on_only_when_the_rest_has_ended():
    cleaning, clean = asyncio.Event(), asyncio.Event()

    # It fails, or takes a while to end when it is stopped.
    async def answer(request):
        if request.url.path == "/fails":
            return httpx.Response(503)
        try:
            await asyncio.Event().wait()
        finally:
            cleaning.set()
            await clean.wait()

    client = httpx.AsyncClient(
        base_url="http://localhost",
        transport=httpx.MockTransport(answer),
    )
    outcome = asyncio.create_task(stop_the_rest(client, "/1", "/fails"))
    await cleaning.wait()
    await asyncio.sleep(0)
    assert not outcome.done()
    clean.set()
    assert await outcome == "one failed, the rest is stopped"


@pytest.mark.parametrize("wait", [wait_for_all, stop_the_rest])
async def test_without_a_failure_all_results_come_in_order(
    wait, mock_api, client
):
    await mock_api.hold("/users/1")
    names = asyncio.create_task(wait(client, "/users/1", "/users/2"))
    await mock_api.ended("/users/2")
    await mock_api.saw("GET /users/1")
    assert not names.done()
    await mock_api.release("/users/1")
    assert await names == "Ada, Grace"


async def test_another_failure_is_an_error_of_the_program(
    mock_api, client
):
    await mock_api.drop("/users/1")
    await mock_api.answer("/users/2", body="no JSON")
    with pytest.raises(httpx.RemoteProtocolError):
        await wait_for_all(client, "/users/1")
    with pytest.raises(json.JSONDecodeError):
        await wait_for_all(client, "/users/2")
    with pytest.raises(ExceptionGroup) as raised:
        await stop_the_rest(client, "/users/1")
    assert raised.group_contains(httpx.RemoteProtocolError)
    with pytest.raises(ExceptionGroup) as raised:
        await stop_the_rest(client, "/users/2")
    assert raised.group_contains(json.JSONDecodeError)


async def test_every_outcome_is_waited_for(mock_api, client):
    await mock_api.hold("/users/1")
    # No answer at all is a failure, too.
    await mock_api.drop("/users/2")
    waiting = wait_for_each(
        client, "/status/502", "/users/1", "/users/2"
    )
    failed = asyncio.create_task(waiting)
    await mock_api.saw("GET /users/1")
    await mock_api.ended("/status/502")
    await mock_api.ended("/users/2")
    assert not failed.done()
    await mock_api.release("/users/1")
    assert await failed == 2


# What the language does, without the program.


async def good():
    return "Ada"


async def fail(text="no luck"):
    raise ValueError(text)


async def test_each_outcome_says_how_it_ended():
    results = await asyncio.gather(
        good(), fail(), return_exceptions=True
    )
    assert results[0] == "Ada"
    assert repr(results[1]) == "ValueError('no luck')"


TWO_FAIL = """
import asyncio, gc

async def fail(text, seconds):
    await asyncio.sleep(seconds)
    raise ValueError(text)

async def main(late):
    try:
        await asyncio.gather(fail("first", 0), fail("second", late))
    except ValueError as error:
        print(error)
    await asyncio.sleep(0.02)
    gc.collect()

asyncio.run(main(0))
asyncio.run(main(0.01))
"""


async def test_the_second_failure_vanishes():
    ended = await run_python("-c", TWO_FAIL)
    assert ended.stdout == "first\nfirst\n"
    assert (ended.code, ended.stderr) == (0, "")


# Python only: JavaScript has no such group.
async def test_a_task_group_keeps_every_failure():
    caught = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("first"))
            group.create_task(fail("second"))
    except* ValueError as failed:
        caught = [str(error) for error in failed.exceptions]
    assert caught == ["first", "second"]

    # What it has stopped fails no more.
    late = asyncio.Event()

    async def fail_later():
        await late.wait()
        await fail("second")

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("first"))
            group.create_task(fail_later())
    assert raised.group_contains(ValueError, match="first")
    assert len(raised.value.exceptions) == 1


# Python only: JavaScript has no such group.
async def test_a_task_group_wraps_even_one_failure():
    one = "unhandled errors in a TaskGroup (1 sub-exception)"
    with pytest.raises(ExceptionGroup) as raised:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
        except ValueError:
            raise AssertionError("it is wrapped") from None
    assert str(raised.value) == one

    code = """if True:
        import asyncio
        async def fail(): raise ValueError("no luck")
        async def main():
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
        asyncio.run(main())"""
    ended = await run_python("-c", code)
    assert ended.code == 1
    message = (
        "ExceptionGroup: unhandled errors in a TaskGroup"
        " (1 sub-exception)\n"
    )
    assert message in ended.stderr
    assert "ValueError: no luck\n" in ended.stderr


# Python only: JavaScript has no except*.
def test_what_except_star_forbids():
    with pytest.raises(SyntaxError) as leaving:
        compile(
            "def f():\n try: pass\n except* ValueError: return 1",
            "program.py",
            "exec",
        )
    assert (
        "'break', 'continue' and 'return' cannot appear in"
        " an except* block" in str(leaving.value)
    )
    with pytest.raises(SyntaxError) as mixed:
        compile(
            "try: pass\n"
            "except ValueError: pass\n"
            "except* TypeError: pass",
            "program.py",
            "exec",
        )
    assert (
        "cannot have both 'except' and 'except*' on the same 'try'"
        in str(mixed.value)
    )


# Python only: JavaScript has no such group.
async def test_a_task_group_can_be_stopped_from_3_15_on(
    mock_api, client
):
    await mock_api.hold("/users/5")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(get_name(client, "/users/5"))
        await mock_api.saw("GET /users/5")
        if sys.version_info >= (3, 15):
            group.cancel()
        else:
            assert not hasattr(group, "cancel")
            task.cancel()
    assert task.cancelled()
    [entry] = await mock_api.log()
    assert entry.ending == "client hung up"


NOBODY_AWAITS = """
import asyncio, gc, sys

async def fail():
    raise ValueError("no luck")

async def main():
    task = {start}
    await asyncio.sleep(0.01)
    print("it has failed", file=sys.stderr)
    del task
    gc.collect()
    print("the end", file=sys.stderr)

def failed():
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("no luck"))
    return future

asyncio.run(main())
"""


# Python only: Node ends the process.
@pytest.mark.parametrize(
    ("start", "message"),
    [
        (
            "asyncio.create_task(fail())",
            "Task exception was never retrieved",
        ),
        ("failed()", "Future exception was never retrieved"),
        (
            "asyncio.gather(fail())",
            "_GatheringFuture exception was never retrieved",
        ),
    ],
)
async def test_a_failure_that_nobody_awaits_is_logged(start, message):
    ended = await run_python("-c", NOBODY_AWAITS.format(start=start))
    assert ended.code == 0
    assert re.fullmatch(
        rf"it has failed\n{message}\n.*ValueError: no luck\nthe end\n",
        ended.stderr,
        re.DOTALL,
    )


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_reports_the_failure_and_lives_on():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        # The console of a page is where a developer reads it.
        console = await page.context.new_cdp_session(page)
        await console.send("Runtime.enable")
        reported = asyncio.get_running_loop().create_future()
        console.on(
            "Runtime.exceptionThrown",
            lambda event: reported.set_result(
                event["exceptionDetails"]
            ),
        )
        heard = await page.evaluate(
            """async () => {
              const heard = [];
              const event = new Promise((resolve) => {
                addEventListener("unhandledrejection", (event) => {
                  heard.push(event.reason.message);
                  resolve();
                });
              });
              Promise.reject(new Error("no luck"));
              await event;
              return [...heard, "still here"];
            }"""
        )
        details = await reported
    assert heard == ["no luck", "still here"]
    first = details["exception"]["description"].splitlines()[0]
    message = "Uncaught (in promise) Error: no luck"
    assert f"{details['text']} {first}" == message


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_says_nothing_if_its_handler_prevents_it():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        heard = await page.evaluate(
            """async () => {
              const heard = await new Promise((resolve) => {
                addEventListener("unhandledrejection", (event) => {
                  event.preventDefault();
                  resolve(event.reason.message);
                });
                Promise.reject(new Error("no luck"));
              });
              return heard;
            }"""
        )
        # One that the page does report comes later than the first.
        await page.evaluate(
            "setTimeout(() => { throw new Error('reported') }, 0)"
        )
        while not errors:
            await page.evaluate("0")
    assert (heard, errors) == ("no luck", ["reported"])


async def test_a_try_catches_only_what_it_awaits():
    async def with_await():
        try:
            return await fail()
        except ValueError:
            return "caught"

    async def without_await():
        try:
            return fail()
        except ValueError:
            return "caught"

    assert await with_await() == "caught"
    not_started = await without_await()
    assert asyncio.iscoroutine(not_started)
    with pytest.raises(ValueError, match="no luck"):
        await not_started


async def test_nothing_to_wait_for():
    assert await asyncio.gather() == []
    assert await asyncio.gather(return_exceptions=True) == []
    assert list(asyncio.as_completed([])) == []
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        await asyncio.wait([])
    message = f"{type(raised.value).__name__}: {raised.value}"
    assert message == "ValueError: Set of Tasks/Futures is empty."
