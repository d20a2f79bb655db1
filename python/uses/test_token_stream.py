import asyncio
import os
import sys
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from helpers import (
    PYTHON,
    killed,
    limited,
    printed,
    run_python,
    running,
)
from uses.token_stream import main, tokens

SENTENCE = "An await lets others run."
EVENT_STREAM = {"Content-Type": "text/event-stream"}
EVENTS = (
    'data: {"token": "café"}\n\n'
    'data: {"token":\ndata: "!"}\n\n'
    "data: [DONE]\n\n"
)
AN = 'data: {"token": "An"}\n\n'


async def test_tokens_are_printed_as_they_come(mock_api):
    await mock_api.hold("/completions/3")
    async with running(main(mock_api.url)) as program:
        await program.prints("An await")
        assert program.output == "An await"
        await mock_api.release("/completions/3")
    assert program.lines == [
        f"{SENTENCE} Then it goes on.",
        f"{SENTENCE} Enough.",
    ]


async def test_stopping_in_the_middle_hangs_up(mock_api):
    await mock_api.hold("/completions/11")
    async with running(main(mock_api.url)) as program:
        await program.prints("goes on")
        await mock_api.hold("/completions/7")
        await mock_api.release("/completions/11")
    endings = [entry.ending for entry in await mock_api.log()]
    assert endings == ["completed", "client hung up"]


# Python only: in JavaScript the break itself closes.
async def test_the_stream_is_closed_before_the_next_line(
    mock_api, monkeypatch
):
    events = []
    close = httpx.Response.aclose

    async def closing(response):
        events.append("closed")
        await close(response)

    def printing(text="", **options):
        if "Enough" in text:
            events.append("next line")

    monkeypatch.setattr(httpx.Response, "aclose", closing)
    monkeypatch.setattr("builtins.print", printing)
    await main(mock_api.url)
    # The two answers; httpx may close one more than once.
    assert events[-1] == "next line"
    assert events.count("closed") >= 2


async def test_a_bad_status_is_an_error_before_the_first_token(
    mock_api,
):
    await mock_api.fail("/completions", [503])
    with pytest.raises(httpx.HTTPStatusError):
        await printed(main(mock_api.url))


async def test_a_minute_is_the_limit(mock_api, clock):
    await mock_api.hold("/completions/3")
    program = running(main(mock_api.url))
    with pytest.raises(TimeoutError):
        async with program as answer:
            await answer.prints("An await")
            await clock.advance(59.999)
            [held] = await mock_api.log(settled=False)
            assert held.ending is None
            await clock.advance(0.001)
            [given_up] = await mock_api.log()
            assert given_up.ending == "client hung up"


async def test_the_minute_is_for_both_answers(mock_api, clock):
    await mock_api.hold("/completions/11")
    program = running(main(mock_api.url))
    with pytest.raises(TimeoutError):
        async with program as answers:
            await answers.prints("goes on")
            await clock.advance(59)
            await mock_api.hold("/completions/3")
            await mock_api.release("/completions/11")
            await answers.prints(".\nAn await")
            await clock.advance(1)
    endings = [entry.ending for entry in await mock_api.log()]
    assert endings == ["completed", "client hung up"]


async def test_it_can_be_stopped_while_nothing_comes(mock_api, client):
    await mock_api.hold("/completions/1")
    answer = tokens(client, "Why?")
    first = asyncio.create_task(anext(answer))
    await mock_api.saw("POST /completions")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    [entry] = await mock_api.log()
    assert entry.ending == "client hung up"


async def test_done_ends_the_answer(mock_api, client):
    body = AN + "data: [DONE]\n\n" + AN
    await mock_api.answer(
        "/completions", headers=EVENT_STREAM, body=body
    )
    seen = [token async for token in tokens(client, "Why?")]
    assert seen == ["An"]


async def test_an_error_comes_in_the_middle(mock_api):
    body = AN + 'data: {"error": "overloaded"}\n\n' + AN
    await mock_api.answer(
        "/completions", headers=EVENT_STREAM, body=body
    )
    program = running(main(mock_api.url))
    with pytest.raises(RuntimeError, match="overloaded"):
        async with program as answer:
            await answer.prints("An")
    assert answer.output == "An"
    [entry] = await mock_api.log()
    assert entry.status == 200


async def test_an_answer_without_its_end_is_an_error(mock_api):
    await mock_api.answer("/completions", headers=EVENT_STREAM, body=AN)
    with pytest.raises(EOFError, match="the answer was cut off"):
        await printed(main(mock_api.url))


async def test_a_connection_that_breaks_is_an_error(mock_api):
    await mock_api.drop("/completions/3")
    program = running(main(mock_api.url))
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        async with program as answer:
            await answer.prints("An await")
    assert str(raised.value) == (
        "peer closed connection without sending complete message body "
        "(incomplete chunked read)"
    )
    [entry] = await mock_api.log()
    assert entry.ending == "dropped"


