import asyncio
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from failures.graceful_shutdown import main, run
from helpers import (
    LIMIT,
    last_line,
    limited,
    printed,
    run_python,
    running,
    serving,
)

JOBS = [f"/users/{n}" for n in range(1, 6)]
# The worker in a process of its own, as one runs it. It prints a
# number first, as a server does its port.
WORKER = """
import asyncio, os
import httpx
from failures.graceful_shutdown import run

async def main():
    async with httpx.AsyncClient(
        base_url=os.environ["API_URL"], timeout=None
    ) as client:
        await run(client, [f"/users/{n}" for n in range(1, 6)])

print(0, flush=True)
asyncio.run(main())
"""


def handlers():
    numbers = signal.SIGINT, signal.SIGTERM
    return {number: signal.getsignal(number) for number in numbers}


@pytest.fixture(autouse=True)
def those_of_the_test_runner():
    """They are back after a test that sets handlers of its own."""
    before = handlers()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_the_program_stops_in_the_middle_of_three_jobs(
    mock_api, clock
):
    await mock_api.hold("/users/*")
    async with running(main(mock_api.url)) as program:
        for user in 4, 5, 3:
            await mock_api.saw(f"GET /users/{user}")
        await clock.advance(0.1)
        await program.prints("SIGTERM: no new jobs\n")
        await mock_api.release("/users/4")
        await program.prints("Done: Edsger\n")
        await mock_api.release("/users/5")
        await program.prints("Done: Barbara\n")
        assert not program.task.done()
        await clock.advance(1)
        await mock_api.ended("/users/3")
    assert program.output == (
        "SIGTERM: no new jobs\n"
        "Done: Edsger\n"
        "Done: Barbara\n"
        "Not done: /users/3?delay=30 /users/1\n"
    )
    # Nobody has begun the fourth job.
    assert await mock_api.endings() == {
        "/users/4": "completed",
        "/users/5": "completed",
        "/users/3": "client hung up",
    }


async def test_the_limit_is_one_second(mock_api, client, clock):
    await mock_api.hold("/users/*")
    async with running(run(client, JOBS[:])) as program:
        await mock_api.saw("GET /users/*", 3)
        signal.raise_signal(signal.SIGTERM)
        await program.prints("SIGTERM: no new jobs\n")
        await clock.advance(0.999)
        # The other signal gives the jobs no more time.
        signal.raise_signal(signal.SIGINT)
        await program.prints("SIGINT: no new jobs\n")
        assert not program.task.done()
        log = await mock_api.log(settled=False)
        assert [entry.ending for entry in log] == [None] * 3
        await clock.advance(0.001)
        await mock_api.ended("/users/*", 3)
    endings = await mock_api.endings()
    assert set(endings.values()) == {"client hung up"}
    assert program.lines[2:] == ["Not done: " + " ".join(JOBS)]


async def test_a_failure_at_the_limit_is_not_lost(
    client, clock, monkeypatch
):
    async def get(path):
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            # The limit stops the others, and nothing else.
            if path == "/users/1":
                raise
            raise httpx.ReadError("lost") from None

    monkeypatch.setattr(client, "get", get)
    with pytest.raises(ExceptionGroup) as raised:
        async with running(run(client, JOBS[:])) as program:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            signal.raise_signal(signal.SIGTERM)
            await program.prints("SIGTERM: no new jobs\n")
            await clock.advance(1)
    assert raised.group_contains(httpx.ReadError, match="lost")


async def test_the_end_does_not_wait_for_the_limit(
    mock_api, client, clock
):
    await mock_api.hold("/users/*")
    async with running(run(client, JOBS[:])) as program:
        await mock_api.saw("GET /users/*", 3)
        signal.raise_signal(signal.SIGINT)
        await program.prints("SIGINT: no new jobs\n")
        await mock_api.release("/users/*")
    # The clock stands still, and all jobs under way are done.
    assert sorted(program.lines[1:4]) == [
        "Done: Ada",
        "Done: Alan",
        "Done: Grace",
    ]
    assert program.lines[4:] == ["Not done: /users/4 /users/5"]
    assert len(await mock_api.log()) == 3


