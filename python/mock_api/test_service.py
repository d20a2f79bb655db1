import asyncio
import json
import re
import socket

import httpx
import pytest

from mock_api.client import LogEntry, scenario
from mock_api.data import DELAYS, SOURCES
from mock_api.scenarios import Scenario

NEW_POST = {"title": "Hi", "body": "Hello.", "author_id": 3}


async def problem(answering, status: int) -> str:
    """What the problem document says; it must be complete."""
    answer = await answering
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said.keys() == {"type", "title", "status", "detail"}
    assert (said["type"], said["status"]) == ("about:blank", status)
    return said["detail"]


# What there is


async def test_data(client):
    answer = await client.get("/data")
    assert answer.json() == {"message": "Hello from the mock API"}
    assert answer.headers["Content-Type"] == "application/json"


async def test_users_and_their_pictures(client):
    names, pictures = [], set()
    for number in range(1, 6):
        user = (await client.get(f"/users/{number}")).json()
        assert user["id"] == number
        names.append(user["name"])
        picture = await client.get(f"/users/{number}/picture")
        assert picture.headers["Content-Type"] == "image/svg+xml"
        assert picture.text.startswith("<svg ")
        assert f">{user['name'][0]}</text>" in picture.text
        pictures.add(picture.text)
    assert names == ["Ada", "Grace", "Alan", "Edsger", "Barbara"]
    assert len(pictures) == 5


async def test_notifications(client):
    notifications = (await client.get("/notifications")).json()
    assert len(notifications) == 3
    assert all(n.keys() == {"id", "text"} for n in notifications)


async def test_posts_are_newest_first(client):
    answer = await client.get("/posts")
    posts = answer.json()
    assert [post["id"] for post in posts] == list(range(10, 0, -1))
    assert "Link" not in answer.headers
    for post in posts:
        assert post == (await client.get(f"/posts/{post['id']}")).json()
        author = (await client.get(f"/users/{post['author']['id']}")).json()
        assert post["author"] == author


async def test_pages_of_posts(client, api):
    pages, url = [], f"{api.url}/posts?limit=4"
    while url:
        answer = await client.get(url)
        pages.append([post["id"] for post in answer.json()])
        url = answer.links.get("next", {}).get("url")
        assert url is None or url.startswith(f"{api.url}/posts?")
    assert pages == [[10, 9, 8, 7], [6, 5, 4, 3], [2, 1]]


async def test_the_next_page_without_a_scenario(server_url):
    async with httpx.AsyncClient(base_url=server_url, verify=False) as client:
        answer = await client.get("/posts?limit=1&delay=0")
        following = await client.get(f"{answer.links['next']['url']}&delay=0")
    assert answer.json()[0]["id"] == following.json()[0]["id"] + 1


async def test_a_page_keeps_its_place_when_a_post_is_added(client):
    first = await client.get("/posts?limit=5")
    await client.post("/posts", json=NEW_POST)
    second = await client.get(first.links["next"]["url"])
    assert [post["id"] for post in second.json()] == [5, 4, 3, 2, 1]


async def test_create_a_post(client):
    answer = await client.post("/posts", json=NEW_POST)
    made = {
        "id": 11,
        "title": "Hi",
        "body": "Hello.",
        "author": {"id": 3, "name": "Alan"},
    }
    assert (answer.status_code, answer.json()) == (201, made)
    location = httpx.URL(str(client.base_url)).join(answer.headers["Location"])
    assert (await client.get(location)).json() == made
    assert (await client.get("/posts?limit=1")).json() == [made]


async def test_change_a_post(client):
    before = (await client.get("/posts/4")).json()
    answer = await client.put("/posts/4", json={"title": "New", "body": "Too."})
    assert answer.status_code == 200
    assert answer.json() == before | {"title": "New", "body": "Too."}
    assert (await client.get("/posts/4")).json() == answer.json()


@pytest.mark.parametrize("code", [200, 202, 299, 300, 404, 418, 500, 599])
async def test_status(client, code):
    answer = await client.get(f"/status/{code}")
    assert answer.status_code == code
    assert answer.json()["status"] == code


