import asyncio
import os
import sys
from contextlib import aclosing

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
EVENTS = (
    'data: {"token": "café"}\n\n'
    'data: {"token":\ndata: "!"}\n\n'
    "data: [DONE]\n\n"
)


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


async def test_it_can_be_stopped_while_nothing_comes(mock_api):
    await mock_api.hold("/completions/3")
    with pytest.raises(asyncio.CancelledError):
        async with running(main(mock_api.url)) as program:
            await program.prints("An await")
            program.task.cancel()
    assert program.output == "An await"
    [entry] = await mock_api.log()
    assert entry.ending == "client hung up"


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


async def test_a_bad_status_is_an_error_before_the_first_token(
    mock_api,
):
    await mock_api.fail("/completions", [503])
    with pytest.raises(httpx.HTTPStatusError):
        await printed(main(mock_api.url))


async def test_half_a_line_reaches_a_pipe(mock_api):
    await mock_api.hold("/completions/3")
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
            await process.wait()
    finally:
        await killed(process)
    assert process.returncode == 0


# Python only: process.stdout.write has no buffer for half a line.
async def test_python_keeps_half_a_line_back():
    half = "import os; print('An', end='', flush={}); os._exit(0)"
    for flush, seen in [(False, ""), (True, "An")]:
        code = half.format(flush)
        process = await run_python("-c", code, PYTHONUNBUFFERED="")
        assert process.stdout == seen
