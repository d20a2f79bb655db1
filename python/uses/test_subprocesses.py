import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import asynccontextmanager

import pytest

from helpers import printed, running
from uses import subprocesses
from uses.subprocesses import follow, main, start, stop

WINDOWS = sys.platform == "win32"
ECHO = "print('ready', flush=True); print(input(), flush=True)"
DEAF = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True); time.sleep(3600)"
)


@asynccontextmanager
async def python(script, *arguments):
    """A process that runs a script, and no longer than the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )
    try:
        yield process
    finally:
        await stop(process)
        await process.communicate()


async def output_of(process: Process):
    out, err = await process.communicate()
    assert err == b""
    return out.decode().replace("\r\n", "\n")


def exists(pid):
    """Whether there is such a process, if only as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_three_run_at_once_and_one_is_stopped():
    code = 1 if WINDOWS else -signal.SIGTERM
    lines = (await printed(main())).splitlines()
    assert lines[-2:] == ["The time is up", f"Ended with: 0 0 {code}"]
    # Whose line comes first, a busy machine decides.
    for name in ("quick", "slow"):
        assert [line for line in lines if name in line] == [
            f"{name}: first line",
            f"{name}: second line",
        ]
    assert len(lines) == 6


async def test_a_line_is_read_while_the_process_goes_on():
    script = "for _ in range(2): print(input(), flush=True)"
    async with python(script) as process:
        async with running(follow("it", process)) as program:
            await program.prints("it: go\n")
            assert process.returncode is None
            process.stdin.write(b"the end\n")
        assert program.lines == ["it: go", "it: the end"]
        assert process.returncode == 0


async def test_what_a_process_has_printed_when_it_is_killed():
    script = (
        "import sys, time\n"
        "print('printed')\n"
        "print('here', file=sys.stderr, flush=True)\n"
        "time.sleep(3600)"
    )
    async with python(script) as process:
        await process.stderr.readline()
        process.kill()
        # Towards a pipe, Python keeps its lines until there are many.
        assert await output_of(process) == ""


async def test_a_pipe_that_nobody_reads_stops_the_process():
    script = (
        "import sys\n"
        "print('begins', file=sys.stderr, flush=True)\n"
        "sys.stdout.write('x' * 8_000_000)"
    )
    async with python(script) as process:
        waiting = asyncio.create_task(process.wait())
        await process.stderr.readline()
        assert not waiting.done()
        assert len(await output_of(process)) == 8_000_000
        assert await waiting == 0


async def test_giving_up_the_wait_does_not_stop_the_process():
    async with python(ECHO) as process:
        await process.stdout.readline()
        waiting = asyncio.create_task(process.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        out, _ = await process.communicate(b"still here\n")
        assert out.split() == [b"still", b"here"]


async def test_a_process_that_ignores_the_request_is_killed():
    async with python(DEAF) as process:
        await process.stdout.readline()
        await stop(process, 0.1)
        assert process.returncode == (1 if WINDOWS else -signal.SIGKILL)


async def test_no_zombie_is_left():
    async with python("") as process:
        await process.stdout.read()
        # Nobody waits for it, and yet it goes.
        while process.returncode is None:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert WINDOWS or not exists(process.pid)
    stopped = await start(3600)
    assert WINDOWS or exists(stopped.pid)
    await stop(stopped)
    assert WINDOWS or not exists(stopped.pid)


# Python only: nobody can cancel a promise.
async def test_a_cancelled_program_stops_its_processes(monkeypatch):
    started = []

    async def watched(pause):
        started.append(await start(pause))
        return started[-1]

    monkeypatch.setattr(subprocesses, "start", watched)
    with pytest.raises(asyncio.CancelledError):
        async with running(main()) as program:
            await program.prints("quick: first line")
            program.task.cancel()
    assert len(started) == 3
    assert all(process.returncode is not None for process in started)


# Python only: a time limit is a timer in JavaScript, or an option.
async def test_a_time_limit_stops_the_waiting_and_not_the_process():
    async with python(ECHO) as process:
        await process.stdout.readline()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.01)
        out, _ = await process.communicate(b"still here\n")
        assert out.split() == [b"still", b"here"]


async def test_a_command_that_does_not_exist():
    with pytest.raises(FileNotFoundError):
        await asyncio.create_subprocess_exec("no-such-command")


async def test_only_a_shell_reads_more_than_an_argument():
    name = f"you {'&' if WINDOWS else ';'} echo injected"
    script = "import sys; print(sys.argv[1])"
    async with python(script, name) as process:
        assert await output_of(process) == f"{name}\n"
    shell = await asyncio.create_subprocess_shell(
        f"echo hello {name}", stdout=PIPE
    )
    out, _ = await shell.communicate()
    assert [line.strip() for line in out.decode().splitlines()] == [
        "hello you",
        "injected",
    ]
