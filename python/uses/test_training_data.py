import asyncio
import multiprocessing
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext

import httpx
import pytest

from helpers import printed, running
from uses import training_data
from uses.training_data import SPAWN, learn_in_worker, main


class Asking(ProcessPoolExecutor):
    """Its worker computes until the API answers: the log shows when."""

    url = ""

    def start(self):
        """Start the worker: it takes long, and limits run later."""
        super().submit(int).result()

    def submit(self, fn, /, *args, **kwargs):
        # Words that begin with a slash are the end of the path.
        path = [word for word in args[0] if word[0] == "/"]
        return super().submit(ask, self.url + "".join(path))


def ask(url):
    answer = httpx.get(url, timeout=None, trust_env=False)
    # An error of httpx would not survive the way back.
    if answer.is_server_error:
        raise RuntimeError(f"model {answer.status_code}")
    return answer.status_code


def ask_in_vain(url):
    httpx.get(url, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def started_pool():
    with Asking(1, SPAWN) as pool:
        pool.start()
        yield pool


@pytest.fixture(autouse=True)
async def answers_at_once(mock_api):
    """The API does not take the time that the program asks for."""
    await mock_api.delay("*", 0)


@pytest.fixture
def pool(started_pool, mock_api, monkeypatch):
    """The program's pool. Its model asks for /notifications."""
    started_pool.url = f"{mock_api.url}/notifications"

    def made(workers, _):
        # Two of them would have two models.
        assert workers == 1
        return nullcontext(started_pool)

    monkeypatch.setattr(training_data, "ProcessPoolExecutor", made)
    return started_pool


async def paths(mock_api):
    return [entry.path for entry in await mock_api.log(settled=False)]


async def log_of(mock_api, path, *, settled=True):
    log = await mock_api.log(settled=settled)
    return [entry for entry in log if entry.path == path]


def posts(*numbers):
    return {f"/posts/{number}" for number in numbers}


async def test_the_model_knows_more_with_each_batch(mock_api):
    before = set(multiprocessing.active_children())
    assert await printed(main(mock_api.url)) == (
        "Words known: 4\n"
        "Words known: 11\n"
        "Words known: 18\n"
        "Words known: 22\n"
        "Words known: 29\n"
        "Words known: 35\n"
    )
    # The pool is closed: its process has ended.
    assert set(multiprocessing.active_children()) <= before
    assert await paths(mock_api) == [f"/posts/{n}" for n in range(1, 7)]


@pytest.mark.usefixtures("pool")
async def test_with_a_slow_model_three_batches_wait(mock_api, client):
    await mock_api.hold("/notifications")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /notifications")
        # They come while the model computes: one for it, three more.
        await mock_api.ended("GET /posts/4")
        # A fifth one would have left before these.
        for _ in range(3):
            await client.get("/data")
        asked = set(await paths(mock_api))
        assert asked == {"/data", "/notifications"} | posts(1, 2, 3, 4)
        await mock_api.release("/notifications")
    assert program.lines == ["Words known: 200"] * 6
    # It leaves when the model has taken the second batch.
    [fifth] = await log_of(mock_api, "/posts/5")
    first, *_ = await log_of(mock_api, "/notifications")
    assert fifth.started_event > first.ended_event


@pytest.mark.usefixtures("clock", "pool")
async def test_with_a_slow_api_the_model_waits(mock_api, client):
    await mock_api.hold("/posts/2")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /posts/2")
        # The first batch is learned while the second is on its way.
        await program.prints("Words known: 200")
        await client.get("/data")
        asked = await log_of(mock_api, "/notifications", settled=False)
        assert len(asked) == 1
        await mock_api.release("/posts/2")
    assert len(program.lines) == 6


async def test_the_model_stays_in_the_worker():
    with ProcessPoolExecutor(1, SPAWN) as pool:
        assert await learn_in_worker(pool, ["to", "be"]) == 2
        assert await learn_in_worker(pool, ["to", "do"]) == 3
        # A second worker has a model of its own.
        with ProcessPoolExecutor(1, SPAWN) as other:
            assert await learn_in_worker(other, ["to", "be"]) == 2
    assert training_data.known == set()


async def test_each_call_gets_its_own_answer(mock_api):
    await mock_api.answer("/users/1", status=201)
    await mock_api.answer("/users/2", status=202)
    await mock_api.hold("/users/1")
    with Asking(2, SPAWN) as pool:
        pool.url = f"{mock_api.url}/users"
        first = asyncio.create_task(learn_in_worker(pool, ["/1"]))
        await mock_api.saw("GET /users/1")
        # The answer to the second question comes first.
        assert await learn_in_worker(pool, ["/2"]) == 202
        assert not first.done()
        await mock_api.release("/users/1")
        assert await first == 201


@pytest.mark.usefixtures("clock", "pool")
async def test_a_model_that_fails_ends_the_fetch(mock_api):
    await mock_api.hold("/posts/2")
    await mock_api.fail("/notifications", [500])
    with pytest.raises(ExceptionGroup) as raised:
        async with running(main(mock_api.url)):
            # Held, it ends only if somebody hangs up.
            await mock_api.ended("GET /posts/2")
    assert raised.group_contains(RuntimeError, match="^model 500$")
    [second] = await log_of(mock_api, "/posts/2")
    assert second.ending == "client hung up"


@pytest.mark.usefixtures("clock", "pool")
async def test_a_fetch_that_fails_ends_the_wait(mock_api):
    await mock_api.hold("/notifications")
    await mock_api.hold("/posts/2")
    with pytest.raises(ExceptionGroup) as raised:
        async with running(main(mock_api.url)):
            await mock_api.saw("GET /posts/2")
            await mock_api.saw("GET /notifications")
            await mock_api.fail("/posts/2", [500])
            await mock_api.release("/posts/2")
    assert raised.group_contains(httpx.HTTPStatusError)
    # Nobody waits for it any more, but the model computes on.
    [work] = await log_of(mock_api, "/notifications", settled=False)
    assert work.ending is None
    await mock_api.release("/notifications")
    [work] = await log_of(mock_api, "/notifications")
    assert work.ending == "completed"


# Python only: JavaScript terminates its worker.
async def test_the_pool_waits_for_a_computation_nobody_awaits(
    mock_api, monkeypatch
):
    leaving = threading.Event()

    class Noting(Asking):
        url = f"{mock_api.url}/notifications"

        def __init__(self, *args):
            super().__init__(*args)
            # Before a fetch is held, for that has a time limit.
            self.start()

        def shutdown(self, *args, **kwargs):
            # In the thread of the loop, which stands still meanwhile.
            assert asyncio.get_running_loop().is_running()
            leaving.set()
            super().shutdown(*args, **kwargs)

    before = set(multiprocessing.active_children())
    monkeypatch.setattr(training_data, "ProcessPoolExecutor", Noting)
    await mock_api.hold("/notifications")
    await mock_api.hold("/posts/2")
    program = asyncio.create_task(
        asyncio.to_thread(asyncio.run, main(mock_api.url))
    )
    await mock_api.saw("GET /notifications")
    await mock_api.fail("/posts/2", [500])
    await mock_api.release("/posts/2")
    assert await asyncio.to_thread(leaving.wait, 10)
    [work] = await log_of(mock_api, "/notifications", settled=False)
    assert work.ending is None
    await mock_api.release("/notifications")
    with pytest.raises(ExceptionGroup):
        await program
    [work] = await log_of(mock_api, "/notifications")
    assert work.ending == "completed"
    assert set(multiprocessing.active_children()) <= before


async def test_a_worker_that_ends_fails_the_call():
    with ProcessPoolExecutor(1, SPAWN) as pool:
        loop = asyncio.get_running_loop()
        with pytest.raises(BrokenProcessPool):
            await loop.run_in_executor(pool, os._exit, 1)
        # The pool is of no more use.
        with pytest.raises(BrokenProcessPool):
            await learn_in_worker(pool, [])


# What the language does, without the program.


async def test_one_after_the_other_they_do_not_meet(
    mock_api, client, pool
):
    for _ in range(2):
        await client.get("/posts")
        await learn_in_worker(pool, [])
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1] * 4


