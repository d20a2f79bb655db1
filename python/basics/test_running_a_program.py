import ast
import asyncio
import gc
import sys
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from basics.running_a_program import main
from helpers import run_python, running

NEW = sys.version_info >= (3, 14)


async def start(api):
    """Run the program until both requests have arrived.

    It runs in a loop of its own, as it does from the command line.
    """
    await api.hold("*")
    program = asyncio.create_task(
        asyncio.to_thread(asyncio.run, main(api.url))
    )
    await api.saw("GET /posts")
    await api.saw("GET /users/2")
    return program


# Python only: Node goes on until the work has come to its end.
async def test_unfinished_work_is_cancelled_and_cleans_up(
    mock_api, capsys
):
    program = await start(mock_api)
    await mock_api.release("/users/2")
    await program
    assert capsys.readouterr().out == (
        "Posts: asking\nHello, Grace\nmain ends\nPosts: cleaned up\n"
    )
    assert await mock_api.endings() == {
        "/posts": "client hung up",
        "/users/2": "completed",
    }


async def test_a_failure_of_main_ends_the_program(mock_api, capsys):
    await mock_api.fail("/users/2", [500])
    program = await start(mock_api)
    await mock_api.release("/users/2")
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await program
    # Not before the other task has cleaned up.
    assert capsys.readouterr().out == (
        "Posts: asking\nPosts: cleaned up\n"
    )
    assert await mock_api.endings() == {
        "/posts": "client hung up",
        "/users/2": "completed",
    }


