import httpx
import pytest

from helpers import printed, running
from uses.web_requests import (
    create_post,
    main,
    reach,
    title_of,
)

NOBODY = "http://127.0.0.1:2"


async def test_all_six_are_reported(mock_api):
    assert await printed(main(mock_api.url)) == (
        "Created: post 11\n"
        "Post 1: First post\n"
        "Post 999: no such post\n"
        "Redirect: 302\n"
        "Slow: TimeoutError\n"
        "Dead server: ConnectError\n"
    )
    log = await mock_api.log()
    assert [(e.method, e.path, e.status) for e in log] == [
        ("POST", "/posts", 201),
        ("GET", "/posts/1", 200),
        ("GET", "/posts/999", 404),
        ("GET", "/status/302", 302),
        ("GET", "/users/1", None),
    ]
    assert log[-1].ending == "client hung up"


async def test_what_was_sent_can_be_read_back(client):
    post_id = await create_post(client, "Sent and stored")
    assert await title_of(client, post_id) == "Sent and stored"


async def test_a_500_is_an_error_of_the_program(mock_api, client):
    await mock_api.fail("/posts", [500])
    await mock_api.fail("/posts/1", [500])
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await create_post(client, "Never stored")
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await title_of(client, 1)


async def test_the_program_gives_up_after_a_second(mock_api, clock):
    await mock_api.hold("/posts")
    program = running(main(mock_api.url))
    with pytest.raises(TimeoutError):
        async with program:
            await mock_api.saw("POST /posts")
            await clock.advance(0.999)
            [held] = await mock_api.log(settled=False)
            assert held.ending is None
            await clock.advance(0.001)
            [given_up] = await mock_api.log()
            assert given_up.ending == "client hung up"


async def test_the_limit_holds_for_the_body_too(
    mock_api, client, clock
):
    await mock_api.hold("/feeds/weather/*")

    async def ask():
        print(await reach(client, "/feeds/weather"))

    async with running(ask()) as program:
        await mock_api.saw("GET /feeds/weather")
        await clock.advance(1)
        await program.prints("TimeoutError")
    [given_up] = await mock_api.log()
    assert (given_up.status, given_up.ending) == (200, "client hung up")


async def test_a_dead_server_is_an_exception(client):
    with pytest.raises(httpx.ConnectError) as raised:
        await client.get(NOBODY)
    assert str(raised.value) == "All connection attempts failed"
    assert await reach(client, NOBODY) == "ConnectError"
    # A mistake of the caller is no trouble of the network.
    with pytest.raises(httpx.InvalidURL):
        await reach(client, "http://127.0.0.1:port")


async def test_a_connection_dropped_without_an_answer_is_an_exception(
    mock_api, client
):
    await mock_api.drop("/data")
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        await client.get("/data")
    assert str(raised.value) == (
        "Server disconnected without sending a response."
    )
    assert await reach(client, "/data") == "RemoteProtocolError"
    endings = [entry.ending for entry in await mock_api.log()]
    assert endings == ["dropped", "dropped"]


# What the clients do, without the program.


async def test_a_404_does_not_raise(mock_api, client):
    response = await client.get("/posts/999")
    assert response.status_code == 404
    with pytest.raises(httpx.HTTPStatusError) as raised:
        response.raise_for_status()
    message = "Client error '404 Not Found' for url "
    url = f"'{mock_api.url}/posts/999'"
    assert str(raised.value).startswith(message + url)


# Python only: fetch has no such limit.
async def test_httpx_gives_up_after_five_seconds_of_silence(
    mock_api, clock
):
    await mock_api.hold("/data")

    async def ask():
        async with httpx.AsyncClient(base_url=mock_api.url) as client:
            await client.get("/data")

    with pytest.raises(httpx.ReadTimeout) as raised:
        async with running(ask()):
            await mock_api.saw("GET /data")
            await clock.advance(4.999)
            [held] = await mock_api.log(settled=False)
            assert held.ending is None
            await clock.advance(0.001)
    assert not isinstance(raised.value, TimeoutError)


# Python only: a signal counts the whole answer, bytes or no bytes.
async def test_each_byte_gives_httpx_five_seconds_more(mock_api, clock):
    await mock_api.hold("/feeds/weather/*")
    seen = []

    async def ask():
        async with (
            httpx.AsyncClient(base_url=mock_api.url) as client,
            client.stream("GET", "/feeds/weather") as response,
        ):
            async for line in response.aiter_lines():
                seen.append(line)
                print(line)

    async with running(ask()) as program:
        await mock_api.saw("GET /feeds/weather")
        await clock.advance(4)
        await mock_api.release("/feeds/weather/1")
        await program.prints("Sun")
        await clock.advance(4)
        await mock_api.release("/feeds/weather/*")
        await program.prints("Rain")


# Python only: fetch follows redirects unless told otherwise.
async def test_a_redirect_is_followed_only_when_asked(mock_api, client):
    response = await client.get("/status/302")
    assert response.status_code == 302
    response = await client.get("/status/302", follow_redirects=True)
    assert response.url.path.endswith("/data")
    assert [entry.path for entry in await mock_api.log()] == [
        "/status/302",
        "/status/302",
        "/data",
    ]


PAGE = "<!DOCTYPE html>\n<title>Out of order</title>"


@pytest.mark.parametrize("body", [PAGE, ""])
async def test_what_is_not_json_is_an_error(mock_api, client, body):
    await mock_api.answer("/posts/1", body=body)
    with pytest.raises(ValueError, match="Expecting value") as raised:
        await title_of(client, 1)
    assert type(raised.value).__name__ == "JSONDecodeError"
    assert str(raised.value) == (
        "Expecting value: line 1 column 1 (char 0)"
    )


# Python only: httpx keeps the body that it has read.
async def test_a_body_can_be_read_twice(client):
    response = await client.get("/data")
    assert response.json() == response.json()


async def test_a_path_alone_is_no_address(mock_api):
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.UnsupportedProtocol) as raised:
            await client.get("/posts")
    assert str(raised.value) == (
        "Request URL is missing an 'http://' or 'https://' protocol."
    )
    assert await mock_api.log() == []
