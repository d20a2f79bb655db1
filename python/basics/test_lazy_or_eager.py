import asyncio
import sys
from typing import Any

import httpx
import pytest

from basics.lazy_or_eager import main, newest, save
from helpers import printed, run_python

FORGOTTEN = """
import asyncio, sys, httpx
from basics.lazy_or_eager import save

async def main(api_url):
    async with httpx.AsyncClient(base_url=api_url) as client:
        save(client, "Forgotten")
    print("the end")

asyncio.run(main(sys.argv[1]))
"""


async def test_each_step_is_printed_when_it_happens(mock_api):
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
        "Newest post: First",
    ]


async def test_the_api_tells_who_saved(mock_api):
    await printed(main(mock_api.url))
    log = await mock_api.log()
    assert [entry.method for entry in log] == ["POST", "GET"]
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        assert await newest(client) == "First"


# Python only: a JavaScript call begins the work.
async def test_a_call_does_nothing_until_it_is_awaited(
    mock_api, capsys
):
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        saving = save(client, "First")
        # Asking for the log gives the loop many turns.
        assert await mock_api.log() == []
        assert capsys.readouterr().out == ""
        assert await saving == 11
    assert len(await mock_api.log()) == 1


# Python only: JavaScript does the work and says nothing.
async def test_a_forgotten_await_does_nothing_but_warn(mock_api):
    ended = await run_python("-c", FORGOTTEN, mock_api.url)
    assert (ended.code, ended.stdout) == (0, "the end\n")
    warning = "RuntimeWarning: coroutine 'save' was never awaited"
    assert warning in ended.stderr
    assert await mock_api.log() == []


# Python only: in JavaScript a missing argument is undefined.
async def test_wrong_arguments_fail_at_the_call():
    call: Any = save
    with pytest.raises(TypeError, match="missing 2 required"):
        call()


# Python only: JavaScript's loop is always there.
def test_a_task_needs_a_running_loop():
    async def answer():
        return 42

    call = answer()
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.create_task(call).cancel()
    assert asyncio.run(call) == 42


# Python only: in JavaScript every call is eager.
async def test_an_eager_task_begins_when_it_is_created():
    done = []

    async def work():
        done.append("work")

    lazy = asyncio.create_task(work())
    assert done == []
    await lazy
    assert done == ["work"]
    if sys.version_info >= (3, 12):
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        eager = asyncio.create_task(work())
        loop.set_task_factory(None)
        assert done == ["work", "work"]
        assert eager.done()
    if sys.version_info >= (3, 14):
        eager = asyncio.create_task(work(), eager_start=True)
        assert done == ["work", "work", "work"]
        assert eager.done()