@pytest.mark.parametrize("code", [204, 205, 304])
async def test_status_without_a_body(client, code):
    answer = await client.get(f"/status/{code}")
    assert (answer.status_code, answer.content) == (code, b"")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_stays_in_the_scenario(client, api, code):
    answer = await client.get(f"/status/{code}", follow_redirects=True)
    assert answer.json() == {"message": "Hello from the mock API"}
    assert [e.path for e in await api.log()] == [f"/status/{code}", "/data"]


async def events(client, method: str, path: str, **rest) -> list[str]:
    """The data of the server-sent events of a stream that comes to its end."""
    answer = await client.request(method, path, **rest)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    return re.findall(r"data: (.+)\n\n", answer.text)


async def test_a_completion(client, api):
    *tokens, done = await events(client, "POST", "/completions", json={"prompt": "?"})
    text = "".join(json.loads(token)["token"] for token in tokens)
    assert text == "An await lets others run. Then it goes on."
    assert done == "[DONE]"
    assert [e.ending for e in await api.log()] == ["completed"]


async def test_feeds(client):
    news = await events(client, "GET", "/feeds/news")
    weather = await events(client, "GET", "/feeds/weather")
    assert len(news) > len(weather) > 1


async def test_a_feed_that_is_cut_off(client, api):
    await api.hold("/feeds/sport/3")
    seen = []
    with pytest.raises(httpx.RemoteProtocolError):
        async with client.stream("GET", "/feeds/sport") as answer:
            async for line in answer.aiter_lines():
                seen.append(line)
                if line == "data: Goal":
                    await api.release("/feeds/sport/3")
    assert seen == ["data: Kick-off", "", "data: Goal", ""]
    assert [(e.status, e.ending) for e in await api.log()] == [(200, "dropped")]


async def test_the_rules_know_each_event_of_a_stream(client, api):
    await api.hold("/feeds/news/3")
    async with client.stream("GET", "/feeds/news") as answer:
        lines = answer.aiter_lines()
        while await anext(lines) != "data: A ship leaves":
            pass
        assert (await api.log(settled=False))[0].ending is None
        await api.drop("/feeds/news/4")
        await api.release("/feeds/news/3")
        with pytest.raises(httpx.RemoteProtocolError):
            while await anext(lines) != "data: Good night":
                pass
    assert [e.ending for e in await api.log()] == ["dropped"]
    await api.delay("/feeds/weather/2", 0.05)
    await events(client, "GET", "/feeds/weather")
    assert took((await api.log())[-1]) >= 0.05


async def test_the_client_of_a_stream_hangs_up(client, api):
    await api.hold("/completions/2")
    async with client.stream("POST", "/completions", json={"prompt": "?"}) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                break
    assert [e.ending for e in await api.log()] == ["client hung up"]


async def test_an_event_that_is_held_too_long(server_url):
    async with (
        scenario(server_url, delays=False, limit=0.01) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False, verify=False) as client,
    ):
        await api.hold("/feeds/news/2")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/feeds/news")
        assert [e.ending for e in await api.log()] == ["held too long"]


async def test_sources(client, api):
    answers = [await client.get(f"/sources/{name}") for name in SOURCES]
    values = [a.json() for a in answers if a.status_code == 200]
    assert values == [s for n, s in SOURCES.items() if n not in ("traffic", "snow")]
    assert [a.status_code for a in answers if a.is_error] == [503, 500]


async def test_a_source_is_busy_once_in_each_scenario(client, server_url):
    busy = await client.get("/sources/traffic")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "0")
    assert (await client.get("/sources/traffic")).json() == SOURCES["traffic"]
    async with scenario(server_url) as other:  # with delays
        busy = await client.get(f"{other.url}/sources/traffic?delay=0")
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")


async def test_mirrors(client):
    cities = [
        (await client.get(f"/mirrors/{name}")).json()["city"]
        for name in ("oslo", "lima", "pune")
    ]
    assert cities == ["Oslo", "Lima", "Pune"]


async def test_download(client):
    async with client.stream("GET", "/download?megabytes=3") as answer:
        assert answer.headers["Content-Length"] == str(3 * 1024 * 1024)
        size = sum([len(chunk) async for chunk in answer.aiter_raw()])
    assert size == 3 * 1024 * 1024


