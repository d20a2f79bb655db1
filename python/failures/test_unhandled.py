import asyncio
import gc
import logging
from typing import Any

import httpx
import pytest

from failures.unhandled import forgotten, late, looked_after, main
from helpers import running


async def has_failed():
    """Wait until the early request has failed; then hold it no more."""
    early = [
        task
        for task in asyncio.all_tasks()
        if getattr(task.get_coro(), "__name__", "") == "ask"
    ]
    if early:
        await asyncio.wait(early)


def listen():
    """What the handler of the whole loop hears from now on."""
    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: heard.append(
            f"{context['message']}: {context['exception']}"
        )
    )
    return heard


def errors(caplog):
    """What is logged as an error; a slow step is a warning."""
    return [r for r in caplog.records if r.levelno == logging.ERROR]


async def test_the_program_tells_three_cases_apart(mock_api):
    await mock_api.hold("/users/*")
    async with running(main(mock_api.url)) as program:
        for user in 3, 4:
            await mock_api.saw(f"GET /users/{user}")
            await has_failed()
            await mock_api.release(f"/users/{user}")
    assert program.output == (
        "Nobody handled: HTTP 500\n"
        "Forgotten: Alan\n"
        "Late: caught HTTP 502\n"
        "Looked after: caught HTTP 503\n"
    )


async def test_when_a_forgotten_failure_is_reported(mock_api):
    await mock_api.hold("/users/3")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/3")
        await has_failed()
        gc.collect()
        # The function still holds the task.
        assert program.output == ""
        await mock_api.hold("/users/4")
        await mock_api.release("/users/3")
        await mock_api.saw("GET /users/4")
        assert program.lines == [
            "Nobody handled: HTTP 500",
            "Forgotten: Alan",
        ]
        await mock_api.release("/users/4")


async def test_a_late_await_gets_the_failure(mock_api, client):
    heard = listen()
    await mock_api.hold("/users/4")
    waiting = asyncio.create_task(late(client))
    await mock_api.saw("GET /users/4")
    await mock_api.ended("/status/502")
    await has_failed()
    assert heard == []
    await mock_api.release("/users/4")
    assert await waiting == "caught HTTP 502"
    del waiting
    gc.collect()
    assert heard == []
    assert (await mock_api.endings())["/users/4"] == "completed"


async def test_what_is_looked_after_is_not_reported(mock_api, client):
    heard = listen()
    await mock_api.hold("/users/5")
    assert await looked_after(client) == "caught HTTP 503"
    gc.collect()
    assert heard == []
    # The group has stopped the rest.
    assert await mock_api.endings() == {
        "/status/503": "completed",
        "/users/5": "client hung up",
    }


async def test_without_a_failure_the_news_arrives(mock_api, client):
    heard = listen()
    for status in 500, 502, 503:
        await mock_api.answer(
            f"/status/{status}", body='{"name": "good news"}'
        )
    assert await late(client) == "Edsger, good news"
    assert await looked_after(client) == "Barbara, good news"
    assert await forgotten(client) == "Alan"
    await mock_api.answer("/users/3", body='{"name": "Ada"}')
    assert await forgotten(client) == "Ada, good news"
    assert heard == []


async def test_another_failure_is_passed_on(mock_api, client):
    for status in 502, 503:
        await mock_api.answer(
            f"/status/{status}", body='{"name": "good news"}'
        )
    await mock_api.drop("/users/4")
    with pytest.raises(httpx.TransportError):
        await late(client)
    await mock_api.drop("/users/5")
    with pytest.raises(ExceptionGroup) as raised:
        await looked_after(client)
    assert raised.group_contains(httpx.TransportError)


# What the language does, without the program.


async def fail():
    raise ValueError("no luck")


async def test_what_a_forgotten_failure_ends(mock_api, client, caplog):
    await mock_api.hold("/users/3")
    waiting = asyncio.create_task(forgotten(client))
    await mock_api.saw("GET /users/3")
    await has_failed()
    await mock_api.release("/users/3")
    assert await waiting == "Alan"
    assert (await mock_api.endings())["/users/3"] == "completed"
    [record] = errors(caplog)
    assert record.name == "asyncio"
    assert record.message.startswith(
        "Task exception was never retrieved"
    )
    assert record.exc_info[1].args == ("HTTP 500",)