async def test_work_that_ends_before_main_is_complete(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/2")
        await mock_api.release("/posts")
        await program.prints("Posts: cleaned up\n")
        await mock_api.release("/users/2")
    assert program.lines == [
        "Posts: asking",
        "Posts: 10",
        "Posts: cleaned up",
        "Hello, Grace",
        "main ends",
    ]


async def test_work_that_fails_says_so_itself(mock_api):
    await mock_api.fail("/posts", [500])
    await mock_api.hold("/users/2")
    async with running(main(mock_api.url)) as program:
        await program.prints("Posts: cleaned up\n")
        await mock_api.release("/users/2")
    assert program.lines[1].startswith("Posts: failed: ")
    assert "500" in program.lines[1]
    assert program.lines[-2:] == ["Hello, Grace", "main ends"]


# What the language does, without the program.


CLEANUP_UNDER_WAY = """
import asyncio

async def work(cleaning):
    try:
        return
    finally:
        cleaning.set()
        await asyncio.sleep(60)
        print("cleaned up")

async def main():
    cleaning = asyncio.Event()
    task = asyncio.create_task(work(cleaning))
    await cleaning.wait()

asyncio.run(main())
"""


# Python only: Node does not cancel anything.
async def test_a_cleanup_under_way_is_cancelled_as_well():
    ended = await run_python("-c", CLEANUP_UNDER_WAY)
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")


KEPT = """
import asyncio

async def work(name):
    await asyncio.sleep(0.001)
    print(name)

async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(work("group"))
    left = asyncio.create_task(work("left"))
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others)
    assert left.done()

asyncio.run(main())
"""


# Python only: Node goes on until the work has come to its end.
async def test_a_group_waits_for_its_tasks_before_main_ends():
    ended = await run_python("-c", KEPT)
    assert (ended.code, ended.stdout) == (0, "group\nleft\n")


# Python only: JavaScript keeps what can still be settled.
async def test_a_task_that_nobody_holds_may_be_collected(caplog):
    async def wait():
        await asyncio.get_running_loop().create_future()

    # mypy and ruff would find this line.
    create_task: Any = asyncio.create_task
    create_task(wait())
    await asyncio.sleep(0)
    gc.collect()
    assert "Task was destroyed but it is pending!" in caplog.text


# Python only: Node ends when nothing is left that could wake it.
async def test_a_future_that_nobody_settles_is_awaited_for_ever(clock):
    future = asyncio.get_running_loop().create_future()

    async def wait():
        await future

    task = asyncio.create_task(wait())
    await clock.advance(365 * 24 * 3600)
    assert not task.done()
    future.set_result(None)
    await task


async def test_exit_codes():
    failed = await run_python(
        "-c",
        "import asyncio\n"
        "async def main(): raise ValueError('no luck')\n"
        "asyncio.run(main())",
    )
    assert failed.code == 1
    assert failed.stderr.endswith("ValueError: no luck\n")

    chosen = await run_python(
        "-c",
        "import asyncio, sys\n"
        "async def main():\n"
        "    try:\n"
        "        sys.exit(3)\n"
        "    finally:\n"
        "        await asyncio.sleep(0)\n"
        "        print('cleaned up')\n"
        "asyncio.run(main())",
    )
    assert (chosen.code, chosen.stdout) == (3, "cleaned up\n")
    assert chosen.stderr == ""


CTRL_C = """
import asyncio, signal

async def main():
    try:
        signal.raise_signal(signal.SIGINT)
        print("goes on to its next await")
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("cancelled")
        raise
    finally:
        await asyncio.sleep(0)
        print("cleaned up")
"""


# Python only: Node dies on the spot.
async def test_ctrl_c_cancels_main_and_waits_for_its_cleanup():
    lines = "goes on to its next await\ncancelled\ncleaned up\n"
    bare = await run_python("-c", f"{CTRL_C}asyncio.run(main())")
    assert bare.stdout == lines
    assert bare.stderr.endswith("\nKeyboardInterrupt\n")

    caught = await run_python(
        "-c",
        f"{CTRL_C}\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n",
    )
    assert (caught.code, caught.stderr) == (0, "")
    assert caught.stdout == f"{lines}stopped\n"


async def test_await_at_the_top_level():
    code = "print(await __import__('asyncio').sleep(0, 'awaited'))"
    with pytest.raises(SyntaxError) as refused:
        compile(code, "module.py", "exec")
    assert f"SyntaxError: {refused.value.msg}" == (
        "SyntaxError: 'await' outside function"
    )
    # What a prompt or a notebook does.
    flag = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    compile(code, "cell", "exec", flags=flag)

    prompt = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", "asyncio"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await prompt.communicate(f"{code}\n".encode())
    assert b"awaited" in output


PAGE = """
<script>await null; globalThis.script = true;</script>
<script type="module">
  await null;
  globalThis.module = true;
</script>
"""


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_awaits_at_the_top_level_of_a_module():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"data:text/html,{quote(PAGE)}")
        await page.wait_for_function("globalThis.module")
        assert await page.evaluate("globalThis.script") is None
    assert errors == [
        "await is only valid in async functions "
        "and the top level bodies of modules"
    ]


# Python only: in JavaScript no code runs a loop.
async def test_a_running_loop_cannot_be_run_again():
    async def get_name():
        return "Ada"

    async def handler():
        name = get_name()
        with pytest.raises(RuntimeError) as refused:
            asyncio.run(name)
        text = f"RuntimeError: {refused.value}"
        # The cure.
        return text, await name

    text, name = await handler()
    assert name == "Ada"
    assert text == (
        "RuntimeError: asyncio.run() cannot be called "
        "from a running event loop"
    )

    inner = get_name()
    with pytest.raises(RuntimeError) as refused:
        asyncio.get_running_loop().run_until_complete(inner)
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: This event loop is already running"
    )
    other = asyncio.new_event_loop()
    with pytest.raises(RuntimeError) as refused:
        other.run_until_complete(inner)
    other.close()
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: Cannot run the event loop "
        "while another loop is running"
    )
    inner.close()

    def plain():
        return asyncio.run(get_name())

    # Another thread may run a loop of its own.
    name = await asyncio.to_thread(plain)
    assert name == "Ada"


