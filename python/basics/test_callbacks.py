import asyncio

import httpx
import pytest

from basics.callbacks import answer, ask, main
from helpers import limited, running


async def soon(awaitable):
    """Fail where nobody calls back, rather than wait for ever."""
    async with limited(lambda: "nobody calls back"):
        return await awaitable


def broken(name):
    raise ValueError(f"no room for {name}")


async def test_the_caller_goes_on_before_it_is_called_back(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/*", times=3)
        assert program.lines == ["The caller goes on"]
        await mock_api.release("*")


async def test_each_style_hears_of_its_answer_when_it_comes(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.release("/users/2")
        await program.prints("Settled: Grace\n")
        await mock_api.release("/users/1")
        await program.prints("Called back: Ada\n")
        assert "Awaited" not in program.output
        await mock_api.release("/users/3")
    assert program.lines[-1] == "Awaited: Alan"


async def test_a_callback_waits_even_if_the_result_is_there(client):
    order = []
    future = answer(client, 1)
    assert await future == "Ada"
    future.add_done_callback(lambda _: order.append("callback"))
    order.append("caller")
    await asyncio.sleep(0)
    assert order == ["caller", "callback"]


async def test_a_failure_goes_to_the_other_callback(mock_api, client):
    await mock_api.fail("/users/1", [500])
    heard = asyncio.get_running_loop().create_future()

    def wrong(name):
        heard.set_exception(AssertionError(name))

    ask(client, 1, wrong, heard.set_result)
    assert isinstance(await soon(heard), httpx.HTTPStatusError)


async def test_a_wrapped_failure_is_raised_by_await(mock_api, client):
    await mock_api.fail("/users/1", [500])
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await soon(answer(client, 1))


async def test_a_try_around_the_call_misses_what_a_callback_raises(
    client, caplog
):
    called = asyncio.Event()
    caught: list[BaseException] = []

    def call(name):
        called.set()
        broken(name)

    try:
        ask(client, 1, call, caught.append)
        await soon(called.wait())
    except ValueError as error:
        caught.append(error)
    assert caught == []
    # The loop logs it and goes on.
    assert "Exception in callback" in caplog.text
    assert "ValueError: no room for Ada" in caplog.text
    assert await answer(client, 2) == "Grace"


async def test_a_handler_for_all_can_hear_of_it(client):
    loop = asyncio.get_running_loop()
    heard = loop.create_future()
    loop.set_exception_handler(
        lambda loop, context: heard.set_result(context["exception"])
    )
    ask(client, 1, broken, broken)
    assert str(await soon(heard)) == "no room for Ada"


# Python only: a promise cannot be cancelled.
async def test_a_cancelled_future_refuses_the_late_answer(
    mock_api, client
):
    loop = asyncio.get_running_loop()
    heard = loop.create_future()
    loop.set_exception_handler(
        lambda loop, context: heard.set_result(context["exception"])
    )
    await mock_api.hold("/users/1")
    future = answer(client, 1)
    await mock_api.saw("GET /users/1")
    future.cancel()
    await mock_api.release("/users/1")
    late = await soon(heard)
    assert isinstance(late, asyncio.InvalidStateError)
    assert str(late) == "invalid state"


# Python only: in JavaScript an async function runs when it is called.
async def test_an_async_callback_is_called_but_never_runs():
    loop = asyncio.get_running_loop()
    ran = []

    async def note(*_):
        ran.append("note")

    loop.set_debug(False)
    future = loop.create_future()
    future.set_result("Ada")
    future.add_done_callback(note)
    with pytest.warns(RuntimeWarning, match="note' was never awaited"):
        await asyncio.sleep(0)
    loop.call_soon(note)
    with pytest.warns(RuntimeWarning, match="note' was never awaited"):
        await asyncio.sleep(0)
    assert ran == []

    loop.set_debug(True)
    refused = r"coroutines cannot be used with call_soon\(\)"
    with pytest.raises(TypeError, match=refused):
        loop.call_soon(note)
    future = loop.create_future()
    future.add_done_callback(note)
    with pytest.raises(TypeError, match=refused):
        future.set_result("Ada")


# Python only: in JavaScript no other thread can get hold of a callback.
async def test_another_thread_has_to_ask_the_loop():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    future = loop.create_future()
    future.add_done_callback(id)
    refused = (
        "Non-thread-safe operation invoked on an event loop "
        "other than the current one"
    )
    with pytest.raises(RuntimeError, match=refused):
        await asyncio.to_thread(future.set_result, "Ada")

    future = loop.create_future()
    await asyncio.to_thread(
        loop.call_soon_threadsafe, future.set_result, "Ada"
    )
    assert await future == "Ada"
