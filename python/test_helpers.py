"""The helpers do what their names say."""

import asyncio
import contextlib
import os
import sys
import time

import httpx
import pytest

import helpers
from helpers import Clock, printed, run_python, running, serving


async def test_the_clock_stands_still(clock):
    began = asyncio.get_running_loop().time()
    ran: list[str] = []
    asyncio.get_running_loop().call_later(0.001, ran.append, "timer")
    time.sleep(0.01)  # noqa: ASYNC251 Real time goes on.
    await clock.advance(0)
    assert ran == []
    assert asyncio.get_running_loop().time() == began


async def test_what_is_due_runs_in_order_before_advance_returns(clock):
    loop = asyncio.get_running_loop()
    began = loop.time()
    ran = []

    async def work(name, *seconds):
        for pause in seconds:
            await asyncio.sleep(pause)
            ran.append((name, round(loop.time() - began, 3)))

    async with asyncio.TaskGroup() as group:
        group.create_task(work("one", 1, 1, 1))
        group.create_task(work("other", 1.5))
        await clock.advance(2.999)
        assert ran == [("one", 1), ("other", 1.5), ("one", 2)]
        await clock.advance(0.001)
        assert ran[3:] == [("one", 3)]


async def test_a_limit_ends_the_work_when_the_clock_has_come_there(
    mock_api, client, clock
):
    async def limited():
        async with asyncio.timeout(3):
            await client.get("/data")

    await mock_api.hold("/data")
    asking = asyncio.create_task(limited())
    await mock_api.saw("GET /data")
    await clock.advance(2.999)
    assert not asking.done()
    await clock.advance(0.001)
    with pytest.raises(TimeoutError):
        await asking
    [entry] = await mock_api.log()
    assert entry.ending == "client hung up"


async def test_the_clock_is_also_the_one_of_httpx(mock_api, clock):
    await mock_api.hold("/data")
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        asking = asyncio.create_task(client.get("/data"))
        await mock_api.saw("GET /data")
        await clock.advance(4.9)
        assert not asking.done()
        await clock.advance(0.1)
        with pytest.raises(httpx.ReadTimeout):
            await asking


async def test_a_program_that_always_gives_way_does_not_stop_the_clock(
    clock,
):
    fired = asyncio.Event()
    asyncio.get_running_loop().call_later(3, fired.set)

    async def give_way():
        while not fired.is_set():  # noqa: ASYNC110 On purpose.
            await asyncio.sleep(0)

    giving_way = asyncio.create_task(give_way())
    await clock.advance(3)
    await giving_way


async def forever():
    await asyncio.Event().wait()


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(helpers, "LIMIT", 0.2)


async def hello():
    print("hello")
    await forever()


@pytest.mark.usefixtures("short_limit")
async def test_a_wait_that_takes_too_long_says_what_for():
    with pytest.raises(
        AssertionError, match=r"not printed: 'bye', only:\nhello"
    ):
        async with running(hello()) as program:
            await program.prints("bye")
    with pytest.raises(
        AssertionError, match=r"not ended, printed:\nhello"
    ):
        await printed(hello())
    with pytest.raises(
        AssertionError, match=r"not ended: python .*'import time"
    ):
        await run_python("-c", "import time; time.sleep(1e6)")
    with pytest.raises(
        AssertionError, match=r"it has not printed a line yet\."
    ):
        async with serving("python", "import time; time.sleep(1e6)"):
            pass


async def test_a_server_that_ends_has_not_started():
    with pytest.raises(
        AssertionError, match=r"it ended without a line\."
    ):
        async with serving("python", ""):
            pass


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (
            "python",
            "print(1, flush=True); import time; time.sleep(1e6)",
        ),
        ("javascript", "console.log(1); setInterval(() => {}, 1e6);"),
    ],
)
async def test_a_server_ends_with_its_owner(language, source):
    owner = f"""
import asyncio
from helpers import serving

async def main():
    async with serving({language!r}, {source!r}):
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", owner],
        stdout=pipe,
        stderr=pipe,
        cwd=helpers.PYTHON,
        env={**os.environ, **helpers.QUIET},
    )
    assert process.stdout
    assert process.stderr
    try:
        async with asyncio.timeout(helpers.LIMIT):
            assert await process.stdout.readline() == b"up\n"
            process.kill()
            # The server writes there, too: it stays open until that has ended.
            assert await process.stderr.read() == b""
    finally:
        await helpers.killed(process)


async def test_nothing_is_printed_after_the_end():
    async def hello():
        print("hello")

    with pytest.raises(
        AssertionError, match=r"not printed: 'bye', only:\nhello"
    ):
        async with running(hello()) as program:
            await program.prints("bye")


@pytest.mark.usefixtures("short_limit")
async def test_a_program_that_cannot_be_stopped_fails_its_test():
    release = asyncio.Event()

    async def deaf():
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    with pytest.raises(AssertionError, match="not ended"):
        await printed(deaf())
    release.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@pytest.mark.usefixtures("short_limit")
async def test_a_clock_that_nobody_moves_fails_the_test():
    with (
        pytest.raises(AssertionError, match="clock went"),
        Clock() as clock,
    ):
        await clock.advance(1000)
        with pytest.raises(AssertionError, match="not ended"):
            await printed(hello())
