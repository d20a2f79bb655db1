import asyncio
import concurrent.futures
import threading
from typing import Any

import pytest

from basics.callbacks import main, pause
from helpers import LIMIT, running


async def test_the_caller_goes_on_before_it_is_called_back(
    mock_api, clock
):
    await mock_api.hold("/users/1")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/1")
        assert program.lines == ["main goes on"]
        await mock_api.release("/users/1")
        await program.prints("Awaited: Ada\n")
        await clock.advance(0.05)


async def test_callbacks_run_while_main_waits(mock_api, clock):
    await mock_api.hold("/users/1")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/1")
        await clock.advance(0.05)
        assert program.lines == ["main goes on", "Timer: still loading"]
        await mock_api.release("/users/1")
        await program.prints("Awaited: Ada\n")
        assert program.lines[2:] == ["Called back: Ada", "Awaited: Ada"]
        await clock.advance(0.049)
        assert "Paused" not in program.output
        await clock.advance(0.001)
    assert program.lines[4:] == ["Paused"]


async def test_a_cancelled_timer_does_not_call_back(mock_api, clock):
    async with running(main(mock_api.url)) as program:
        await program.prints("Awaited: Ada\n")
        await clock.advance(1)
    assert program.lines == [
        "main goes on",
        "Called back: Ada",
        "Awaited: Ada",
        "Paused",
    ]


async def test_a_failure_is_called_back_and_raised(mock_api, clock):
    await mock_api.fail("/users/1", [500])
    with pytest.raises(ExceptionGroup) as raised:
        async with running(main(mock_api.url)) as program:
            await program.prints("Called back: no name\n")
            await clock.advance(1)
    assert "500" in str(raised.value.exceptions[0])
    assert program.lines == ["main goes on", "Called back: no name"]


# Python only: a promise cannot be cancelled.
async def test_a_cancelled_task_is_called_back_too(
    mock_api, clock, caplog
):
    await mock_api.hold("/users/1")
    with pytest.raises(asyncio.CancelledError):
        async with running(main(mock_api.url)) as program:
            await mock_api.saw("GET /users/1")
            program.task.cancel()
    assert program.lines == ["main goes on", "Called back: no name"]
    assert caplog.text == ""


async def test_pause_waits_until_its_timer_is_due(clock):
    paused = pause(0.05)
    await clock.advance(0.049)
    assert not paused.done()
    await clock.advance(0.001)
    assert paused.done()


# Python only: a promise cannot be cancelled.
async def test_a_cancelled_pause_ignores_its_timer(clock, caplog):
    paused = pause(0.05)
    paused.cancel()
    await clock.advance(1)
    assert paused.cancelled()
    assert caplog.text == ""


# What the language does, without the program.


def note():
    raise ValueError("no room")


async def test_a_callback_waits_even_if_the_result_is_there():
    loop = asyncio.get_running_loop()
    order = []
    future = loop.create_future()
    future.set_result("Ada")
    future.add_done_callback(lambda _: order.append("result"))
    loop.call_soon(order.append, "soon")
    order.append("caller")
    await asyncio.sleep(0)
    assert order == ["caller", "result", "soon"]


async def test_a_variable_that_a_callback_sets_is_not_set_yet():
    future = asyncio.get_running_loop().create_future()
    future.set_result("Ada")
    names = []
    future.add_done_callback(lambda f: names.append(f.result()))
    # Too early: the callback has not run yet.
    assert names == []
    await asyncio.sleep(0)
    assert names == ["Ada"]


async def test_some_callbacks_run_inside_the_call():
    order = []
    future: concurrent.futures.Future[str] = concurrent.futures.Future()
    future.set_result("Ada")
    future.add_done_callback(lambda f: order.append(f.result()))
    order.append("caller")
    assert order == ["Ada", "caller"]


async def test_a_try_around_the_call_misses_what_a_callback_raises(
    caplog,
):
    loop = asyncio.get_running_loop()
    try:
        loop.call_soon(note)
        await asyncio.sleep(0)
    except ValueError:
        pytest.fail("caught")
    # The loop logs it and goes on.
    assert "Exception in callback note() at " in caplog.text
    assert "ValueError: no room" in caplog.text