async def test_without_a_signal_every_job_is_done(mock_api, client):
    await mock_api.hold("/users/*")
    async with running(run(client, JOBS[:])) as program:
        await mock_api.saw("GET /users/*", 3)
        # A fourth job would be there before this request.
        await client.get("/data")
        log = await mock_api.log(settled=False)
        assert [entry.path for entry in log[3:]] == ["/data"]
        await mock_api.release("/users/*")
    assert len(program.lines) == 6
    assert program.lines[5].strip() == "Not done:"
    assert len(await mock_api.log()) == 6


async def test_a_failed_job_stops_the_others(mock_api, client):
    await mock_api.hold("/users/*")
    await mock_api.fail("/users/2", [503])
    with pytest.raises(ExceptionGroup) as caught:
        async with running(run(client, JOBS[:])) as program:
            await mock_api.saw("GET /users/*", 3)
            await mock_api.release("/users/2")
    assert caught.group_contains(httpx.HTTPStatusError, match="503")
    assert program.lines == ["Not done: " + " ".join(JOBS)]
    assert await mock_api.endings() == {
        "/users/1": "client hung up",
        "/users/2": "completed",
        "/users/3": "client hung up",
    }


async def test_the_handlers_are_put_back(mock_api, client):
    before = handlers()
    await mock_api.hold("/users/*")
    async with running(run(client, JOBS[:])) as program:
        await mock_api.saw("GET /users/*", 3)
        assert not set(before.values()) & set(handlers().values())
        for number in before:
            signal.raise_signal(number)
        await program.prints("SIGTERM: no new jobs\n")
        await mock_api.release("/users/*")
    assert handlers() == before
    await printed(run(client, JOBS[:]))
    assert handlers() == before
    await mock_api.fail("/users/1", [503])
    with pytest.raises(ExceptionGroup):
        await printed(run(client, JOBS[:]))
    assert handlers() == before


async def told(process):
    """The next line of a worker."""
    async with limited(lambda: "the worker has not printed a line"):
        return (await process.stdout.readline()).decode().strip()


async def test_both_signals_let_the_jobs_finish(mock_api):
    if sys.platform == "win32":
        return  # Windows cannot send the signals
    env = {"API_URL": mock_api.url, "PYTHONUNBUFFERED": "1"}
    for times, number in enumerate((signal.SIGTERM, signal.SIGINT), 1):
        await mock_api.hold("/users/*")
        async with serving("python", WORKER, **env) as worker:
            await mock_api.saw("GET /users/*", 3 * times)
            worker.process.send_signal(number)
            said = f"{number.name}: no new jobs"
            assert await told(worker.process) == said
            await mock_api.release("/users/*")
            lines = [await told(worker.process) for _ in range(4)]
            assert lines[3] == "Not done: /users/4 /users/5"
            assert await worker.process.wait() == 0
    log = await mock_api.log()
    assert [entry.ending for entry in log] == ["completed"] * 6


async def test_the_same_signal_again_ends_it_at_once(mock_api):
    if sys.platform == "win32":
        return  # Windows cannot send the signal
    await mock_api.hold("/users/*")
    env = {"API_URL": mock_api.url, "PYTHONUNBUFFERED": "1"}
    async with serving("python", WORKER, **env) as worker:
        await mock_api.saw("GET /users/*", 3)
        worker.process.send_signal(signal.SIGTERM)
        assert await told(worker.process) == "SIGTERM: no new jobs"
        worker.process.send_signal(signal.SIGTERM)
        assert await worker.process.wait() == -signal.SIGTERM
        # Nothing has been cleaned up.
        assert await told(worker.process) == ""
        await mock_api.ended("/users/*", 3)
    endings = await mock_api.endings()
    assert set(endings.values()) == {"client hung up"}


