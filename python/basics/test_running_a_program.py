import asyncio
import sys

import pytest

from helpers import run_python

PROGRAM = "basics/running_a_program.py"

EXIT_3 = """
import asyncio, sys

async def main():
    try:
        sys.exit(3)
    finally:
        await asyncio.sleep(0)
        print("cleaned up")

asyncio.run(main())
"""

CTRL_C = """
import asyncio, signal

async def main():
    try:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("cancelled")
        raise
    finally:
        await asyncio.sleep(0)
        print("cleaned up")

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("KeyboardInterrupt")
"""

SHARED_CLIENT = """
import asyncio, os, httpx

client = httpx.AsyncClient(base_url=os.environ["API_URL"])

async def main():
    return (await client.get("/data")).status_code

print(asyncio.run(main()))
asyncio.run(main())
"""


# Python only: Node runs on until the work has come to its end.
async def test_unfinished_work_is_cancelled_and_cleans_up(mock_api):
    await mock_api.hold("*")
    async with asyncio.TaskGroup() as group:
        process = group.create_task(
            run_python(PROGRAM, API_URL=mock_api.url)
        )
        await mock_api.saw("GET /posts")
        await mock_api.saw("GET /users/2")
        await mock_api.release("/users/2")
    ended = process.result()
    assert ended.stdout == (
        "Posts: asking\n"
        "Hello, Grace\n"
        "main has ended\n"
        "Posts: cleaned up\n"
    )
    assert (ended.code, ended.stderr) == (0, "")
    log = {entry.path: entry.ending for entry in await mock_api.log()}
    assert log == {
        "/users/2": "completed",
        "/posts": "client hung up",
    }


# Python only: Node ends when nothing is left that could wake it.
async def test_a_future_that_nobody_settles_is_awaited_for_ever():
    nobody_settles = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await nobody_settles


async def test_exit_codes():
    failed = await run_python(
        "-c",
        "import asyncio\n"
        "async def main(): raise ValueError('no luck')\n"
        "asyncio.run(main())",
    )
    assert failed.code == 1
    assert failed.stderr.endswith("ValueError: no luck\n")

    chosen = await run_python("-c", EXIT_3)
    assert (chosen.code, chosen.stdout) == (3, "cleaned up\n")
    assert chosen.stderr == ""


# Python only: Node dies on the spot.
async def test_ctrl_c_cancels_main_and_waits_for_its_cleanup():
    interrupted = await run_python("-c", CTRL_C)
    assert interrupted.stdout == (
        "cancelled\ncleaned up\nKeyboardInterrupt\n"
    )


async def test_await_at_the_top_level():
    code = "print(await __import__('asyncio').sleep(0, 'awaited'))"
    with pytest.raises(SyntaxError, match="'await' outside function"):
        compile(code, "module.py", "exec")

    prompt = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", "asyncio"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await prompt.communicate(f"{code}\n".encode())
    assert b"awaited" in output


# Python only: in JavaScript no code runs a loop.
async def test_a_running_loop_cannot_be_run_again():
    async def main():
        raise AssertionError("never runs")

    inner = main()
    with pytest.raises(RuntimeError) as refused:
        asyncio.run(inner)
    assert str(refused.value) == (
        "asyncio.run() cannot be called from a running event loop"
    )
    with pytest.raises(RuntimeError) as refused:
        asyncio.get_running_loop().run_until_complete(inner)
    assert str(refused.value) == "This event loop is already running"
    inner.close()


# Python only: JavaScript never asks for a loop.
async def test_no_current_event_loop():
    code = "import asyncio\nasyncio.get_event_loop().close()"
    alone = await run_python("-W", "always", "-c", code)
    if sys.version_info >= (3, 14):
        assert alone.code == 1
        assert (
            "RuntimeError: There is no current event loop in thread"
        ) in alone.stderr
    elif sys.version_info >= (3, 12):
        assert alone.code == 0
        assert (
            "DeprecationWarning: There is no current event loop"
        ) in alone.stderr
    else:
        assert alone.code == 0

    with pytest.raises(RuntimeError, match="no current event loop"):
        await asyncio.to_thread(asyncio.get_event_loop)


# Python only: JavaScript has one loop from beginning to end.
async def test_what_waited_on_one_loop_fails_on_the_next(mock_api):
    lock = asyncio.Lock()

    async def take():
        async with lock:
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(take(), take())

    def run_twice():
        asyncio.run(main())
        with pytest.raises(RuntimeError) as refused:
            asyncio.run(main())
        return str(refused.value)

    refusal = await asyncio.to_thread(run_twice)
    assert refusal.endswith("is bound to a different event loop")

    client = await run_python("-c", SHARED_CLIENT, API_URL=mock_api.url)
    assert client.stdout == "200\n"
    assert client.stderr.endswith(
        "RuntimeError: Event loop is closed\n"
    )
