import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager

import pytest

from helpers import killed, printed, running
from uses.subprocesses import main, run

WINDOWS = sys.platform == "win32"
# It prints its number, and ignores a request to end.
FOREVER = (
    "import os, signal\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print(os.getpid(), flush=True); input()"
)


def python(script, *arguments):
    """The command that runs a script with this Python."""
    return [sys.executable, "-c", script, *arguments]


@asynccontextmanager
async def started(command, **options):
    """A process that lives no longer than the block."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        **options,
    )
    try:
        yield process
    finally:
        await killed(process)


def is_gone(pid):
    """Whether there is no such process, not even a zombie."""
    if WINDOWS:
        return True  # to ask would end it there
    try:
        # If it lives on, the test fails, and must not leave it behind.
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return True
    return False


async def test_a_command_is_answered_read_and_judged():
    assert await printed(main()) == (
        "What is your name?\n"
        "Hello, Ada\n"
        "On stderr: 1000000 characters\n"
        "Exit code: 3\n"
    )


async def test_lines_come_while_two_commands_run(tmp_path):
    script = (
        "import os, sys, time\n"
        "print('ready', flush=True)\n"
        "for _ in range(3000):\n"
        "    if os.path.exists(sys.argv[1]): break\n"
        "    time.sleep(0.01)\n"
        "print('done')"
    )
    command = python(script, str(tmp_path / "go on"))
    both = asyncio.gather(*(run(command, "", print) for _ in "ab"))
    async with running(asyncio.wait_for(both, None)) as program:
        await program.prints("ready\nready\n")
        (tmp_path / "go on").touch()
    assert program.lines == ["ready", "ready", "done", "done"]


async def test_a_command_may_end_without_reading():
    script = (
        "import os, sys\n"
        "os.close(0)\n"
        "print('Well?', flush=True)\n"
        "sys.exit(4)"
    )
    lines: list[str] = []
    code, errors = await run(python(script), "Ada", lines.append)
    assert (lines, code, errors) == (["Well?"], 4, "")


async def test_a_time_limit_ends_the_command(clock):
    with pytest.raises(TimeoutError):
        async with running(run(python(FOREVER), "", print)) as program:
            await program.prints("\n")
            await clock.advance(9.9)
            assert not program.task.done()
            await clock.advance(0.1)
    assert is_gone(int(program.output))


async def test_an_error_ends_the_command():
    lines: list[str] = []

    def show(line):
        lines.append(line)
        raise ValueError("no screen")

    with pytest.raises(ExceptionGroup) as caught:
        await run(python(FOREVER), "", show)
    assert caught.group_contains(ValueError, match="no screen")
    assert is_gone(int(lines[0]))


# Python only: nobody can cancel a promise.
async def test_a_cancelled_run_ends_the_command():
    with pytest.raises(asyncio.CancelledError):
        async with running(run(python(FOREVER), "", print)) as program:
            await program.prints("\n")
            program.task.cancel()
    assert is_gone(int(program.output))


async def test_a_signal_gives_another_exit_code():
    script = "import os; os.kill(os.getpid(), 15)"
    code, _ = await run(python(script), "", print)
    assert code == (15 if WINDOWS else -signal.SIGTERM)
    assert WINDOWS or code == -15


# What the language does, without the program.


async def test_what_a_command_has_printed_when_it_is_killed():
    script = (
        "import sys, time\n"
        "print('printed')\n"
        "print('here', file=sys.stderr, flush=True)\n"
        "time.sleep(60)"
    )
    for option, expected in [("-b", ""), ("-u", "printed")]:
        command = python(script)
        async with started([command[0], option, *command[1:]]) as it:
            await it.stderr.readline()
            it.kill()
            # Towards a pipe, Python keeps lines until there are many.
            out, _ = await it.communicate()
            assert out.decode().strip() == expected


async def test_a_full_pipe_stops_the_command():
    script = (
        "import sys\n"
        "print('begins', file=sys.stderr, flush=True)\n"
        "sys.stdout.write('x' * 8_000_000)"
    )
    async with started(python(script)) as process:
        waiting = asyncio.create_task(process.wait())
        await process.stderr.readline()
        assert not waiting.done()
        # Somebody reads, and the command goes on to its end.
        out, _ = await process.communicate()
        assert len(out) == 8_000_000
        assert await waiting == 0


# Python only: in Node it is `execFile`, with a limit.
async def test_communicate_sends_reads_both_and_waits():
    script = (
        "import sys\n"
        "sys.stderr.write('!' * 3_000_000)\n"
        "sys.stdout.write(input() * 1_000_000)\n"
        "sys.exit(3)"
    )
    async with started(python(script)) as process:
        out, errors = await process.communicate(b"Ada\n")
        assert (len(out), len(errors)) == (3_000_000, 3_000_000)
        assert process.returncode == 3


async def test_a_very_long_line():
    script = "print('x' * 1_000_000)"
    async with started(python(script)) as process:
        with pytest.raises(
            ValueError,
            match="Separator is not found, and chunk exceed the limit",
        ):
            await process.stdout.readline()
    # It says another thing if the end of the line is there, too.
    stream = asyncio.StreamReader(limit=10)
    stream.feed_data(b"eleven chars\n")
    with pytest.raises(
        ValueError,
        match="Separator is found, but chunk is longer than limit",
    ):
        await stream.readline()
    async with started(python(script), limit=2**20) as process:
        line = await process.stdout.readline()
        assert len(line.strip()) == 1_000_000


async def test_writing_to_a_command_that_does_not_read():
    script = (
        "import os, time\n"
        "os.close(0)\n"
        "print('closed', flush=True)\n"
        "time.sleep(60)"
    )
    async with started(python(script)) as process:
        await process.stdout.readline()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while True:
                process.stdin.write(b"Ada\n")
                await process.stdin.drain()


async def test_a_command_that_does_not_exist():
    with pytest.raises(FileNotFoundError) as caught:
        await asyncio.create_subprocess_exec("no-such-command")
    assert WINDOWS or str(caught.value) == (
        "[Errno 2] No such file or directory: 'no-such-command'"
    )
    # This is no command with an argument, but one strange name.
    with pytest.raises(FileNotFoundError):
        await asyncio.create_subprocess_exec(f"{sys.executable} -V")


async def test_only_a_shell_reads_more_than_an_argument():
    name = f"you {'&' if WINDOWS else ';'} echo injected"
    script = "import sys; print(sys.argv[1])"
    lines: list[str] = []
    await run(python(script, name), "", lines.append)
    assert lines == [name]
    shell = await asyncio.create_subprocess_shell(
        f"echo hello {name}", stdout=PIPE
    )
    out, _ = await shell.communicate()
    assert [line.strip() for line in out.decode().splitlines()] == [
        "hello you",
        "injected",
    ]