# Python only: a listener of Node is called by the loop itself.
async def test_the_limit_strikes_though_nothing_else_happens(mock_api):
    if sys.platform == "win32":
        return  # Windows cannot send the signal
    await mock_api.hold("/users/*")
    env = {"API_URL": mock_api.url, "PYTHONUNBUFFERED": "1"}
    async with serving("python", WORKER, **env) as worker:
        await mock_api.saw("GET /users/*", 3)
        # The loop sleeps: the handler has to wake it.
        worker.process.send_signal(signal.SIGTERM)
        assert await told(worker.process) == "SIGTERM: no new jobs"
        said = "Not done: " + " ".join(JOBS)
        assert await told(worker.process) == said
        assert await worker.process.wait() == 0
        await mock_api.ended("/users/*", 3)
    endings = await mock_api.endings()
    assert set(endings.values()) == {"client hung up"}


# What the language does, without the program.


async def test_a_handler_takes_the_default_end_away():
    heard = []
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def on_signal(number, frame):
        heard.append("handler")
        loop.call_soon_threadsafe(told.set)

    signal.signal(signal.SIGTERM, on_signal)
    signal.raise_signal(signal.SIGTERM)
    heard.append("next line")
    # This process would have ended by now.
    await told.wait()
    assert heard == ["handler", "next line"]


async def test_a_busy_loop_and_a_second_signal():
    if sys.platform == "win32":
        return  # Windows has no such exit codes
    ended = await run_python(
        "-uc",
        "import asyncio, signal\n"
        "async def main():\n"
        "    loop = asyncio.get_running_loop()\n"
        "    def on_signal(number, frame):\n"
        "        print('handler')\n"
        "        signal.signal(number, signal.SIG_DFL)\n"
        "        loop.call_soon_threadsafe(print, 'loop')\n"
        "    signal.signal(signal.SIGTERM, on_signal)\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    print('busy')\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    print('still busy')\n"
        "asyncio.run(main())\n",
    )
    assert ended.stdout.split() == ["handler", "busy"]
    assert ended.code == -signal.SIGTERM


async def test_sigterm_without_a_handler_runs_no_finally():
    if sys.platform == "win32":
        return  # Windows has no such exit codes
    ended = await run_python(
        "-uc",
        "import asyncio, signal\n"
        "async def main():\n"
        "    try:\n"
        "        print('at work')\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "        await asyncio.sleep(3600)\n"
        "    finally:\n"
        "        print('cleaned up')\n"
        "asyncio.run(main())\n",
    )
    assert ended.stdout == "at work\n"
    assert ended.stderr == ""
    assert ended.code == -signal.SIGTERM


# Python only: Node prints nothing when a signal ends it.
async def test_what_python_prints_at_ctrl_c():
    if sys.platform == "win32":
        return  # Windows has no such exit codes
    ended = await run_python(
        "-uc",
        "import asyncio, signal\n"
        "async def main():\n"
        "    try:\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "        await asyncio.sleep(3600)\n"
        "    finally:\n"
        "        print('cleaned up')\n"
        "asyncio.run(main())\n",
    )
    assert ended.stdout == "cleaned up\n"
    between = (
        "During handling of the above exception, "
        "another exception occurred:"
    )
    first, second = ended.stderr.split(between)
    last = "asyncio.exceptions.CancelledError"
    assert first.splitlines()[-2] == last
    assert second.splitlines()[-1] == "KeyboardInterrupt"
    assert ended.code == -signal.SIGINT


# Python only: Node ends at once without a listener.
def test_ctrl_c_without_a_handler_cancels_main():
    seen = []

    async def first():
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            seen.append("cleaned up")
            raise

    async def swallow():
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "went on"

    async def twice():
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(3600)
        finally:
            signal.raise_signal(signal.SIGINT)
            seen.append("not reached")

    async def busy():
        signal.raise_signal(signal.SIGINT)
        seen.append("still busy")
        signal.raise_signal(signal.SIGINT)
        seen.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(first())
    assert seen == ["cancelled", "cleaned up"]
    # Whoever swallows the cancellation has swallowed Ctrl+C.
    assert asyncio.run(swallow()) == "went on"
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(twice())
    # A computation does not notice the first.
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(busy())
    assert seen[-1] == "still busy"
    assert "not reached" not in seen


