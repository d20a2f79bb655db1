import asyncio
import threading
from time import monotonic

import httpx
import pytest

from basics import tiny_event_loop
from basics.tiny_event_loop import main, run
from helpers import running


async def test_each_task_goes_on_as_soon_as_it_can(mock_api):
    await mock_api.hold("/users/*")
    async with running(
        asyncio.to_thread(main, mock_api.url)
    ) as program:
        await mock_api.saw("GET /users/1")
        assert program.lines == ["B asks", "A asks"]
        await mock_api.release("/users/1")
        await program.prints("A is answered: 200")
        assert len(program.lines) == 3
        await mock_api.release("/users/5")
    assert program.lines[3] == "B is answered: 200"


async def test_both_requests_are_in_flight_at_once(mock_api):
    await mock_api.rendezvous("/users/*", 2)
    await asyncio.to_thread(main, mock_api.url)
    log = await mock_api.log()
    assert [entry.status for entry in log] == [200, 200]
    assert max(entry.in_flight for entry in log) == 2


def test_tasks_take_turns():
    ran = []

    def count(name):
        for number in [1, 2, 3]:
            ran.append((name, number, threading.get_ident()))
            yield "sleep", 0

    run([count("A"), count("B")])
    turns = [(name, number) for name, number, _ in ran]
    assert turns == [
        ("A", 1),
        ("B", 1),
        ("A", 2),
        ("B", 2),
        ("A", 3),
        ("B", 3),
    ]
    assert {thread for _, _, thread in ran} == {threading.get_ident()}


def test_who_is_due_first_goes_on_first():
    woke = []

    def nap(name, *pauses):
        for seconds in pauses:
            yield "sleep", seconds
        woke.append(name)

    tasks = [nap("now"), nap("late", 0.1, 0.2), nap("soon", 0.2)]
    run(tasks)
    assert woke == ["now", "soon", "late"]
    # The list is the caller's.
    assert len(tasks) == 3


async def test_a_task_that_gives_way_lets_answers_in(mock_api):
    got = []

    def ask():
        got.append((yield "ask", f"{mock_api.url}/status/404"))

    def wait():
        while not got:
            yield "sleep", 0

    await asyncio.to_thread(run, [wait(), ask()])
    assert got == [404]


# Python only: in JavaScript Node's loop goes on when run returns.
async def test_run_waits_itself_until_no_task_is_left(mock_api, capsys):
    # Nothing else can happen here: run blocks the thread it is in.
    main(mock_api.url)
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert len(await mock_api.log()) == 2


# Python only: in JavaScript Node keeps the time.
def test_a_loop_that_waits_does_not_ask_the_clock(monkeypatch):
    asked = []

    def now():
        asked.append("What time is it?")
        return monotonic()

    monkeypatch.setattr(tiny_event_loop, "now", now)

    def nap():
        yield "sleep", 0.1

    run([nap()])
    # A loop that asks again and again does so thousands of times.
    assert len(asked) < 100


async def test_a_failure_is_thrown_in_where_the_task_waits(mock_api):
    await mock_api.drop("/users/1")
    got = []

    def careful(url):
        try:
            got.append((yield "ask", url))
        except httpx.RemoteProtocolError as error:
            got.append(type(error).__name__)

    url = f"{mock_api.url}/users"
    await asyncio.to_thread(run, [careful(f"{url}/1")])
    await asyncio.to_thread(run, [careful(f"{url}/2")])
    assert got == ["RemoteProtocolError", 200]


# Python only: Node's get throws at once if it is no URL.
def test_the_loop_waits_for_no_thread_that_has_failed():
    def ask():
        with pytest.raises(httpx.InvalidURL):
            yield "ask", "http://localhost:none"

    run([ask()])


def test_a_failure_that_no_task_handles_ends_the_loop():
    ran = []

    def fail():
        yield "sleep", 0
        raise ValueError("no luck")

    def wait():
        yield "sleep", 0.1
        ran.append("the other")

    with pytest.raises(ValueError, match="no luck"):
        run([fail(), wait()])
    assert ran == []


# What the language does, without the program.


# Python only: JavaScript does not show what drives async functions.
def test_a_coroutine_is_driven_like_a_generator():
    class Wish:
        def __await__(self):
            return (yield "ask", "/users/1")

    async def visit():
        return await Wish()

    coroutine = visit()
    assert coroutine.send(None) == ("ask", "/users/1")
    with pytest.raises(StopIteration) as ended:
        coroutine.send(200)
    assert ended.value.value == 200

    other = visit()
    other.send(None)
    with pytest.raises(ConnectionError):
        other.throw(ConnectionError())


# Python only: JavaScript does not show what drives async functions.
async def test_asyncio_sends_nothing_but_none():
    got = []

    class GiveWay:
        def __await__(self):
            got.append((yield))

    async def work():
        await GiveWay()

    coroutine = work()
    assert not hasattr(coroutine, "__next__")
    await coroutine
    assert got == [None]
