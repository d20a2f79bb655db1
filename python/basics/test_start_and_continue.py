import asyncio

import httpx
import pytest

from basics.start_and_continue import get_message, main
from helpers import printed, running


async def test_other_work_goes_on_while_the_request_is_in_flight(
    mock_api,
):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /data")
        await program.prints("Nothing else to do")
        assert "The answer" not in program.output
        await mock_api.release("/data")
    assert program.lines[-1] == "The answer: Hello from the mock API"


async def test_the_answer_is_handled_last_however_early_it_comes(
    mock_api,
):
    assert await printed(main(mock_api.url)) == (
        "Starting the request\n"
        "Other work, step 1\n"
        "Other work, step 2\n"
        "Other work, step 3\n"
        "Nothing else to do: waiting for the answer\n"
        "The answer: Hello from the mock API\n"
    )


# Python only: a JavaScript async function starts when it is called.
async def test_a_task_starts_when_the_loop_gets_a_turn():
    asked = []

    def answer(request):
        asked.append(request.url.path)
        return httpx.Response(200, json={"message": "hi"})

    async with httpx.AsyncClient(
        base_url="http://any", transport=httpx.MockTransport(answer)
    ) as client:
        message = asyncio.create_task(get_message(client))
        assert asked == []
        await asyncio.sleep(0)
        assert asked == ["/data"]
        assert await message == "hi"


# Python only: Node does not wait for anyone to await the failure.
async def test_a_failure_waits_for_the_await(mock_api):
    await mock_api.fail("/data", [500])
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        message = asyncio.create_task(get_message(client))
        await asyncio.wait([message])
        with pytest.raises(httpx.HTTPStatusError):
            await message
