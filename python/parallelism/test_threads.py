import asyncio
import contextvars
import os
import selectors
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers import printed, run_python
from parallelism.threads import add_name, main


async def test_what_becomes_of_the_list():
    assert (await printed(main())).startswith(
        "In the thread: Ada, Grace\nHere: Ada, Grace\n"
    )


# Python only: a worker prints a list of its own.
async def test_the_list_is_changed_in_a_thread(monkeypatch):
    threads = []

    def noting(names, name):
        threads.append(threading.get_ident())
        return add_name(names, name)

    monkeypatch.setattr("parallelism.threads.add_name", noting)
    await printed(main())
    assert len(threads) == 1
    assert threads != [threading.get_ident()]


async def test_what_becomes_of_the_call():
    assert (await printed(main())).endswith(
        "Our wait: over\nCalled off: works on\nTold to stop: ended\n"
    )


# What the language does, without the program.


# Python only: JavaScript's threads share no list.
async def test_no_append_is_lost():
    names: list[str] = []
    append = names.append

    def work():
        for _ in range(10_000):
            append("Ada")

    interval = sys.getswitchinterval()
    # The threads change places as often as they can.
    sys.setswitchinterval(1e-6)
    try:
        await asyncio.gather(
            *[asyncio.to_thread(work) for _ in range(4)]
        )
    finally:
        sys.setswitchinterval(interval)
    assert len(names) == 40_000


async def test_an_error_comes_back_to_whoever_waits():
    class NoSuchNameError(Exception):
        pass

    def fail():
        raise NoSuchNameError("Grace")

    # The very object: its class is still the same.
    with pytest.raises(NoSuchNameError, match="Grace"):
        await asyncio.to_thread(fail)


async def test_the_program_waits_for_its_threads():
    finished = await run_python(
        "-c",
        "import asyncio, threading, time\n"
        "ending = threading.Event()\n"
        "def work():\n"
        "    ending.wait()\n"
        "    time.sleep(0.2)\n"
        "    print('The thread ends')\n"
        "async def main():\n"
        "    asyncio.create_task(asyncio.to_thread(work))\n"
        "    await asyncio.sleep(0)\n"
        "    print('The main function ends')\n"
        "    ending.set()\n"
        "asyncio.run(main())\n",
    )
    assert finished.stderr == ""
    assert finished.stdout == (
        "The main function ends\nThe thread ends\n"
    )


# Python only: in Node an error that nobody handles ends the workers.
async def test_the_program_waits_even_after_an_error():
    finished = await run_python(
        "-c",
        "import asyncio, threading, time\n"
        "def work():\n"
        "    time.sleep(0.2)\n"
        "    print('The thread ends')\n"
        "async def main():\n"
        "    task = asyncio.create_task(asyncio.to_thread(work))\n"
        "    await asyncio.sleep(0)\n"
        "    raise OSError('here')\n"
        "asyncio.run(main())\n",
    )
    assert (finished.code, finished.stdout) == (1, "The thread ends\n")
    assert "OSError: here" in finished.stderr


async def test_unless_you_tell_it_not_to_wait():
    finished = await run_python(
        "-c",
        "import threading\n"
        "never = threading.Event()\n"
        "threading.Thread(target=never.wait, daemon=True).start()\n"
        "print('The main function ends')\n",
    )
    assert (finished.code, finished.stderr) == (0, "")
    assert finished.stdout == "The main function ends\n"


# Python only: terminate() ends a worker, whether it waits or not.
async def test_a_call_that_has_not_begun_can_be_cancelled():
    stop = threading.Event()
    called: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        loop = asyncio.get_running_loop()
        first = loop.run_in_executor(pool, stop.wait)
        second = loop.run_in_executor(pool, called.append, "second")
        second.cancel()
        # The pool hears of it in a turn of the event loop.
        await asyncio.sleep(0)
        stop.set()
        await first
    assert called == []