# Python only: a stream of JavaScript has a buffer on each side.
async def test_a_queue_of_two_holds_two_and_put_another():
    queue = asyncio.Queue[int](2)
    put = []

    async def fill():
        for n in range(5):
            put.append(n)
            await queue.put(n)

    async with asyncio.TaskGroup() as group:
        filling = group.create_task(fill())
        for _ in range(10):
            await asyncio.sleep(0)
        assert (put, queue.qsize()) == ([0, 1, 2], 2)
        filling.cancel()


# Python only: a stream of JavaScript has a limit by default.
async def test_a_queue_has_no_limit_by_default():
    queue = asyncio.Queue[int]()
    for n in range(1000):
        queue.put_nowait(n)
    assert not queue.full()


async def test_a_worker_can_be_terminated(mock_api):
    await mock_api.hold("/notifications")
    pool = Asking(1, SPAWN)
    pool.start()
    pool.url = f"{mock_api.url}/notifications"
    working = asyncio.create_task(learn_in_worker(pool, []))
    await mock_api.saw("GET /notifications")
    if sys.version_info >= (3, 14):
        pool.terminate_workers()
    else:
        # Until 3.13 only its private list knows the process.
        [process] = pool._processes.values()
        process.terminate()
    with pytest.raises(BrokenProcessPool):
        await working
    pool.shutdown()
    [work] = await log_of(mock_api, "/notifications")
    assert work.ending == "client hung up"


async def test_not_every_error_survives_the_way_back(mock_api):
    await mock_api.fail("/data", [500])
    loop = asyncio.get_running_loop()
    url = f"{mock_api.url}/data"
    with ProcessPoolExecutor(1, SPAWN) as pool:
        with pytest.raises(ValueError, match="invalid literal"):
            await loop.run_in_executor(pool, int, "one")
        with pytest.raises(BrokenProcessPool) as raised:
            await loop.run_in_executor(pool, ask_in_vain, url)
    assert str(raised.value) == (
        "A process in the process pool was terminated abruptly "
        "while the future was running or pending."
    )
