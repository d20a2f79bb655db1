import asyncio
import gc
import threading
import warnings
from typing import Any

import pytest

from failures.fire_and_forget import Background, HttpError, main
from helpers import reported, run_python, running

OUTPUT = "Hello, Ada\nBackground: HttpError: HTTP 404\nPictures: 1\n"
COMPLETED = {
    "/users/1": "completed",
    "/users/2/picture": "completed",
    "/users/99/picture": "completed",
}


async def test_the_answer_comes_first(mock_api):
    await mock_api.hold("/users/*/picture")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/2/picture")
        await mock_api.saw("GET /users/99/picture")
        assert program.output == "Hello, Ada\n"
        await mock_api.release("/users/*/picture")
    assert program.output == OUTPUT
    assert await mock_api.endings() == COMPLETED


async def test_a_failure_is_reported_and_the_rest_goes_on(mock_api):
    await mock_api.hold("/users/2/picture")
    async with running(main(mock_api.url)) as program:
        await program.prints("Background: HttpError: HTTP 404\n")
        await mock_api.saw("GET /users/2/picture")
        log = await mock_api.log(settled=False)
        picture = next(e for e in log if e.path == "/users/2/picture")
        assert picture.ending is None
        assert not program.task.done()
        await mock_api.release("/users/2/picture")
    assert program.output == OUTPUT


async def test_nothing_is_lost_at_the_end(mock_api):
    await mock_api.hold("/users/*/picture")
    # The whole program, with asyncio.run around main.
    program = asyncio.create_task(
        run_python("failures/fire_and_forget.py", API_URL=mock_api.url)
    )
    await mock_api.saw("GET /users/2/picture")
    await mock_api.saw("GET /users/99/picture")
    await mock_api.release("/users/99/picture")
    await mock_api.ended("GET /users/99/picture")
    await mock_api.release("/users/2/picture")
    ended = await program
    assert (ended.code, ended.stdout) == (0, OUTPUT)
    assert await mock_api.endings() == COMPLETED


async def test_a_failure_of_main_waits_for_the_jobs(mock_api):
    # Without a user, main fails after it has started both jobs.
    await mock_api.answer("/users/1", body="null")
    await mock_api.hold("/users/*/picture")
    with pytest.raises(TypeError):
        async with running(main(mock_api.url)) as program:
            await mock_api.saw("GET /users/2/picture")
            await mock_api.saw("GET /users/99/picture")
            assert not program.task.done()
            await mock_api.release("/users/*/picture")
    assert program.output == "Background: HttpError: HTTP 404\n"
    assert await mock_api.endings() == COMPLETED


async def test_without_an_answer_no_job_starts(mock_api):
    await mock_api.fail("/users/1", [500])
    with pytest.raises(HttpError, match=r"^HTTP 500$"):
        await main(mock_api.url)
    assert await mock_api.endings() == {"/users/1": "completed"}


async def test_a_job_that_hangs_ends_after_three_seconds(
    mock_api, clock
):
    await mock_api.hold("/users/2/picture")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/2/picture")
        await program.prints("HTTP 404\n")
        await clock.advance(2.9)
        assert "TimeoutError" not in program.output
        await clock.advance(0.1)
        await program.prints("Background: TimeoutError: \n")
    assert program.lines[-1] == "Pictures: 0"
    endings = await mock_api.endings()
    assert endings["/users/2/picture"] == "client hung up"


async def test_a_job_may_start_another_one(capsys):
    background = Background()
    gates = [asyncio.Event(), asyncio.Event()]

    async def second():
        await gates[1].wait()

    async def first():
        await gates[0].wait()
        background.start(second())

    background.start(first())
    finishing = asyncio.create_task(background.finish())
    await asyncio.sleep(0)
    gates[0].set()
    # By then whoever waits for the first job only has heard of its end.
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(background.jobs) == 1
    assert not finishing.done()
    gates[1].set()
    await finishing
    assert background.jobs == set()
    assert capsys.readouterr().out == ""


# Python only: a promise cannot be cancelled.
async def test_a_cancelled_job_is_no_failure(capsys):
    messages = reported()
    background = Background()
    background.start(asyncio.sleep(3600))
    [job] = background.jobs
    job.cancel()
    await background.finish()
    assert background.jobs == set()
    assert capsys.readouterr().out == ""
    assert messages == []


# What the language does, without the program.


