import asyncio
import queue
import sys
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from combining.producer_consumer import load, main, produce
from helpers import last_line, running, stopped, taken_in


@pytest.fixture
async def mock_api(mock_api):
    # The program asks for slow posts, so that you see the order.
    await mock_api.delay("/posts/*", 0)
    return mock_api


async def asked(mock_api, pattern):
    """The paths of the requests so far that begin with `pattern`."""
    log = await mock_api.log(settled=False)
    return [e.path for e in log if e.path.startswith(pattern)]


async def test_a_slow_consumer_holds_the_producer_back(
    mock_api, client
):
    await mock_api.hold("/users/*")
    async with running(main(mock_api.url)) as program:
        await mock_api.ended("GET /posts/*", times=5)
        await mock_api.saw("GET /users/*", times=2)
        await taken_in(client)
        # Two workers have one each, two wait, and one finds no room.
        assert await asked(mock_api, "/posts/") == [
            "/posts/7",
            "/posts/6",
            "/posts/10",
            "/posts/8",
            "/posts/5",
        ]
        assert len(await asked(mock_api, "/users/")) == 2
        await mock_api.release("/users/*")
    assert len(program.lines) == 7
    assert len(await asked(mock_api, "/posts/")) == 7


async def test_one_more_is_read_when_a_worker_is_free(mock_api, client):
    for user in [4, 5, 1, 3]:
        await mock_api.hold(f"/users/{user}/picture")
    async with running(main(mock_api.url)):
        await mock_api.ended("GET /posts/*", times=5)
        await mock_api.saw("GET /users/*", times=2)
        await mock_api.release("/users/5/picture")
        await mock_api.ended("GET /posts/*", times=6)
        await taken_in(client)
        assert len(await asked(mock_api, "/posts/")) == 6
        assert len(await asked(mock_api, "/users/")) == 3
        await mock_api.release("/users/*")


async def test_a_slow_job_holds_one_worker(mock_api):
    await mock_api.hold("/users/4/picture")
    async with running(main(mock_api.url)) as program:
        # All others go through the second worker, in order.
        await program.prints("Line up, please")
        assert len(program.lines) == 6
        assert "One door" not in program.output
        await mock_api.release("/users/4/picture")
    assert program.lines[6:] == ["One door, many hands: 268 bytes"]


async def test_each_post_is_done_once(mock_api, client):
    shown: list[str] = []
    await load(client, shown.append)
    assert sorted(shown) == [
        "Cancelled, not failed: 269 bytes",
        "Hello, loop: 265 bytes",
        "Is it done yet?: 266 bytes",
        "Line up, please: 266 bytes",
        "One door, many hands: 268 bytes",
        "Patience has a limit: 267 bytes",
        "The slowest of three: 265 bytes",
    ]
    assert len(await mock_api.log()) == 14


async def test_a_worker_that_fails_stops_the_others(mock_api, client):
    for path in ["/users/4/picture", "/users/5/picture", "/posts/8"]:
        await mock_api.hold(path)
    await mock_api.fail("/users/5/picture", [503])
    before = asyncio.all_tasks()
    loading = asyncio.create_task(load(client, print))
    await mock_api.saw("GET /users/*", times=2)
    await mock_api.saw("GET /posts/8")
    await mock_api.release("/users/5/picture")
    with pytest.raises(ExceptionGroup) as raised:
        await loading
    [error] = raised.value.exceptions
    assert isinstance(error, httpx.HTTPStatusError)
    assert asyncio.all_tasks() == before
    # Post 10 was in the queue. Nobody fetches its picture.
    assert await mock_api.endings() == {
        "/posts/7": "completed",
        "/users/4/picture": "client hung up",
        "/posts/6": "completed",
        "/users/5/picture": "completed",
        "/posts/10": "completed",
        "/posts/8": "client hung up",
    }


async def test_a_failure_ends_the_wait_for_room(mock_api, client):
    await mock_api.hold("/users/*")
    await mock_api.fail("/users/4/picture", [503])
    loading = asyncio.create_task(load(client, print))
    await mock_api.ended("GET /posts/*", times=5)
    await taken_in(client)
    await mock_api.release("/users/4/picture")
    with pytest.raises(ExceptionGroup) as raised:
        await loading
    assert raised.group_contains(httpx.HTTPStatusError)
    assert len(await asked(mock_api, "/posts/")) == 5