async def test_a_handler_for_all_can_hear_of_it():
    loop = asyncio.get_running_loop()
    heard = []
    loop.set_exception_handler(
        lambda loop, context: heard.append(context["exception"])
    )
    loop.call_soon(note)
    await asyncio.sleep(0)
    assert [str(error) for error in heard] == ["no room"]


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_lives_on_after_a_callback_has_thrown():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        heard = await page.evaluate(
            """async () => {
              const heard = [];
              addEventListener("error", (event) => {
                heard.push(event.error.message);
              });
              setTimeout(() => {
                throw new Error("no room");
              }, 0);
              await new Promise((resolve) => setTimeout(resolve, 0));
              return [...heard, "still here"];
            }"""
        )
    assert heard == ["no room", "still here"]


# Python only: a promise cannot be cancelled.
async def test_a_cancelled_future_refuses_the_late_result(caplog):
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, "late")
    future.cancel()
    await asyncio.sleep(0)
    assert "Exception in callback Future.set_result" in caplog.text
    assert (
        "asyncio.exceptions.InvalidStateError: invalid state"
    ) in caplog.text


# Python only: in JavaScript an async function runs when it is called.
async def test_an_async_callback_is_called_but_never_runs():
    loop = asyncio.get_running_loop()
    ran = []

    async def greet(*_):
        ran.append("greet")

    greet.__qualname__ = "greet"
    loop.set_debug(False)
    future = loop.create_future()
    future.set_result("Ada")
    future.add_done_callback(greet)
    with pytest.warns(RuntimeWarning) as warned:
        await asyncio.sleep(0)
    assert str(warned[0].message) == (
        "coroutine 'greet' was never awaited"
    )
    loop.call_later(0, greet)
    with pytest.warns(RuntimeWarning, match="greet' was never awaited"):
        await asyncio.sleep(0.001)
    assert ran == []

    loop.set_debug(True)
    with pytest.raises(TypeError) as refused:
        loop.call_soon(greet)
    text = "TypeError: coroutines cannot be used with call_soon()"
    assert f"TypeError: {refused.value}" == text


# Python only: in JavaScript an async function runs when it is called.
async def test_a_task_runs_an_async_callback():
    loop = asyncio.get_running_loop()
    ran = []
    tasks = set()

    async def note():
        ran.append("note")

    def start():
        task = asyncio.create_task(note())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.call_soon(start)
    await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert ran == ["note"]
    assert not tasks


async def test_a_call_in_place_of_a_function(caplog):
    loop = asyncio.get_running_loop()
    called: list[str] = []
    call_soon: Any = loop.call_soon
    append: Any = called.append
    loop.set_debug(False)
    call_soon(append("at once"))
    assert called == ["at once"]
    await asyncio.sleep(0)
    assert "TypeError: 'NoneType' object is not callable" in caplog.text

    loop.set_debug(True)
    with pytest.raises(TypeError) as refused:
        call_soon(append("at once"))
    assert f"TypeError: {refused.value}" == (
        "TypeError: a callable object was expected by call_soon(), "
        "got None"
    )


# Python only: in JavaScript no other thread can get hold of a callback.
async def test_another_thread_has_to_ask_the_loop():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    with pytest.raises(RuntimeError) as refused:
        await asyncio.to_thread(loop.call_soon, print)
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: Non-thread-safe operation invoked on an "
        "event loop other than the current one"
    )
    # Without debug mode nothing is said.
    loop.set_debug(False)
    await asyncio.to_thread(loop.call_soon, id, None)

    called = threading.Event()

    def call_back():
        loop.call_soon_threadsafe(called.set)
        # Nothing else wakes the loop until this thread has ended.
        return called.wait(LIMIT)

    assert await asyncio.to_thread(call_back)


# Python only: in JavaScript no other thread can get hold of a callback.
async def test_a_callback_runs_in_the_thread_of_its_pool():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        begun = threading.Event()
        job = pool.submit(begun.wait)
        where = []
        job.add_done_callback(
            lambda _: where.append(threading.current_thread())
        )
        # The same future, wrapped, is one of this loop.
        wrapped = asyncio.wrap_future(job)
        wrapped.add_done_callback(
            lambda _: where.append(threading.current_thread())
        )
        begun.set()
        assert await wrapped
    assert where[0] is not threading.current_thread()
    assert where[1] is threading.current_thread()