# Python only: JavaScript keeps what can still be settled.
async def test_a_task_that_only_its_own_wait_holds_is_collected(caplog):
    done = []

    async def save():
        try:
            await asyncio.Queue().get()
        except asyncio.CancelledError:
            done.append("cancelled")
        finally:
            done.append("cleaned up")

    # mypy and ruff would find this line.
    create_task: Any = asyncio.create_task
    create_task(save())
    await asyncio.sleep(0)
    gc.collect()
    [record] = caplog.records
    assert (record.name, record.levelname) == ("asyncio", "ERROR")
    assert record.message.startswith(
        "Task was destroyed but it is pending!\n"
    )
    assert "\ntask: <Task pending name=" in record.message
    # Nobody has cancelled it: Python has closed its coroutine.
    assert done == ["cleaned up"]


# Python only: JavaScript keeps what can still be settled.
async def test_a_task_that_reads_a_stream_is_collected(caplog):
    connected = asyncio.Event()
    held = []

    async def serve(reader, writer):
        held.append(writer)
        connected.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reading = asyncio.Event()

    async def read():
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port
        )
        held.append(writer.transport)
        reading.set()
        await reader.read()

    create_task: Any = asyncio.create_task
    create_task(read())
    await connected.wait()
    await reading.wait()
    await asyncio.sleep(0)
    with warnings.catch_warnings():
        # From 3.11.7 on, the lost connection warns, too.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert "Task was destroyed but it is pending!" in caplog.text
    for connection in held:
        connection.close()
    server.close()
    await server.wait_closed()


# Python only: JavaScript keeps what can still be settled.
async def test_what_the_loop_will_wake_is_held(mock_api, client, clock):
    done = []
    go = threading.Event()
    await mock_api.hold("/data")

    async def request():
        done.append((await client.get("/data")).status_code)

    async def timer():
        await asyncio.sleep(60)
        done.append("timer")

    async def thread():
        await asyncio.to_thread(go.wait)
        done.append("thread")

    create_task: Any = asyncio.create_task
    for job in request, timer, thread:
        create_task(job())
    await mock_api.saw("GET /data")
    gc.collect()
    await clock.advance(60)
    assert done == ["timer"]
    await mock_api.release("/data")
    go.set()
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    assert set(done) == {"timer", 200, "thread"}


# Python only: JavaScript has no groups.
async def test_a_group_of_the_application_outlives_a_request():
    done = []
    gate = asyncio.Event()

    async def save(name):
        await gate.wait()
        if name == "bad":
            raise ValueError("no luck")
        done.append(name)

    async def guarded(work):
        try:
            await work
        except Exception as error:
            done.append(f"failed: {error}")

    async def handle(group, name):
        group.create_task(guarded(save(name)))
        return f"answer to {name}"

    async with asyncio.TaskGroup() as group:
        answers = [await handle(group, n) for n in ("bad", "good")]
        assert answers == ["answer to bad", "answer to good"]
        assert done == []
        gate.set()
    # The end of the group has waited for both.
    assert done == ["failed: no luck", "good"]


# Python only: JavaScript has no groups.
async def test_a_failing_job_cancels_all_of_its_group():
    ended = []

    async def fail():
        raise ValueError("no luck")

    async def save():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ended.append("save")
            raise

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(save())
            await asyncio.sleep(0)
            group.create_task(fail())
            # The application serves its requests here.
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                ended.append("application")
                raise
    assert raised.group_contains(ValueError, match="no luck")
    assert sorted(ended) == ["application", "save"]


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_that_is_left_keeps_only_what_it_says(mock_api):
    from tools.browser.chromium import browser

    await mock_api.hold("POST /posts")
    await mock_api.hold("/users/*")
    async with browser() as chromium:
        page = await chromium.new_page()
        await page.goto(f"{mock_api.url}/data")
        await page.evaluate(
            """([url, body]) => {
              void fetch(`${url}/users/1`);
              void fetch(`${url}/users/2`, { keepalive: true });
              navigator.sendBeacon(`${url}/posts`, new Blob([body],
                { type: "application/json" }));
            }""",
            [
                mock_api.url,
                '{"title": "Seen", "body": "Yes", "author_id": 1}',
            ],
        )
        for request in "GET /users/1", "GET /users/2", "POST /posts":
            await mock_api.saw(request)
        await page.goto("about:blank")
        await mock_api.ended("GET /users/1")
        await mock_api.release("/users/2")
        await mock_api.release("POST /posts")
        await mock_api.ended("GET /users/2")
        await mock_api.ended("POST /posts")
        endings = await mock_api.endings()
    assert endings["/users/1"] == "client hung up"
    assert endings["/users/2"] == "completed"
    assert endings["/posts"] == "completed"
