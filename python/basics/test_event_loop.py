import asyncio

import httpx

from basics.event_loop import main
from helpers import running


async def test_each_step_is_printed_in_its_turn(mock_api):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        await program.prints("- a callback of it")
        await mock_api.release("/data")
    assert program.lines == [
        "main starts",
        "main waits",
        "- a callback",
        "- a timer of 0 s",
        "- a callback of it",
        "- the answer of the API",
        "main gives way: 2 times, timer fired",
    ]


async def test_what_is_ready_runs_in_the_order_it_was_added():
    loop = asyncio.get_running_loop()
    ran: list[str] = []

    def first():
        ran.append("first")
        loop.call_soon(ran.append, "added by first")

    loop.call_soon(first)
    loop.call_soon(ran.append, "second")
    ran.append("not before main waits")
    for _ in range(2):
        await asyncio.sleep(0)
    assert ran == [
        "not before main waits",
        "first",
        "second",
        "added by first",
    ]


# Python only: JavaScript runs the added ones before any timer.
async def test_what_a_callback_adds_waits_for_the_next_turn():
    loop = asyncio.get_running_loop()
    ran: list[str] = []

    def begin():
        ran.append("begin")
        loop.call_soon(ran.append, "added by begin")

    def timer(name):
        ran.append(name)
        loop.call_soon(ran.append, f"added by {name}")

    loop.call_soon(begin)
    loop.call_later(0, timer, "timer 1")
    loop.call_later(0, timer, "timer 2")
    for _ in range(3):
        await asyncio.sleep(0)
    assert ran == [
        "begin",
        "timer 1",
        "timer 2",
        "added by begin",
        "added by timer 1",
        "added by timer 2",
    ]


async def test_giving_way_lets_timers_and_answers_in(mock_api):
    fired = asyncio.Event()
    asyncio.get_running_loop().call_later(0.001, fired.set)
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        answer = asyncio.create_task(client.get("/data"))
        times = 0
        # Ends only because others get their turn.
        while not (fired.is_set() and answer.done()):
            await asyncio.sleep(0)
            times += 1
        assert times > 0
    assert answer.result().status_code == 200


# Python only: a JavaScript await always lets microtasks run.
async def test_an_await_that_need_not_wait_starves_everything():
    async def cached():
        return "cached"

    loop = asyncio.get_running_loop()
    others: list[str] = []
    loop.call_soon(others.append, "callback")
    loop.call_later(0, others.append, "timer")
    overdue = loop.time() + 0.02
    while loop.time() < overdue:
        await cached()
    assert others == []
    for _ in range(2):
        await asyncio.sleep(0)
    assert others == ["callback", "timer"]