# Python only: a JavaScript worker is given copies.
async def test_a_cancelled_thread_changes_the_list_later():
    names = ["Ada"]
    started, go_on = threading.Event(), threading.Event()
    ended = threading.Event()

    def work():
        started.set()
        go_on.wait()
        add_name(names, "Grace")
        ended.set()

    working = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(started.wait)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert names == ["Ada"]
    go_on.set()
    await asyncio.to_thread(ended.wait)
    assert names == ["Ada", "Grace"]


# Python only: a worker has a loop of its own.
async def test_a_thread_has_no_loop_but_may_ask_ours():
    with pytest.raises(
        RuntimeError,
        match="There is no current event loop in thread 'asyncio_",
    ):
        await asyncio.to_thread(asyncio.get_event_loop)

    loop = asyncio.get_running_loop()

    async def where():
        return threading.get_ident()

    def ask():
        asking = asyncio.run_coroutine_threadsafe(where(), loop)
        return asking.result(), threading.get_ident()

    asked, asker = await asyncio.to_thread(ask)
    assert asked == threading.get_ident() != asker


# Python only: a worker has a loop from the start.
async def test_a_thread_can_run_a_loop_of_its_own():
    async def where():
        return threading.get_ident()

    there = await asyncio.to_thread(lambda: asyncio.run(where()))
    assert there != threading.get_ident()


# Python only: between workers there are messages.
async def test_a_thread_may_only_ask_the_loop():
    loop = asyncio.get_running_loop()
    received: asyncio.Queue[int] = asyncio.Queue()
    loop.set_debug(True)
    with pytest.raises(RuntimeError) as raised:
        await asyncio.to_thread(loop.call_soon, received.put_nowait, 1)
    assert str(raised.value) == (
        "Non-thread-safe operation invoked on an event loop other "
        "than the current one"
    )
    loop.set_debug(False)
    await asyncio.to_thread(
        loop.call_soon_threadsafe, received.put_nowait, 2
    )
    assert await received.get() == 2


# Python only: between workers there are messages.
def test_calling_the_loop_directly_does_not_wake_it():
    asleep, made = threading.Event(), threading.Event()
    checked, called = threading.Event(), threading.Event()
    woken = []

    class Selector(selectors.DefaultSelector):
        def select(self, timeout=None):
            if timeout is None and not asleep.is_set():
                asleep.set()
                made.wait()
                # What has woken the loop by now is in this list.
                woken.extend(super().select(0))
                checked.set()
            return super().select(timeout)

    def call_directly(loop):
        asleep.wait()
        loop.call_soon(called.set)
        made.set()
        checked.wait()

    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(call_directly, loop)
        assert woken == []
        # The end of the thread has woken the loop.
        assert called.is_set()

    def loop_factory():
        return asyncio.SelectorEventLoop(Selector())

    with asyncio.Runner(
        debug=False, loop_factory=loop_factory
    ) as runner:
        runner.run(main())


# Python only: each JavaScript worker is a thread of its own.
async def test_the_pool_of_to_thread_has_a_limit():
    cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1
    limit = min(32, cores + 4)
    loop = asyncio.get_running_loop()
    started = asyncio.Semaphore(0)
    stop = threading.Event()

    def work():
        loop.call_soon_threadsafe(started.release)
        stop.wait()

    calls = [
        asyncio.create_task(asyncio.to_thread(work))
        for _ in range(limit + 1)
    ]
    for _ in range(limit):
        await started.acquire()
    # All threads are taken: the last call waits in a queue.
    names = [thread.name for thread in threading.enumerate()]
    assert sum(n.startswith("asyncio_") for n in names) == limit
    assert started.locked()
    stop.set()
    await asyncio.gather(*calls)


# Python only: a worker begins with its workerData.
async def test_the_context_goes_along():
    request = contextvars.ContextVar[str]("request")
    request.set("number 7")
    assert await asyncio.to_thread(request.get) == "number 7"
    loop = asyncio.get_running_loop()
    with pytest.raises(LookupError):
        await loop.run_in_executor(None, request.get)
