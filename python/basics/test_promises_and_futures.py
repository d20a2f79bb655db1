import asyncio
import sys
from typing import Any

import httpx
import pytest

from basics.promises_and_futures import get_message, louder, main
from helpers import printed, run_python, running

HELLO = "Hello from the mock API"
NEW = sys.version_info >= (3, 13)


async def test_one_request_serves_every_await(mock_api):
    assert await printed(main(mock_api.url)) == (
        "Done? no\n"
        f"Awaited: {HELLO}\n"
        f"Awaited again: {HELLO}\n"
        f"Made into another: {HELLO.upper()}\n"
        "Done? yes\n"
        "Settled again: InvalidStateError: invalid state\n"
        "It keeps: first\n"
    )
    assert len(await mock_api.log()) == 1


async def test_main_holds_the_result_before_it_is_there(mock_api):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /data")
        assert program.lines == ["Done? no"]
        await mock_api.release("/data")
    assert program.lines[1] == f"Awaited: {HELLO}"


async def test_many_can_wait_for_the_same_result(mock_api, client):
    await mock_api.hold("/data")
    message = asyncio.create_task(get_message(client))
    readers = asyncio.gather(*[louder(message) for _ in range(3)])
    await mock_api.saw("GET /data")
    assert not readers.done()
    assert not message.done()
    await mock_api.release("/data")
    assert await readers == [HELLO.upper()] * 3
    assert message.done()
    assert len(await mock_api.log()) == 1


async def test_a_failure_is_kept_like_a_value(mock_api, client):
    await mock_api.fail("/data", [500])
    message = asyncio.create_task(get_message(client))
    for _ in range(2):
        with pytest.raises(httpx.HTTPStatusError, match="500"):
            await message
    assert message.done()
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await louder(message)
    assert len(await mock_api.log()) == 1


# What the language does, without the program.


async def test_only_the_first_settling_counts():
    future = asyncio.get_running_loop().create_future()
    future.set_result("first")
    text = "asyncio.exceptions.InvalidStateError: invalid state"
    for settle, value in [
        (future.set_result, "second"),
        (future.set_exception, ValueError("third")),
    ]:
        with pytest.raises(asyncio.InvalidStateError) as refused:
            settle(value)
        name = f"{refused.type.__module__}.{refused.type.__name__}"
        assert f"{name}: {refused.value}" == text
    assert await future == "first"


# Python only: a promise has no method that would settle it.
async def test_only_its_function_settles_a_task():
    async def answer():
        return "Ada"

    task = asyncio.create_task(answer())
    assert isinstance(task, asyncio.Future)
    with pytest.raises(RuntimeError) as refused:
        task.set_result("Grace")
    text = "RuntimeError: Task does not support set_result operation"
    assert f"RuntimeError: {refused.value}" == text
    assert await task == "Ada"


# Python only: nobody can ask a promise.
async def test_a_future_tells_its_state():
    future = asyncio.get_running_loop().create_future()
    assert not future.done()
    name = "asyncio.exceptions.InvalidStateError"
    with pytest.raises(asyncio.InvalidStateError) as refused:
        future.result()
    assert f"{name}: {refused.value}" == (
        "asyncio.exceptions.InvalidStateError: Result is not set."
    )
    with pytest.raises(asyncio.InvalidStateError) as refused:
        future.exception()
    assert f"{name}: {refused.value}" == (
        "asyncio.exceptions.InvalidStateError: Exception is not set."
    )
    future.set_result("Ada")
    assert future.done()
    assert not future.cancelled()
    assert future.exception() is None
    assert future.result() == "Ada"


async def test_printed_it_is_pending():
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(louder(future))
    assert str(task).startswith("<Task pending name=")
    future.set_result("Ada")
    assert await task == "ADA"
    assert str(task).startswith("<Task finished name=")


# Python only: a promise cannot be cancelled.
async def test_a_future_can_be_cancelled():
    future = asyncio.get_running_loop().create_future()
    assert future.cancel()
    assert future.done()
    assert future.cancelled()
    with pytest.raises(asyncio.CancelledError):
        await future
    with pytest.raises(asyncio.CancelledError):
        future.exception()
    # A task hands it on to what its function waits for.
    waited_for = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(louder(waited_for))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waited_for.cancelled()
    # One that is settled cannot be cancelled any more.
    settled = asyncio.get_running_loop().create_future()
    settled.set_result("Ada")
    assert not settled.cancel()
    assert await settled == "Ada"


# Python only: a promise cannot be cancelled.
async def test_a_cancelled_reader_cancels_what_it_shares():
    shared = asyncio.get_running_loop().create_future()
    first = asyncio.create_task(louder(shared))
    second = asyncio.create_task(louder(shared))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert shared.cancelled()