async def test_cancelled_work_that_nobody_awaits():
    heard = listen()
    task = asyncio.create_task(asyncio.sleep(3600))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    del task
    gc.collect()
    assert heard == []


# Python only: Node reports at once, whoever holds the promise.
async def test_a_task_that_is_held_is_not_reported():
    heard = listen()
    background = {asyncio.create_task(fail())}
    await asyncio.wait(background)
    gc.collect()
    assert heard == []
    background.clear()
    assert heard == ["Task exception was never retrieved: no luck"]

    # With this line of the documentation it is reported when it ends.
    task = asyncio.create_task(fail())
    background.add(task)
    task.add_done_callback(background.discard)
    await asyncio.wait([task])
    del task
    await asyncio.sleep(0)
    assert background == set()
    assert len(heard) == 2


# Python only: a promise has nothing to ask.
async def test_to_ask_for_the_exception_is_to_handle_it():
    heard = listen()

    def look(task):
        if not task.cancelled() and task.exception():
            heard.append(f"looked at: {task.exception()}")

    task = asyncio.create_task(fail())
    task.add_done_callback(look)
    await asyncio.wait([task])
    del task
    gc.collect()
    assert heard == ["looked at: no luck"]


# Python only: Node has no such mode.
async def test_debug_mode_says_where_the_task_was_created(caplog):
    loop = asyncio.get_running_loop()
    for debug in True, False:
        loop.set_debug(debug)
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()
    with_debug, without = [r.message for r in errors(caplog)]
    created = "Object created at (most recent call last):"
    assert created in with_debug
    assert created not in without


async def test_what_the_handler_of_the_program_hears(caplog):
    heard: list[Any] = listen()
    loop = asyncio.get_running_loop()
    # A callback that fails.
    loop.call_soon(int, "no number")
    await asyncio.sleep(0)
    [message] = heard
    assert message.startswith("Exception in callback ")
    assert message.endswith(
        ": invalid literal for int() with base 10: 'no number'"
    )

    # But not the failure of main: asyncio.run raises it.
    async def program():
        heard.append(listen())
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        await asyncio.to_thread(asyncio.run, program())
    assert heard[1:] == [[]]

    # And if it fails itself, asyncio logs both failures.
    def broken(loop, context):
        raise KeyError("broken")

    loop.set_exception_handler(broken)
    loop.call_soon(int, "no number")
    await asyncio.sleep(0)
    [record] = errors(caplog)
    assert record.message.startswith(
        "Unhandled error in exception handler\n"
    )
    assert "no number" in record.message


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_takes_a_report_back():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        heard = await page.evaluate(
            """async () => {
              const heard = [];
              const event = (name) => new Promise((resolve) => {
                const options = { once: true };
                addEventListener(name, ({ reason }) => {
                  heard.push(`${name}: ${reason.message}`);
                  resolve();
                }, options);
              });

              let report = event("unhandledrejection");
              const late = Promise.reject(new Error("late"));
              await report;
              // During the event it would not yet be late.
              await new Promise((resolve) => setTimeout(resolve));
              const handled = event("rejectionhandled");
              late.catch(() => {});
              await handled;

              report = event("unhandledrejection");
              const inTime = Promise.reject(new Error("in time"));
              inTime.catch(() => {});
              const derived = Promise.reject(new Error("derived"));
              derived.catch(() => {});
              derived.finally(() => {});
              await report;

              report = event("unhandledrejection");
              const stop = new AbortController();
              fetch("data:,", { signal: stop.signal });
              stop.abort();
              await report;
              return heard;
            }"""
        )
    assert heard == [
        "unhandledrejection: late",
        "rejectionhandled: late",
        "unhandledrejection: derived",
        "unhandledrejection: signal is aborted without reason",
    ]
