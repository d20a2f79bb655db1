import asyncio
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from helpers import run_python
from parallelism import io_bound_or_cpu_bound as program
from parallelism.io_bound_or_cpu_bound import (
    SPAWN,
    compute,
    compute_in_task,
    compute_in_worker,
    three,
)


def in_turn(*spans):
    spans_in_turn = iter(spans)

    async def start():
        return next(spans_in_turn)

    return start


async def test_waits_overlap_and_computations_do_only_in_workers(
    mock_api,
):
    await mock_api.rendezvous("/users/3", 3)
    await mock_api.delay("/users/3", 0.3)
    # As its main program a worker has it before it says it is there.
    finished = await run_python(program.__file__, API_URL=mock_api.url)
    assert finished.stderr == ""
    assert finished.stdout == (
        "Waits in tasks: several at once\n"
        "Computations in tasks: one at a time\n"
        "Computations in workers: several at once\n"
    )
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1, 2, 3]
    assert {entry.status for entry in log} == {200}


async def test_the_verdict_is_an_average():
    one, half, other = (0, 2), (1, 3), (2, 4)
    assert await three(in_turn(one, one, one)) == "several at once"
    assert await three(in_turn(one, half, other)) == "one at a time"
    assert await three(in_turn(one, other, (4, 6))) == "one at a time"


async def test_a_computation_in_a_task_ends_before_the_next_begins():
    first, second = await asyncio.gather(
        compute_in_task(), compute_in_task()
    )
    assert first[1] <= second[0]


async def test_a_worker_takes_the_computation_off_this_thread():
    with ProcessPoolExecutor(1, SPAWN) as pool:
        await compute_in_worker(pool)  # it has started now
        begun = time.thread_time()
        await compute_in_worker(pool)
        elsewhere = time.thread_time() - begun
    begun = time.thread_time()
    await compute_in_task()
    here = time.thread_time() - begun
    assert elsewhere < here / 2


# Python only: JavaScript has no threads that share objects.
async def test_threads_compute_in_turns_and_take_no_less_time():
    begun = time.monotonic()
    verdict = await three(lambda: asyncio.to_thread(compute))
    took = time.monotonic() - begun
    assert verdict == "several at once"
    # Free-threaded builds of Python, and only they, have no lock.
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        assert took >= 0.25