# Python only: Node has no handler of its own for Ctrl+C.
def test_ctrl_c_is_ignored_behind_an_ampersand():
    if sys.platform == "win32":
        return  # Windows has no sh
    source = "import signal; print(signal.getsignal(2).name)"
    command = [
        "sh",
        "-c",
        '"$0" -c "$1" & wait',
        sys.executable,
        source,
    ]
    assert subprocess.check_output(command) == b"SIG_IGN\n"


# Python only: Node has one way to listen, on every system.
async def test_the_handler_of_the_loop_is_for_posix():
    # What a loop says that has none, as on Windows.
    bare = asyncio.BaseEventLoop()
    with pytest.raises(NotImplementedError) as caught:
        bare.add_signal_handler(signal.SIGTERM, print)
    assert str(caught.value) == ""
    bare.close()
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    heard: list[str] = []
    told = asyncio.Event()

    def on_signal():
        heard.append("loop")
        told.set()

    loop.add_signal_handler(signal.SIGTERM, on_signal)
    signal.raise_signal(signal.SIGTERM)
    heard.append("next line")
    await told.wait()
    loop.remove_signal_handler(signal.SIGTERM)
    assert heard == ["next line", "loop"]


# Python only: a worker of Node may listen, and hears nothing.
def test_only_the_main_thread_may_set_a_handler():
    errors = []

    async def set_handlers():
        loop = asyncio.get_running_loop()
        for function in signal.signal, loop.add_signal_handler:
            try:
                function(signal.SIGTERM, print)
            except (ValueError, RuntimeError) as error:
                errors.append(last_line(error))
            except NotImplementedError:
                assert sys.platform == "win32"

    thread = threading.Thread(target=asyncio.run, args=[set_handlers()])
    thread.start()
    thread.join()
    assert errors[0] == (
        "ValueError: signal only works in "
        "main thread of the main interpreter"
    )
    if sys.platform != "win32":
        assert errors[1] == (
            "RuntimeError: set_wakeup_fd only works in "
            "main thread of the main interpreter"
        )


async def test_the_exit_code_can_say_which_signal_it_was():
    if sys.platform == "win32":
        return  # Windows has no such exit codes
    ended = await run_python(
        "-uc",
        "import asyncio, signal\n"
        "stopped_by = []\n"
        "async def main():\n"
        "    told = asyncio.Event()\n"
        "    loop = asyncio.get_running_loop()\n"
        "    def on_signal(number, frame):\n"
        "        stopped_by.append(number)\n"
        "        loop.call_soon_threadsafe(told.set)\n"
        "    signal.signal(signal.SIGTERM, on_signal)\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    await told.wait()\n"
        "    print('cleaned up')\n"
        "asyncio.run(main())\n"
        "for number in stopped_by:\n"
        "    signal.signal(number, signal.SIG_DFL)\n"
        "    signal.raise_signal(number)\n",
    )
    assert ended.stdout == "cleaned up\n"
    assert ended.code == -signal.SIGTERM


# Python only: a shell does not know which language has ended.
def test_a_shell_says_143():
    if sys.platform == "win32":
        return  # Windows has no such exit codes
    command = "sh -c 'kill -TERM $$'; echo $?"
    answer = subprocess.check_output(["sh", "-c", command])
    assert answer == b"143\n"


# Python only: a shell does not know which language it has started.
def test_a_shell_does_not_pass_the_signal_on():
    if sys.platform == "win32":
        return  # Windows cannot send the signal
    pipe = subprocess.PIPE
    for command, answer in ("cat; :", b"alive\n"), ("exec cat", b""):
        with subprocess.Popen(
            ["sh", "-c", command], bufsize=0, stdin=pipe, stdout=pipe
        ) as shell:
            assert shell.stdin
            assert shell.stdout
            shell.stdin.write(b"here\n")
            assert shell.stdout.readline() == b"here\n"
            shell.terminate()
            assert shell.wait(LIMIT) == -signal.SIGTERM
            # Does the program behind the shell still read and write?
            assert shell.communicate(b"alive\n")[0] == answer
