import asyncio
import sys
from typing import Any

import httpx
import pytest

from basics.lazy_or_eager import main, save
from helpers import printed, run_python


async def test_the_call_returns_before_the_work_is_done(mock_api):
    # In debug mode the warning also says where the call stood.
    sys.set_coroutine_origin_tracking_depth(0)
    output = await printed(main(mock_api.url))
    assert output.splitlines() == [
        "Calling save",
        "The call has returned",
        '  save begins: "First"',
        "Saved as post 11",
        "Calling save without await",
        "  warning: coroutine 'save' was never awaited",
        "main ends",
    ]


# Python only: JavaScript sends the second post, too.
async def test_the_api_sees_one_post(mock_api):
    await printed(main(mock_api.url))
    assert [e.method for e in await mock_api.log()] == ["POST"]


async def test_a_refused_post_is_an_error(mock_api, client):
    await mock_api.fail("/posts", [503])
    with pytest.raises(httpx.HTTPStatusError):
        await save(client, "Refused")


# What the language does, without the program.


# Python only: a JavaScript call begins the work.
async def test_a_call_does_nothing_until_it_is_awaited(
    mock_api, client, capsys
):
    saving = save(client, "First")
    # Asking for the log gives the event loop many turns.
    assert await mock_api.log() == []
    assert capsys.readouterr().out == ""
    assert await saving == 11
    assert len(await mock_api.log()) == 1


# Python only: JavaScript does the work and does not warn.
async def test_a_forgotten_await_does_nothing_but_warn(mock_api):
    source = (
        "import asyncio, sys, httpx\n"
        "from basics.lazy_or_eager import save\n"
        "async def main(api_url):\n"
        "    client = httpx.AsyncClient(base_url=api_url)\n"
        "    async with client:\n"
        "        save(client, 'Forgotten')\n"
        "    print('the end')\n"
        "asyncio.run(main(sys.argv[1]))\n"
    )
    ended = await run_python("-c", source, mock_api.url)
    assert (ended.code, ended.stdout) == (0, "the end\n")
    warning = "RuntimeWarning: coroutine 'save' was never awaited"
    assert warning in ended.stderr
    assert await mock_api.log() == []


async def test_without_await_you_hold_no_result(client):
    answer: Any = save(client, "Second")
    assert str(answer).startswith("<coroutine object save at 0x")
    assert bool(answer) is True
    message = "unsupported operand type(s) for +: 'coroutine' and 'int'"
    with pytest.raises(TypeError) as raised:
        answer + 1
    assert str(raised.value) == message
    answer.close()


# Python only: a JavaScript call begins the work.
async def test_a_task_begins_when_the_loop_has_a_turn():
    done = []

    async def work():
        done.append("work")

    task = asyncio.create_task(work())
    assert done == []
    await asyncio.sleep(0)
    assert done == ["work"]
    await task


# Python only: in JavaScript every call is eager.
async def test_an_eager_task_begins_when_it_is_created():
    done = []

    async def work():
        done.append("before")
        await asyncio.sleep(0)
        done.append("after")

    if sys.version_info >= (3, 12):
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        task = asyncio.create_task(work())
        loop.set_task_factory(None)
        assert done == ["before"]
        await task
        assert done == ["before", "after"]
    else:
        assert not hasattr(asyncio, "eager_task_factory")
    if sys.version_info >= (3, 14):
        task = asyncio.create_task(work(), eager_start=True)
        assert done == ["before", "after", "before"]
        await task


# Python only: JavaScript has a loop in every thread.
def test_a_task_needs_a_running_loop():
    async def answer():
        return 42

    call = answer()
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.create_task(call).cancel()
    # The coroutine is as good as new.
    assert asyncio.run(call) == 42


# Python only: JavaScript does not count arguments.
async def test_wrong_arguments_fail_at_the_call():
    call: Any = save
    with pytest.raises(TypeError) as raised:
        call()
    assert str(raised.value) == (
        "save() missing 2 required positional arguments: "
        "'client' and 'title'"
    )