async def test_a_browser_page_of_another_origin_may_ask(client, api):
    answer = await client.options(
        "/posts",
        headers={"Origin": "http://x", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    answer = await client.get("/nothing")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert [e.method for e in await api.log()] == ["GET"]  # the preflight is not there


# Bad input


async def test_an_unknown_path_says_what_there_is(client):
    detail = await problem(client.get("/post"), 404)
    assert detail.startswith("There is no /post. Did you mean /posts?")
    assert "/users/{id}/picture" in detail


async def test_a_method_that_a_path_does_not_know(client):
    answer = await client.delete("/posts/1")
    assert answer.headers["Allow"] == "GET, HEAD, PUT"
    assert "/posts/1 does not know DELETE" in answer.json()["detail"]
    await problem(client.delete("/posts/1"), 405)
    assert (await client.head("/completions")).status_code == 405
    assert (await client.options("/data")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/posts/11",
        "/posts/0",
        "/posts/-1",
        "/posts/one",
        "/posts/٣",
        "/users/6",
        "/users/1.0",
        "/users/x/picture",
        "/users/" + "9" * 5000,
        "/status/199",
        "/status/600",
        "/status/ok",
        "/feeds/none",
        "/feeds/news/1",
        "/sources/none",
        "/mirrors/none",
        "/posts/%00",
        "/posts/%ff%fe",
        "/posts/a%2Fb",
        "//",
        "/",
        "/data/",
        "/{id}",
        "/posts/{id}",
        "/posts/{id}/",
    ],
)
async def test_a_path_to_nothing(client, path):
    assert "here" in await problem(client.get(path), 404)  # "there is …"


@pytest.mark.parametrize(
    "delay",
    ["-1", "30.1", "31", "nan", "inf", "1e999", "1e2", "", "x", "1_0", "٣", "%00"],
)
async def test_a_bad_delay(client, delay):
    detail = await problem(client.get(f"/data?delay={delay}"), 400)
    assert detail.startswith("delay: expected a number from 0 to 30")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "limit: expected a whole number from 1 to 10"),
        ("limit=11", "limit: expected a whole number from 1 to 10"),
        ("limit=2.5", "limit: expected a whole number from 1 to 10"),
        ("limit=1&limit=2", "limit: given twice"),
        ("cursor=5", "cursor: expected a string (Where a page begins"),
        ("cursor=after-x", "cursor: expected a string (Where a page begins"),
        ("dealy=1", "dealy: there is no such parameter"),
        ("%ff=%ff", "�: there is no such parameter"),
    ],
)
async def test_a_bad_query(client, query, said):
    assert (await problem(client.get(f"/posts?{query}"), 400)).startswith(said)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'title': 1}",
        b"\xff\xfe",
        b'{"title": "\xff", "body": "not UTF-8", "author_id": 1}',
        b"\x00",
        b'{"title": NaN}',
        b'{"title": ' + b"9" * 5000 + b"}",
        b"[" * 500_000,
    ],
)
async def test_a_body_that_is_not_json(client, body):
    headers = {"Content-Type": "application/json"}
    detail = await problem(client.post("/posts", content=body, headers=headers), 400)
    assert "JSON" in detail


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_of_another_type(client, kind):
    headers = {"Content-Type": kind}
    post = client.post("/posts", content=json.dumps(NEW_POST), headers=headers)
    assert await problem(post, 415) == (
        f"Content-Type: expected application/json, got {kind}."
    )


async def test_a_type_may_name_its_charset(client):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = await client.post("/posts", content=json.dumps(NEW_POST), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "title: expected a string of 1 to 200 characters"),
        ({"title": "x" * 201}, "title: expected a string of 1 to 200 characters"),
        ({"body": 7}, "body: expected a string of 1 to 10000 characters, got 7."),
        ({"author_id": 6}, "author_id: expected a whole number from 1 to 5, got 6."),
        ({"author_id": 1.5}, "author_id: expected a whole number from 1 to 5"),
        ({"author_id": True}, "author_id: expected a whole number from 1 to 5"),
        ({"author_id": 10**400}, "author_id: expected a whole number from 1 to 5"),
        ({"extra": 1}, "extra: there is no such field."),
    ],
)
async def test_a_body_of_the_wrong_shape(client, changes, said):
    post = client.post("/posts", json=NEW_POST | changes)
    assert (await problem(post, 422)).startswith(said)


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "1"])
async def test_a_body_that_is_not_an_object(client, body):
    headers = {"Content-Type": "application/json"}
    post = client.post("/posts", content=body, headers=headers)
    assert (await problem(post, 422)).startswith("The body: expected an object")


