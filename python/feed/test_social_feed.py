import httpx
import pytest

from feed.social_feed import main
from helpers import printed, running

CACHED = ["Loading…", "(cached) Ada: The slowest of three"]


async def test_all_five_requests_are_in_flight_at_once(mock_api):
    await mock_api.rendezvous("*", 5)
    await printed(main(mock_api.url))
    log = await mock_api.log()
    assert max(entry.in_flight for entry in log) == 5
    assert {entry.status for entry in log} == {200}


async def test_the_cached_feed_is_shown_before_any_answer(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /posts")
        await program.prints("(cached) Alan")
        assert program.lines[:2] == CACHED
        assert len(program.lines) == 3
        await mock_api.release("*")


async def test_pictures_are_shown_in_the_order_they_arrive(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        for author_id, name in [(3, "Alan"), (1, "Ada"), (2, "Grace")]:
            await mock_api.release(f"/users/{author_id}/picture")
            await program.prints(f"[picture] {name}")
        await mock_api.release("*")
    assert program.lines[3:6] == [
        "[picture] Alan",
        "[picture] Ada",
        "[picture] Grace",
    ]


async def test_a_slow_picture_does_not_delay_the_others(mock_api):
    await mock_api.hold("/users/1/picture")
    async with running(main(mock_api.url)) as program:
        await program.prints("[picture] Grace")
        await program.prints("[picture] Alan")
        assert "[picture] Ada" not in program.output
        await mock_api.release("/users/1/picture")
    assert program.lines[5] == "[picture] Ada"


async def test_a_failing_picture_leaves_the_rest_intact(mock_api):
    await mock_api.fail("/users/2/picture", [503])
    lines = (await printed(main(mock_api.url))).splitlines()
    assert set(lines[3:6]) == {
        "[picture] Ada",
        "[no picture] Grace",
        "[picture] Alan",
    }
    assert lines[6:] == [
        "Ada: Hello, loop",
        "Grace: Start first, wait later",
        "Alan: Is it done yet?",
        "3 notifications",
    ]


async def test_a_dropped_picture_is_a_failing_one(mock_api):
    await mock_api.drop("/users/2/picture")
    output = await printed(main(mock_api.url))
    assert "[no picture] Grace\n" in output


# Python only: Promise.all stops nothing.
async def test_a_failed_feed_stops_the_pictures(mock_api):
    await mock_api.hold("/users/*/picture")
    await mock_api.hold("/posts")
    await mock_api.fail("/posts", [500])
    with pytest.raises(ExceptionGroup) as raised:
        async with running(main(mock_api.url)):
            await mock_api.saw("GET /users/*/picture", times=3)
            await mock_api.release("/posts")
    assert raised.group_contains(httpx.HTTPStatusError)
    endings = {
        entry.path: entry.ending for entry in await mock_api.log()
    }
    assert endings["/users/1/picture"] == "client hung up"
    assert endings["/users/2/picture"] == "client hung up"
    assert endings["/users/3/picture"] == "client hung up"
