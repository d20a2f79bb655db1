import httpx
import pytest

from helpers import printed
from uses.web_requests import (
    NOBODY,
    create_post,
    follow,
    knock,
    main,
    newest_title,
    title_of,
)


async def test_all_five_are_reported(mock_api):
    assert await printed(main(mock_api.url)) == (
        "Newest: Hello, loop\n"
        "Created: post 11\n"
        "Post 999: no such post\n"
        "Redirect: led to data\n"
        "Dead server: nobody answers (ConnectError)\n"
    )


async def test_what_was_sent_can_be_read_back(client):
    post_id = await create_post(client, "Sent and stored")
    assert await title_of(client, post_id) == "Sent and stored"
    assert await newest_title(client) == "Sent and stored"


async def test_a_404_does_not_raise(client):
    response = await client.get("/posts/999")
    assert response.status_code == 404
    with pytest.raises(httpx.HTTPStatusError):
        response.raise_for_status()


async def test_a_500_is_an_error_of_the_program(mock_api, client):
    await mock_api.fail("/posts", [500, 500])
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await newest_title(client)
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await create_post(client, "Never stored")


async def test_a_dead_server_is_an_exception(client):
    with pytest.raises(httpx.ConnectError):
        await client.get(NOBODY)
    assert (
        await knock(client, NOBODY) == "nobody answers (ConnectError)"
    )


async def test_a_connection_dropped_without_an_answer_is_an_exception(
    mock_api, client
):
    await mock_api.drop("/posts")
    with pytest.raises(httpx.RemoteProtocolError):
        await newest_title(client)
    [entry] = await mock_api.log()
    assert entry.ending == "dropped"


# Python only: fetch follows redirects unless told otherwise.
async def test_a_redirect_is_followed_only_when_asked(mock_api, client):
    response = await client.get("/status/302")
    assert response.status_code == 302
    assert await follow(client, "/status/302") == "data"
    assert [entry.path for entry in await mock_api.log()] == [
        "/status/302",
        "/status/302",
        "/data",
    ]
