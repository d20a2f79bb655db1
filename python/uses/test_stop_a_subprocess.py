import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from typing import Any

import pytest

from helpers import limited, printed, run_python, running
from uses import stop_a_subprocess
from uses.stop_a_subprocess import main, start, stop

WINDOWS = sys.platform == "win32"
SLEEP = "import time; print('ready', flush=True); time.sleep(3600)"


@pytest.fixture(autouse=True)
async def _nothing_outlives_a_red_test(monkeypatch):
    begun: list[Any] = []

    async def noted(*command, **options):
        begun.append(await create(*command, **options))
        return begun[-1]

    create = asyncio.create_subprocess_exec
    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    yield
    for process in begun:
        with suppress(ProcessLookupError):
            process.kill()
        if not WINDOWS:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


def exists(pid):
    """Whether there is such a process, if only as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def python(script, **options):
    """A process of this Python, once it has said that it is ready."""
    process: Any = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), stdout=PIPE, **options
    )
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_one_ends_when_it_is_asked_and_one_is_killed():
    if WINDOWS:
        return  # both are killed there
    assert await printed(main()) == (
        "polite: -15, nothing is left\ndeaf: -9, nothing is left\n"
    )


async def test_the_helper_ends_too():
    for name in "polite", "deaf":
        process: Any = await start(name)
        await process.stdout.readline()
        await stop(process, 0.1)
        # The helper would hold the other end of the pipe.
        assert await process.stdout.read() == b""
        assert WINDOWS or not exists(process.pid)


# A helper that ends later than the first process does.
SLOW_HELPER = """
import os, pathlib, signal, sys, time
def end(*_):
    while os.getppid() == first:
        time.sleep(0.001)
    time.sleep(0.2)
    pathlib.Path(sys.argv[1]).touch()
    sys.exit()
first = os.getppid()
signal.signal(signal.SIGTERM, end)
print('ready', flush=True)
time.sleep(3600)
"""


async def test_a_helper_has_the_time_too(tmp_path):
    if WINDOWS:
        return  # there are no process groups
    saved = tmp_path / "saved"
    helper = [sys.executable, "-c", SLOW_HELPER, str(saved)]
    first = f"import subprocess; subprocess.run({helper})"
    process = await python(first, start_new_session=True)
    await stop(process, 30)
    assert saved.exists()


async def test_what_has_ended_already_can_be_stopped():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ""), stdout=PIPE, start_new_session=True
    )
    await process.wait()
    await stop(process, 0.5)
    assert process.returncode == 0


# Python only: nobody can cancel a promise.
async def test_a_cancelled_program_stops_what_it_started(monkeypatch):
    begun: list[Any] = []

    async def watched(name):
        begun.append(await start(name))
        return begun[-1]

    monkeypatch.setattr(stop_a_subprocess, "start", watched)
    task = asyncio.create_task(main())
    while not begun:  # noqa: ASYNC110
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with limited(lambda: "it still runs"):
        assert await begun[0].stdout.read() in (b"", b"ready\n")
    assert begun[0].returncode is not None


async def test_the_limit_is_half_a_second(clock, monkeypatch):
    if WINDOWS:
        return  # there is no such limit there
    sent: asyncio.Queue[str] = asyncio.Queue()

    def killpg(group, number):
        sent.put_nowait(number.name)
        send(group, number)

    send = os.killpg
    monkeypatch.setattr(os, "killpg", killpg)
    async with running(main()) as program:
        for name in "SIGTERM", "SIGKILL", "SIGTERM":
            assert await sent.get() == name
        await clock.advance(0.49)
        assert sent.empty()
        await clock.advance(0.02)
        assert await sent.get() == "SIGKILL"
    assert program.lines[-1] == "deaf: -9, nothing is left"


# What the language does, without the program.


async def test_giving_up_the_wait_does_not_stop_the_process():
    process = await python(SLEEP)
    waiting = asyncio.create_task(process.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.wait(), 0.01)
    assert WINDOWS or exists(process.pid)
    assert process.returncode is None
    process.kill()
    await process.communicate()


async def test_a_signal_for_one_leaves_its_helper_alive():
    if WINDOWS:
        return  # there are no process groups
    process: Any = await start("polite")
    await process.stdout.readline()
    ended = asyncio.create_task(process.wait())
    process.terminate()
    while process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    # The helper is there, in the group, and holds the output open.
    # The terminal sends Ctrl+C to our group only.
    assert os.getpgid(0) != process.pid
    os.killpg(process.pid, 0)
    rest = asyncio.create_task(process.stdout.read())
    await asyncio.sleep(0)
    assert not rest.done()
    if sys.version_info < (3, 13, 1):
        assert not ended.done()
    os.killpg(process.pid, signal.SIGKILL)
    assert await rest == b""
    assert await ended == -15


async def test_no_zombie_is_left():
    process = await python("print('ready', flush=True)")
    # Nobody waits for it, and yet it goes.
    while process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert WINDOWS or not exists(process.pid)


async def test_a_signal_for_what_has_ended():
    process = await python("print('ready', flush=True)")
    # Not before asyncio has heard of the end, which takes some turns.
    with pytest.raises(ProcessLookupError):
        while True:
            process.terminate()
            await asyncio.sleep(0)
    with pytest.raises(ProcessLookupError):
        process.kill()


# Python only: Node says nothing about a child that outlives it.
async def test_a_process_that_outlives_the_loop():
    ended = await run_python(
        *("-X", "dev", "-c"),
        "import asyncio, subprocess, sys\n"
        "async def main():\n"
        "    process = await asyncio.create_subprocess_exec(\n"
        "        *(sys.executable, '-c',\n"
        "          'import time; time.sleep(3600)'),\n"
        "        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)\n"
        "    print(process.pid)\n"
        "asyncio.run(main())\n",
    )
    os.kill(int(ended.stdout), signal.SIGTERM)
    said = (
        "Exception ignored in: "
        "<function BaseSubprocessTransport.__del__ at 0x"
    )
    assert (said in ended.stderr) == (sys.version_info >= (3, 12))