async def test_a_producer_that_fails_stops_the_workers(
    mock_api, client
):
    await mock_api.hold("/users/4/picture")
    await mock_api.hold("/posts/10")
    await mock_api.fail("/posts/10", [503])
    loading = asyncio.create_task(load(client, print))
    await mock_api.saw("GET /users/4/picture")
    await mock_api.ended("GET /users/5/picture")
    await mock_api.saw("GET /posts/10")
    await mock_api.release("/posts/10")
    with pytest.raises(ExceptionGroup) as raised:
        await loading
    [error] = raised.value.exceptions
    assert isinstance(error, httpx.HTTPStatusError)
    assert await mock_api.endings() == {
        "/posts/7": "completed",
        "/users/4/picture": "client hung up",
        "/posts/6": "completed",
        "/users/5/picture": "completed",
        "/posts/10": "completed",
    }


async def test_a_bug_in_a_worker_is_reported(client):
    def broken(_: str) -> None:
        raise ValueError("a bug")

    with pytest.raises(ExceptionGroup) as raised:
        await load(client, broken)
    assert raised.group_contains(ValueError, match="a bug")


async def test_without_a_bound_all_is_read(mock_api, client):
    queue: Any = asyncio.Queue()
    # No worker takes anything, and the producer comes to its end.
    await produce(client, queue)
    assert len(await asked(mock_api, "/posts/")) == 7
    # Seven posts, and the end for each of two workers.
    assert queue.qsize() == 9


# What the language does, without the program.


async def test_the_producer_ends_before_the_work():
    queue: Any = asyncio.Queue(maxsize=2)

    async def fill():
        for n in range(2):
            await queue.put(n)

    await fill()
    assert queue.qsize() == 2


# Python only: a closed stream tells every worker.
async def test_one_none_stops_one_worker(clock):
    queue: Any = asyncio.Queue()

    async def work():
        while await queue.get() is not None:
            pass

    workers = [asyncio.create_task(work()) for _ in range(2)]
    await queue.put(None)
    await clock.advance(3600)
    assert [worker.done() for worker in workers] == [True, False]
    await queue.put(None)
    await asyncio.gather(*workers)


# Python only: a stream has close and abort.
async def test_shutdown_tells_every_worker(clock):
    queue: Any = asyncio.Queue()
    if sys.version_info < (3, 13):
        with pytest.raises(AttributeError) as missing:
            queue.shutdown()
        assert last_line(missing.value) == (
            "AttributeError: 'Queue' object has no attribute 'shutdown'"
        )
        return
    done: list[Any] = []

    async def work():
        try:
            while True:
                done.append(await queue.get())
        except asyncio.QueueShutDown:
            return "stopped"

    workers = [asyncio.create_task(work()) for _ in range(2)]
    # Both wait already, and what is in the queue is still taken.
    await clock.advance(3600)
    queue.put_nowait("a post")
    queue.shutdown()
    assert await asyncio.gather(*workers) == ["stopped", "stopped"]
    assert done == ["a post"]
    for late in [queue.get(), queue.put("too late")]:
        with pytest.raises(asyncio.QueueShutDown) as raised:
            await late
        assert last_line(raised.value) == "asyncio.queues.QueueShutDown"


# Python only: a stream has abort.
async def test_shutdown_can_drop_the_rest():
    queue: Any = asyncio.Queue()
    queue.put_nowait("a post")
    if sys.version_info < (3, 13):
        # By hand: take it all out.
        while not queue.empty():
            queue.get_nowait()
        assert queue.qsize() == 0
        return
    queue.shutdown(immediate=True)
    with pytest.raises(asyncio.QueueShutDown):
        queue.get_nowait()