# Python only: a JavaScript program calls main itself.
async def test_run_wants_the_call_and_not_the_function():
    function = "import asyncio\nasync def main(): pass\n"
    ended = await run_python("-c", f"{function}asyncio.run(main)")
    if NEW:
        text = (
            "TypeError: An asyncio.Future, a coroutine "
            "or an awaitable is required"
        )
    else:
        text = (
            "ValueError: a coroutine was expected, "
            "got <function main at 0x"
        )
    assert text in ended.stderr

    ended = await run_python(
        "-c",
        "import asyncio\n"
        "async def save(): pass\n"
        "async def main(): asyncio.create_task(save)\n"
        "asyncio.run(main())",
    )
    text = (
        "TypeError: a coroutine was expected, got <function save at 0x"
    )
    assert text in ended.stderr


# Python only: JavaScript never asks for a loop.
async def test_get_event_loop_no_longer_makes_a_loop():
    code = "import asyncio\n{}\nasyncio.get_event_loop().close()"
    flags = ("-W", "always", "-c")
    text = (
        "RuntimeError: There is no current event loop "
        "in thread 'MainThread'."
    )
    alone = await run_python(*flags, code.format(""))
    if NEW:
        assert alone.code == 1
        assert text in alone.stderr
    elif sys.version_info >= (3, 12):
        assert alone.code == 0
        assert (
            "DeprecationWarning: There is no current event loop"
        ) in alone.stderr
    else:
        assert (alone.code, alone.stderr) == (0, "")

    # After a run it makes none, on any version.
    run = "async def main(): pass\nasyncio.run(main())"
    after = await run_python(*flags, code.format(run))
    assert after.code == 1
    assert text in after.stderr

    # One that was set, it gives.
    choose = "asyncio.set_event_loop(asyncio.new_event_loop())"
    chosen = await run_python(*flags, code.format(choose))
    assert chosen.code == 0

    with pytest.raises(RuntimeError, match="no current event loop"):
        await asyncio.to_thread(asyncio.get_event_loop)


SHARED_LOCK = """
import asyncio

lock = asyncio.Lock()

async def take():
    async with lock:
        await asyncio.sleep(0)

async def main():
    await asyncio.gather(take(), take())

with asyncio.Runner() as runner:
    runner.run(main())
    runner.run(main())
print("one loop")
asyncio.run(main())
"""


# Python only: JavaScript has one loop from beginning to end.
async def test_what_waited_on_one_loop_fails_on_the_next():
    ended = await run_python("-c", SHARED_LOCK)
    assert ended.stdout == "one loop\n"
    text = ended.stderr.splitlines()[-1]
    assert text.startswith(
        "RuntimeError: <asyncio.locks.Lock object at 0x"
    )
    assert text.endswith(
        " [locked]> is bound to a different event loop"
    )


SHARED_FUTURE = """
import asyncio

loop = asyncio.new_event_loop()
future = loop.create_future()

async def main():
    await future

try:
    asyncio.run(main())
finally:
    loop.close()
"""


# Python only: JavaScript has one loop from beginning to end.
async def test_a_future_belongs_to_its_loop():
    ended = await run_python("-c", SHARED_FUTURE)
    text = ended.stderr.splitlines()[-1]
    assert text.startswith(
        "RuntimeError: Task <Task pending name='Task-1' "
        "coro=<main() running at "
    )
    assert text.endswith(
        "> got Future <Future pending> attached to a different loop"
    )


SHARED_CLIENT = """
import asyncio, os, httpx

client = httpx.AsyncClient(base_url=os.environ["API_URL"])

async def main():
    return (await client.get("/data")).status_code

print(asyncio.run(main()))
asyncio.run(main())
"""


# Python only: JavaScript has one loop from beginning to end.
async def test_a_client_belongs_to_its_loop(mock_api):
    ended = await run_python("-c", SHARED_CLIENT, API_URL=mock_api.url)
    assert ended.stdout == "200\n"
    assert ended.stderr.endswith(
        "\nRuntimeError: Event loop is closed\n"
    )


# Python only: fetch has no client that could be closed.
async def test_a_client_that_is_closed_sends_nothing(mock_api):
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        task = asyncio.create_task(client.get("/data"))
    with pytest.raises(RuntimeError) as refused:
        await task
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: Cannot send a request, "
        "as the client has been closed."
    )
    assert await mock_api.log() == []