# Python only: a promise cannot be cancelled.
async def test_a_shield_keeps_what_readers_share():
    shared = asyncio.get_running_loop().create_future()
    first = asyncio.create_task(louder(asyncio.shield(shared)))
    second = asyncio.create_task(louder(asyncio.shield(shared)))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    shared.set_result("Ada")
    assert await second == "ADA"


# Python only: a JavaScript call gives a promise, and nothing else.
async def test_three_things_can_be_awaited(client):
    coroutine = get_message(client)
    assert not isinstance(coroutine, asyncio.Future)
    task = asyncio.create_task(coroutine)
    assert isinstance(task, asyncio.Future)
    assert await task == HELLO

    # In debug mode a future also says where it was made.
    loop = asyncio.get_running_loop()
    loop.set_debug(False)
    future = loop.create_future()
    # ensure_future makes a task if there is none yet.
    assert asyncio.ensure_future(future) is future
    assert asyncio.ensure_future(task) is task
    made = asyncio.ensure_future(get_message(client))
    assert isinstance(made, asyncio.Task)
    assert await made == HELLO
    create_task: Any = asyncio.create_task
    with pytest.raises(TypeError) as refused:
        create_task(future)
    assert f"TypeError: {refused.value}" == (
        "TypeError: a coroutine was expected, got <Future pending>"
    )


# Python only: then does the opposite.
async def test_what_a_done_callback_returns_is_dropped():
    given = []

    def shout(future):
        given.append(future)
        return future.result().upper()

    future = asyncio.get_running_loop().create_future()
    add_done_callback: Any = future.add_done_callback
    assert add_done_callback(shout) is None
    future.set_result("Ada")
    await asyncio.sleep(0)
    assert given == [future]
    assert await future == "Ada"


# Python only: a promise takes over the result of an inner one.
async def test_a_future_in_a_future_stays_one():
    loop = asyncio.get_running_loop()
    inner, outer = loop.create_future(), loop.create_future()
    outer.set_result(inner)
    assert await outer is inner

    async def give_inner():
        return inner

    assert await give_inner() is inner
    inner.set_result("Ada")
    assert await (await outer) == "Ada"


# Python only: a promise can be rejected with anything.
async def test_only_an_exception_can_be_the_failure():
    future = asyncio.get_running_loop().create_future()
    no_exception: Any = "no luck"
    with pytest.raises(TypeError) as refused:
        future.set_exception(no_exception)
    assert f"TypeError: {refused.value}" == (
        "TypeError: invalid exception object"
    )
    assert not future.done()


# Python only: a promise can be rejected with anything.
async def test_stop_iteration_cannot_be_the_failure():
    future = asyncio.get_running_loop().create_future()

    async def settle():
        # Older versions refuse it here, newer ones at the await.
        future.set_exception(StopIteration())
        await future

    error = RuntimeError if NEW else (TypeError, RuntimeError)
    with pytest.raises(error) as refused:
        await settle()
    assert future.done() or not NEW
    assert str(refused.value) == (
        "StopIteration interacts badly with generators "
        "and cannot be raised into a Future"
    )

    async def first(things):
        return next(iter(things))

    with pytest.raises(RuntimeError) as refused:
        await asyncio.create_task(first([]))
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: coroutine raised StopIteration"
    )


async def test_a_failure_can_be_handled_late():
    ended = await run_python(
        "-c",
        "import asyncio\n"
        "async def fail():\n"
        "    raise ValueError('no luck')\n"
        "async def main():\n"
        "    quick = asyncio.create_task(fail())\n"
        "    try:\n"
        "        await asyncio.sleep(0.001)\n"
        "        print('failed' if quick.done() else 'not yet')\n"
        "        await quick\n"
        "    except ValueError:\n"
        "        print('caught')\n"
        "asyncio.run(main())\n",
    )
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout == "failed\ncaught\n"


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_lives_on_after_an_unhandled_rejection():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        heard = await page.evaluate(
            """async () => {
              const heard = [];
              const event = new Promise((resolve) => {
                addEventListener("unhandledrejection", (event) => {
                  heard.push(event.reason.message);
                  resolve(event);
                });
              });
              const fail = async (text) => {
                throw new Error(text);
              };
              const saved = fail("saved");
              queueMicrotask(() => saved.catch(() => {}));
              const late = fail("no luck");
              await event;
              await late.catch((error) => heard.push("handled late"));
              return [...heard, "still here"];
            }"""
        )
    assert heard == ["no luck", "handled late", "still here"]
