import asyncio
import sys
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import httpx
import pytest

from helpers import printed
from uses import training_data
from uses.training_data import (
    SPAWN,
    get_batch,
    learn_in_worker,
    main,
    train,
)


class Asking(ProcessPoolExecutor):
    """Its worker computes until the API answers: the log shows when."""

    url = ""

    def start(self):
        """Start the worker: it takes long, and limits run later."""
        super().submit(int).result()

    def submit(self, fn, /, *args, **kwargs):
        return super().submit(ask, self.url)


def ask(url):
    with urllib.request.urlopen(url) as answer:
        return answer.status


def ask_in_vain(url):
    httpx.get(url).raise_for_status()


@pytest.fixture(scope="module")
def started_pool():
    with Asking(1, SPAWN) as pool:
        pool.start()
        yield pool


@pytest.fixture
def pool(started_pool, mock_api):
    started_pool.url = f"{mock_api.url}/notifications"
    return started_pool


async def training(mock_api, client, pool):
    """A training, which waits for the first batch."""
    # It is answered when `/data` is asked for, too.
    await mock_api.rendezvous("*", 2)
    task = asyncio.create_task(train(client, pool))
    await mock_api.saw("GET /posts")
    return task


async def answer_the_first_batch_only(mock_api, client):
    await mock_api.hold("/posts")
    await client.get("/data")
    await mock_api.rendezvous("*", 1)
    await mock_api.saw("GET /posts", 2)


async def log_of(mock_api, path, *, settled=True):
    log = await mock_api.log(settled=settled)
    return [entry for entry in log if entry.path == path]


async def test_fewer_words_are_new_with_each_batch(mock_api):
    assert await printed(main(mock_api.url)) == (
        "Batch 1: 25 new words\n"
        "Batch 2: 22 new words\n"
        "Batch 3: 10 new words\n"
    )
    log = await mock_api.log()
    assert [entry.query for entry in log] == [
        "limit=4",
        "cursor=after-7&limit=4",
        "cursor=after-3&limit=4",
    ]


async def test_the_worker_and_the_next_request_meet(
    mock_api, client, pool
):
    # Each is answered only while another one is in flight.
    await mock_api.rendezvous("*", 2)
    task = asyncio.create_task(train(client, pool))
    # With the first batch, and the last, nothing else goes on.
    await client.get("/data")
    await mock_api.saw("GET /notifications", 3)
    await client.get("/data")
    assert await task == [200, 200, 200]
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1, 2] * 4
    assert {entry.status for entry in log} == {200}


async def test_one_after_the_other_they_never_meet(
    mock_api, client, pool
):
    path: str | None = "/posts?limit=4"
    while path:
        words, path = await get_batch(client, path)
        await learn_in_worker(pool, words)
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1] * 6


async def test_it_is_one_batch_ahead_and_no_more(
    mock_api, client, pool
):
    await mock_api.hold("/notifications")
    task = asyncio.create_task(train(client, pool))
    await mock_api.saw("GET /notifications")
    await mock_api.saw("GET /posts", 2)
    # The next batch is there, and the worker still computes.
    fetched = await log_of(mock_api, "/posts", settled=False)
    while fetched[1].ended is None:
        fetched = await log_of(mock_api, "/posts", settled=False)
    await client.get("/data")
    await mock_api.release("/notifications")
    await task
    batches = await log_of(mock_api, "/posts")
    computed = await log_of(mock_api, "/notifications")
    assert len(batches) == len(computed) == 3
    assert batches[1].started_event < computed[0].ended_event
    assert batches[2].started_event > computed[0].ended_event


async def test_what_the_worker_learns_stays_there(mock_api):
    with ProcessPoolExecutor(1, SPAWN) as pool:
        assert await learn_in_worker(pool, ["to", "be"]) == 2
        assert await learn_in_worker(pool, ["to", "do"]) == 1
    assert training_data.known == set()


async def test_a_worker_that_fails_ends_the_fetch(
    mock_api, client, pool
):
    await mock_api.hold("/notifications")
    task = await training(mock_api, client, pool)
    await answer_the_first_batch_only(mock_api, client)
    await mock_api.saw("GET /notifications")
    await mock_api.fail("/notifications", [500])
    await mock_api.release("/notifications")
    with pytest.raises(ExceptionGroup):
        await task
    [_, fetch] = await log_of(mock_api, "/posts")
    assert fetch.ending == "client hung up"


async def test_a_fetch_that_fails_does_not_stop_the_worker(
    mock_api, client, pool
):
    await mock_api.hold("/notifications")
    task = await training(mock_api, client, pool)
    await answer_the_first_batch_only(mock_api, client)
    await mock_api.saw("GET /notifications")
    await mock_api.fail("/posts", [500])
    await mock_api.release("/posts")
    with pytest.raises(ExceptionGroup) as raised:
        await task
    assert raised.group_contains(httpx.HTTPStatusError)
    [work] = await log_of(mock_api, "/notifications", settled=False)
    assert work.ending is None
    await mock_api.release("/notifications")
    [work] = await log_of(mock_api, "/notifications")
    assert work.ending == "completed"


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
        [process] = pool._processes.values()
        process.terminate()
    with pytest.raises(BrokenProcessPool):
        await working
    pool.shutdown()
    [work] = await log_of(mock_api, "/notifications")
    assert work.ending == "client hung up"


# Python only: a worker thread is terminated at the end of its block.
async def test_the_end_of_the_block_waits_for_the_worker():
    with ProcessPoolExecutor(1, SPAWN) as pool:
        sleeping = pool.submit(time.sleep, 0.1)
    assert sleeping.done()


async def test_not_every_error_survives_the_way_back(mock_api):
    await mock_api.fail("/data", [500, 500])
    loop = asyncio.get_running_loop()
    url = f"{mock_api.url}/data"
    with ProcessPoolExecutor(1, SPAWN) as pool:
        with pytest.raises(ValueError, match="invalid literal"):
            await loop.run_in_executor(pool, int, "one")
        with pytest.raises(
            BrokenProcessPool,
            match="A process in the process pool was terminated "
            "abruptly while the future was running or pending",
        ):
            await loop.run_in_executor(pool, ask_in_vain, url)