async def test_a_missing_field(client):
    post = client.post("/posts", json={"title": "Hi", "author_id": 1})
    assert (await problem(post, 422)).startswith("body: missing. Expected a string")


async def test_any_text_comes_back_as_it_was(client):
    text = "\x00\U0001f600\ud800 é"
    headers = {"Content-Type": "application/json"}
    body = json.dumps(NEW_POST | {"body": text})  # httpx cannot encode \ud800
    await client.post("/posts", content=body, headers=headers)
    assert (await client.get("/posts/11")).json()["body"] == text


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 5 * 1024 * 1024])
async def test_a_body_that_is_too_large(client, size):
    detail = await problem(client.post("/posts", content=b" " * size), 413)
    assert detail == "The body: expected at most 1048576 bytes."


async def test_a_body_that_is_just_not_too_large(client):
    body = json.dumps(NEW_POST).encode().ljust(1024 * 1024)
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/posts", content=body, headers=headers)
    assert answer.status_code == 201


async def test_a_target_that_is_too_long(client):
    await problem(client.get("/" + "x" * 9000), 414)
    await problem(client.get("/data?x=" + "x" * 9000), 414)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /posts HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /posts HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_garbage_does_not_harm(server_url, garbage):
    url = httpx.URL(server_url)
    with socket.create_connection((url.host, url.port)) as raw:
        raw.sendall(garbage)
        assert raw.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert httpx.get(f"{server_url}/data?delay=0").status_code == 200


# How long it takes


def took(entry: LogEntry) -> float:
    """Seconds, as the server measured them."""
    assert entry.ended is not None
    return entry.ended - entry.started


async def test_every_response_takes_its_own_time(server_url):
    async with (
        scenario(server_url) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False, verify=False) as client,
    ):
        wanted = {}
        for request, seconds in DELAYS.items():
            number = "3" if "posts" in request else "404"
            method, path = request.replace("*", number).split()
            wanted[method, path] = seconds
        await asyncio.gather(*(client.request(*request) for request in wanted))
        log = await api.log()
    assert len(log) == len(wanted)
    for entry in log:
        assert took(entry) >= wanted[entry.method, entry.path]


def at_once(entry) -> bool:
    """Whether nothing happened between a request's start and its end."""
    return entry.ended_event == entry.started_event + 1


async def test_a_scenario_without_delays_answers_at_once(client, api):
    await asyncio.gather(*(client.get("/users/5") for _ in range(5)))
    assert all(map(at_once, await api.log()))


async def test_the_delay_that_a_request_asks_for(client, api):
    await asyncio.gather(*(client.get("/data?delay=0.05") for _ in range(5)))
    assert all(took(entry) >= 0.05 for entry in await api.log())


async def test_a_rule_comes_before_a_request_and_a_request_before_the_default(
    server_url,
):
    async with (
        scenario(server_url) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False, verify=False) as client,
    ):
        await asyncio.gather(*(client.get("/users/5?delay=0") for _ in range(5)))
        assert all(map(at_once, await api.log()))
        await api.delay("/users/*", 0.05)
        await client.get("/users/5?delay=0")
        await client.get("/users/5")
        assert all(took(entry) >= 0.05 for entry in (await api.log())[-2:])
        await api.delay("/users/5", 0)  # later, so it counts
        await asyncio.gather(*(client.get("/users/5?delay=9") for _ in range(5)))
        assert all(map(at_once, (await api.log())[-5:]))


async def test_a_delay_is_not_early_even_if_a_timer_is(monkeypatch):
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(seconds / 2))
    alone = Scenario("alone", delays=False)
    entry = alone.log.start("GET", "/data", "delay=0.02")
    await alone.rules.obey(entry, 0.02)
    assert alone.log.now() - entry.started >= 0.02