# Python only: a stream has no join.
async def test_join_waits_for_every_task_done(clock):
    queue: Any = asyncio.Queue()
    queue.put_nowait("a post")
    joining = asyncio.create_task(queue.join())
    await queue.get()
    # The queue is empty, but the work is not done.
    await clock.advance(3600)
    assert queue.empty()
    assert not joining.done()
    queue.task_done()
    await joining


# Python only: a stream has no join.
async def test_task_done_only_once_for_each():
    queue: Any = asyncio.Queue()
    queue.put_nowait("a post")
    await queue.get()
    queue.task_done()
    with pytest.raises(ValueError, match="too many") as raised:
        queue.task_done()
    assert last_line(raised.value) == (
        "ValueError: task_done() called too many times"
    )


async def test_a_dead_worker_leaves_you_waiting(clock):
    queue: Any = asyncio.Queue()

    async def work():
        await queue.get()
        raise ValueError("no luck")

    for n in range(2):
        queue.put_nowait(n)
    worker = asyncio.create_task(work())
    joining = asyncio.create_task(queue.join())
    await clock.advance(3600)
    assert worker.done()
    assert not joining.done()
    # Wait for the worker, too, and you learn of it.
    done, _ = await asyncio.wait(
        [joining, worker], return_when=asyncio.FIRST_COMPLETED
    )
    assert done == {worker}
    assert str(worker.exception()) == "no luck"
    joining.cancel()
    await asyncio.wait([joining])


# Python only: JavaScript has no task group.
async def test_a_group_ends_the_wait_of_join():
    queue: Any = asyncio.Queue()

    async def work():
        await queue.get()
        raise ValueError("no luck")

    queue.put_nowait("a post")
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            await queue.join()
    assert raised.group_contains(ValueError, match="no luck")


# Python only: a stream has no join.
async def test_a_worker_goes_on_after_a_failure():
    queue: Any = asyncio.Queue()
    for job in [1, 0, 2]:
        queue.put_nowait(job)
    results: list[Any] = []

    async def work():
        while True:
            job = await queue.get()
            try:
                results.append(2 / job)
            except ZeroDivisionError:
                results.append("failed")
            finally:
                queue.task_done()

    worker = asyncio.create_task(work())
    await queue.join()
    assert results == [2, "failed", 1]
    await stopped(worker)


# Python only: in JavaScript, threads share no queue.
async def test_a_thread_asks_the_loop_to_put(clock):
    loop = asyncio.get_running_loop()
    queue: Any = asyncio.Queue(maxsize=1)
    waiting = asyncio.create_task(queue.get())
    await clock.advance(3600)
    await asyncio.to_thread(
        loop.call_soon_threadsafe, queue.put_nowait, "a post"
    )
    assert await waiting == "a post"

    full = asyncio.Event()

    async def put(post):
        if queue.full():
            full.set()
        await queue.put(post)

    def fill():
        for post in ["first", "second"]:
            putting = put(post)
            asyncio.run_coroutine_threadsafe(putting, loop).result()

    thread = asyncio.create_task(asyncio.to_thread(fill))
    await full.wait()
    # The queue is full, and the thread waits.
    assert not thread.done()
    assert await queue.get() == "first"
    await thread
    assert await queue.get() == "second"


# Python only: in JavaScript, threads share no queue.
async def test_a_queue_of_threads_blocks_the_loop():
    posts: queue.Queue[str] = queue.Queue()
    turns: list[str] = []
    asyncio.get_running_loop().call_soon(turns.append, "a turn")
    with pytest.raises(queue.Empty):
        posts.get(timeout=0.01)
    # The loop has run nothing else meanwhile.
    assert turns == []
    await asyncio.sleep(0)
    assert turns == ["a turn"]


async def test_several_workers_read_one_generator():
    begun = asyncio.Event()

    async def posts():
        begun.set()
        await asyncio.Event().wait()
        yield "a post"

    async with aclosing(posts()) as shared:
        first = asyncio.create_task(anext(shared))
        await begun.wait()
        with pytest.raises(RuntimeError) as raised:
            await anext(shared)
        assert last_line(raised.value) == (
            "RuntimeError: anext(): "
            "asynchronous generator is already running"
        )
        first.cancel()
        await asyncio.wait([first])