async def test_an_event_may_come_in_pieces():
    async def pieces():
        for byte in EVENTS.encode():
            yield bytes([byte])

    def answer(request):
        headers = {"Content-Type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=pieces())

    async with httpx.AsyncClient(
        base_url="http://any", transport=httpx.MockTransport(answer)
    ) as client:
        seen = [token async for token in tokens(client, "Where?")]
    assert seen == ["café", "!"]


async def test_half_a_line_reaches_a_pipe(mock_api):
    await mock_api.hold("/completions/3")
    await mock_api.hold("/completions/11")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c"),
        "import asyncio, sys; from uses.token_stream import main;"
        "asyncio.run(main(sys.argv[1]))",
        mock_api.url,
        cwd=PYTHON,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with limited(lambda: "half a line has not come"):
            assert await process.stdout.readexactly(8) == b"An await"
            await mock_api.release("/completions/3")
            await process.stdout.readuntil(b"goes on")
            await mock_api.hold("/completions/3")
            await mock_api.release("/completions/11")
            half = await process.stdout.readexactly(10)
            assert half == b".\nAn await"
            await mock_api.release("/completions/3")
            await process.wait()
    finally:
        await killed(process)
    assert process.returncode == 0


# What the language does, without the program.


# Python only: in JavaScript a break closes the generator.
async def test_a_break_leaves_the_stream_open(mock_api):
    await mock_api.hold("/completions/7")
    async with (
        httpx.AsyncClient(base_url=mock_api.url) as client,
        aclosing(tokens(client, "Why?")) as answer,
    ):
        async for token in answer:
            if token == ".":
                break
        [entry] = await mock_api.log(settled=False)
        assert entry.ending is None
        await mock_api.release("/completions/7")
        [entry] = await mock_api.log()
        assert entry.ending == "completed"
        # The rest has come and can be read.
        rest = [token async for token in answer]
        assert rest == [" Then", " it", " goes", " on", "."]


# Python only: a JavaScript generator lets its caller wait in a queue.
async def test_a_generator_that_waits_cannot_be_closed(mock_api):
    await mock_api.hold("/completions/1")
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        answer = tokens(client, "Why?")
        first = asyncio.create_task(anext(answer))
        await mock_api.saw("POST /completions")
        with pytest.raises(RuntimeError) as raised:
            await answer.aclose()
        assert str(raised.value) == (
            "aclose(): asynchronous generator is already running"
        )
        await mock_api.release("/completions/1")
        assert await first == "An"
        await answer.aclose()
        await mock_api.log()


# Python only: JavaScript calls of next wait in a queue.
async def test_two_tasks_cannot_read_one_generator(mock_api, client):
    await mock_api.hold("/completions/1")
    async with aclosing(tokens(client, "Why?")) as answer:
        first = asyncio.create_task(anext(answer))
        await mock_api.saw("POST /completions")
        with pytest.raises(RuntimeError) as raised:
            await anext(answer)
        assert str(raised.value) == (
            "anext(): asynchronous generator is already running"
        )
        await mock_api.release("/completions/1")
        assert await first == "An"


# Python only: a JavaScript generator may yield once more.
async def test_a_generator_may_not_yield_while_it_is_closed():
    async def stubborn():
        try:
            yield "An"
        finally:
            yield "await"

    answer = stubborn()
    await anext(answer)
    with pytest.raises(RuntimeError) as raised:
        await answer.aclose()
    assert str(raised.value) == (
        "async generator ignored GeneratorExit"
    )


async def test_a_plain_for_cannot_wait(client):
    answer: Any = tokens(client, "Why?")
    with pytest.raises(TypeError) as raised:
        for _ in answer:
            pass
    assert str(raised.value) == (
        "'async_generator' object is not iterable"
    )


# Python only: process.stdout.write has no buffer for half a line.
async def test_a_pipe_waits_for_more_than_a_line():
    code = "import os; print('An', flush={}); {}"
    leave = "os._exit(0)"
    for flush, end, seen in [
        (False, leave, ""),
        (True, leave, "An\n"),
        (False, "", "An\n"),
    ]:
        source = code.format(flush, end)
        process = await run_python("-c", source, PYTHONUNBUFFERED="")
        assert process.stdout == seen


# Python only: process.stdout.write has no buffer for half a line.
@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such terminals"
)
async def test_a_terminal_waits_for_the_line_too():
    half = "import os; print('An', end={!r}, flush={}); os._exit(0)"
    for end, flush, expected in [
        ("", False, b"|"),
        ("", True, b"An|"),
        ("\n", False, b"An\r\n|"),
    ]:
        ours, terminal = os.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", half.format(end, flush)),
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=terminal,
        )
        await process.wait()
        # This comes after all that the program has sent.
        os.write(terminal, b"|")
        seen = b""
        while not seen.endswith(b"|"):
            seen += os.read(ours, 10)
        os.close(ours)
        os.close(terminal)
        assert seen == expected
