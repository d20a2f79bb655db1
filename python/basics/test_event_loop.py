import asyncio
import socket

import httpx
import pytest

from basics.event_loop import main
from helpers import running


async def test_each_step_is_printed_in_its_turn(mock_api):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /data")
        await program.prints("- a callback of the callback\n")
        await program.prints("- a timer of 0 s\n")
        # More turns than main gives away when it has the answer.
        for _ in range(2000):
            await asyncio.sleep(0)
        assert len(program.lines) == 6
        await mock_api.release("/data")
    assert program.lines == [
        "main starts",
        "main waits",
        "- a callback",
        "- a request begins",
        "- a timer of 0 s",
        "- a callback of the callback",
        "- its answer is there",
        "main lets others run: a callback, a timer",
    ]


async def test_an_answer_without_success_ends_the_program(mock_api):
    await mock_api.fail("/data", [503])
    with pytest.raises(ExceptionGroup) as raised:
        await main(mock_api.url)
    assert raised.group_contains(httpx.HTTPStatusError)


# What the language does, without the program.


async def test_nothing_interrupts_what_runs():
    loop = asyncio.get_running_loop()
    ran: list[str] = []

    async def work():
        ran.append("task")

    task = asyncio.create_task(work())
    loop.call_soon(ran.append, "callback")
    loop.call_later(0, ran.append, "timer")
    end = loop.time() + 0.002
    while loop.time() < end:
        pass
    ran.append("main waits")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert ran == ["main waits", "task", "callback", "timer"]


async def test_what_is_ready_runs_in_the_order_it_was_added():
    loop = asyncio.get_running_loop()
    ran: list[str] = []

    def first():
        ran.append("first")
        loop.call_soon(ran.append, "added by first")

    loop.call_soon(first)
    loop.call_soon(ran.append, "second")
    for _ in range(2):
        await asyncio.sleep(0)
    assert ran == [
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


# Python only: Node looks for data after its timers.
def test_data_comes_before_timers():
    ran: list[str] = []

    async def wait_for_both():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            loop.call_later(0, ran.append, "timer")
            loop.add_reader(ours, ran.append, "data")
            theirs.send(b"!")
            # Both are there when the loop looks.
            end = loop.time() + 0.002
            while loop.time() < end:
                pass
            for _ in range(2):
                await asyncio.sleep(0)
            loop.remove_reader(ours)

    # The default loop of Windows watches no sockets.
    factory = asyncio.SelectorEventLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(wait_for_both())
    assert ran == ["data", "timer"]


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


async def test_an_await_that_lets_nothing_in_starves_timers():
    async def cached():
        return "cached"

    loop = asyncio.get_running_loop()
    others: list[str] = []
    loop.call_soon(others.append, "callback")
    loop.call_later(0, others.append, "timer")
    overdue = loop.time() + 0.002
    while loop.time() < overdue:
        await cached()
    assert others == []
    for _ in range(2):
        await asyncio.sleep(0)
    assert others == ["callback", "timer"]


async def test_a_timer_of_0(clock):
    loop = asyncio.get_running_loop()
    ran: list[str] = []
    loop.call_later(0.001, ran.append, "1 ms")
    loop.call_later(0, ran.append, "0 ms")
    await clock.advance(0)
    assert ran == ["0 ms"]
    await clock.advance(0.001)
    assert ran == ["0 ms", "1 ms"]


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_keeps_the_order_of_node():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        ran = await page.evaluate(
            """async () => {
              const ran = [];
              const timer = Promise.withResolvers();
              setTimeout(() => timer.resolve(ran.push("timer")), 0);
              queueMicrotask(() => {
                ran.push("callback");
                queueMicrotask(() => ran.push("callback of it"));
              });
              const overdue = performance.now() + 20;
              while (performance.now() < overdue) await null;
              ran.push("many awaits");
              await timer.promise;
              return ran;
            }"""
        )
    assert ran == ["callback", "callback of it", "many awaits", "timer"]


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_slows_down_timers_in_timers():
    from tools.browser.chromium import browser

    async with browser() as chromium:
        page = await chromium.new_page()
        ran = await page.evaluate(
            """async () => {
              const ran = [];
              const end = Promise.withResolvers();
              // From the fifth on, each of them takes 4 ms: 20 in all.
              const nest = (left) => {
                if (left > 0) setTimeout(nest, 0, left - 1);
                else end.resolve(ran.push("ten timers of 0 ms"));
              };
              nest(10);
              setTimeout(() => ran.push("a timer of 15 ms"), 15);
              await end.promise;
              return [...ran, typeof setImmediate];
            }"""
        )
    assert ran == [
        "a timer of 15 ms",
        "ten timers of 0 ms",
        "undefined",
    ]
