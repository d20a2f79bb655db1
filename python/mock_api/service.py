"""The social-media service: posts, users, pictures, notifications, streams."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from mock_api.call import Call
from mock_api.data import (
    BROKEN,
    CUT_OFF,
    FEEDS,
    MIRRORS,
    NOTIFICATIONS,
    SOURCES,
    TOKENS,
    USERS,
    Post,
    User,
    picture,
)
from mock_api.limits import POSTS
from mock_api.operations import Answer, Operations, problem_answer
from mock_api.problem import Problem, phrase, short
from mock_api.responses import Dropped, Response, Stream, Write, json_response
from mock_api.schemas import DELAY, Schema

T = TypeVar("T")

SERVICE = Operations(DELAY)

_DATA = json_response({"message": "Hello from the mock API"})
_NOTIFICATIONS = json_response(NOTIFICATIONS)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_CHUNK = b"async " * 10922 + b"loop"  # 64 KiB
_MEGABYTE = 1024 * 1024
_CURSOR: Schema = {"type": "string", "pattern": r"^after-[0-9]{1,9}$"} | {
    "description": "Where a page begins; the page before says it, in its Link header"
}
_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 10, "default": 10}
_MEGABYTES: Schema = {"type": "integer", "minimum": 1, "maximum": 64, "default": 4}


def _number(call: Call, name: str, known: str) -> int:
    """A number in the path, or Problem 404 that says which there are."""
    text = call.params[name]
    if not _NUMBER.fullmatch(text):
        raise Problem(
            404, f"{name}: expected a number, got {short(text)!r}. There are: {known}."
        )
    return int(text)


def _user(call: Call) -> User:
    number = _number(call, "id", "1 to 5")
    if number not in USERS:
        raise Problem(404, f"There is no user {number}. There are: 1 to 5.")
    return USERS[number]


def _post(call: Call) -> Post:
    posts = call.scenario.posts
    number = _number(call, "id", f"1 to {len(posts)}")
    if number not in posts:
        raise Problem(404, f"There is no post {number}. There are: 1 to {len(posts)}.")
    return posts[number]


def _named(call: Call, name: str, kind: str, things: Mapping[str, T]) -> T:
    """The thing that the path names, or Problem 404 that says which there are."""
    if name not in things:
        known = ", ".join(things)
        raise Problem(404, f"There is no {kind} {short(name)!r}. There are: {known}.")
    return things[name]


@SERVICE.add("GET", "/data", {"200": Answer("A message.", "Message")})
async def _get_data(call: Call) -> Response:
    """A message."""
    return _DATA


@SERVICE.add(
    "GET",
    "/posts",
    {
        "200": Answer(
            "Newest first.",
            "Post",
            many=True,
            headers={"Link": 'The next page, where there is one: `<URL>; rel="next"`.'},
        )
    },
    query={"cursor": _CURSOR, "limit": _LIMIT},
)
async def _get_posts(call: Call) -> Response:
    """Posts, newest first; the next page's address is in the Link header."""
    limit: int = call.values["limit"]
    newest = len(call.scenario.posts)
    if "cursor" in call.values:
        after = int(call.values["cursor"].partition("-")[2])
        newest = min(newest, after - 1)
    oldest = max(newest - limit, 0)
    page = [call.scenario.posts[number] for number in range(newest, oldest, -1)]
    headers = None
    if oldest:
        at = f"{call.origin}{call.scenario.prefix}/posts"
        query = f"cursor=after-{page[-1]['id']}&limit={limit}"
        headers = {"Link": f'<{at}?{query}>; rel="next"'}
    return json_response(page, headers=headers)


@SERVICE.add(
    "POST",
    "/posts",
    {
        "201": Answer("The new post.", "Post", headers={"Location": "Where it is."}),
        "507": problem_answer("The scenario holds as many posts as it can."),
    },
    body="NewPost",
)
async def _create_post(call: Call) -> Response:
    """Write a post."""
    number = len(call.scenario.posts) + 1
    if number > POSTS:
        raise Problem(
            507,
            f"The scenario has {POSTS} posts already, and can have no more. "
            "Make another scenario, or delete this one.",
        )
    post: Post = {
        "id": number,
        "title": call.json["title"],
        "body": call.json["body"],
        "author": USERS[call.json["author_id"]],
    }
    call.scenario.posts[number] = post
    location = f"{call.scenario.prefix}/posts/{number}"
    return json_response(post, 201, headers={"Location": location})


@SERVICE.add("GET", "/posts/{id}", {"200": Answer("The post.", "Post")})
async def _get_post(call: Call) -> Response:
    """One post."""
    return json_response(_post(call))


@SERVICE.add(
    "PUT", "/posts/{id}", {"200": Answer("The post.", "Post")}, body="ChangedPost"
)
async def _change_post(call: Call) -> Response:
    """Change a post's title and body."""
    changed: Post = {**_post(call), **call.json}
    call.scenario.posts[changed["id"]] = changed
    return json_response(changed)


@SERVICE.add("GET", "/users/{id}", {"200": Answer("The user.", "User")})
async def _get_user(call: Call) -> Response:
    """Someone who writes posts."""
    return json_response(_user(call))


@SERVICE.add(
    "GET",
    "/users/{id}/picture",
    {"200": Answer("The picture.", media_type="image/svg+xml")},
)
async def _get_picture(call: Call) -> Response:
    """A user's profile picture."""
    return Response(picture(_user(call)).encode(), media_type="image/svg+xml")


@SERVICE.add(
    "GET",
    "/notifications",
    {"200": Answer("Newest first.", "Notification", many=True)},
)
async def _get_notifications(call: Call) -> Response:
    """What is new."""
    return _NOTIFICATIONS


@SERVICE.add("GET", "/mirrors/{city}", {"200": Answer("Where it is.", "Mirror")})
async def _get_mirror(call: Call) -> Response:
    """One of several mirrors, which all could answer."""
    return json_response({"city": _named(call, call.params["city"], "mirror", MIRRORS)})


@SERVICE.add(
    "GET",
    "/status/{code}",
    {
        "204": Answer("As asked, without a body."),
        "205": Answer("As asked, without a body."),
        "2XX": Answer("As asked.", "Status"),
        "304": Answer("As asked, without a body."),
        "3XX": Answer(
            "As asked.",
            "Status",
            headers={"Location": "That of /data; with 301, 302, 303, 307 and 308."},
        ),
    },
)
async def _get_status(call: Call) -> Response:
    """The status that the path asks for, from 200 to 599."""
    code = _number(call, "code", "200 to 599")
    if not 200 <= code <= 599:
        raise Problem(404, f"There is no status {code} here. There are: 200 to 599.")
    if code in (204, 205, 304):
        return Response(status=code)
    if code >= 400:
        raise Problem(code, f"{phrase(code)}, as the path asks.")
    headers = None
    if code in (301, 302, 303, 307, 308):
        headers = {"Location": f"{call.scenario.prefix}/data"}
    return json_response({"status": code}, code, headers=headers)


class _Download(Stream):
    """As many MiB as asked for, never faster than the client reads."""

    def __init__(self, megabytes: int) -> None:
        self._size = megabytes * _MEGABYTE
        super().__init__(
            {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(self._size),
            }
        )

    async def write_body(self, write: Write) -> None:
        """Write them in chunks."""
        for sent in range(len(_CHUNK), self._size + 1, len(_CHUNK)):
            await asyncio.sleep(0)  # a turn for everyone else
            await write(_CHUNK, sent < self._size)


@SERVICE.add(
    "GET",
    "/download",
    {"200": Answer("The bytes.", media_type="application/octet-stream")},
    query={"megabytes": _MEGABYTES},
)
async def _get_download(call: Call) -> Stream:
    """Many bytes, in chunks of 64 KiB."""
    return _Download(call.values["megabytes"])


class _Events(Stream):
    """Server-sent events, each when the scenario lets it go.

    Where they are `cut_off`, the connection is closed in place of one more.
    """

    def __init__(
        self, call: Call, events: Sequence[str], *, cut_off: bool = False
    ) -> None:
        super().__init__(
            {
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
            }
        )
        self._call = call
        self._events = events
        self._cut_off = cut_off

    async def write_body(self, write: Write) -> None:
        """Write each when the rules let it go."""

        async def allowed(number: int) -> None:
            await call.scenario.rules.obey_event(call.method, call.path, number)

        call = self._call
        for number, data in enumerate(self._events, 1):
            await allowed(number)
            # The end comes with the last event: nobody can miss it by leaving.
            more = self._cut_off or number < len(self._events)
            await write(f"data: {data}\n\n".encode(), more)
        if self._cut_off:
            await allowed(len(self._events) + 1)
            raise Dropped


@SERVICE.add(
    "POST",
    "/completions",
    {"200": Answer("Tokens, then [DONE].", "StreamEvent", "text/event-stream")},
    body="Prompt",
    streams=True,
)
async def _complete(call: Call) -> Stream:
    """An answer to a prompt, token by token, like that of a language model."""
    tokens = [json.dumps({"token": token}) for token in TOKENS]
    return _Events(call, [*tokens, "[DONE]"])


@SERVICE.add(
    "GET",
    "/feeds/{name}",
    {"200": Answer("What happens.", "StreamEvent", "text/event-stream")},
    streams=True,
)
async def _get_feed(call: Call) -> Stream:
    """A live feed. The connection of one of them is cut off in the middle."""
    events = _named(call, call.params["name"], "feed", FEEDS)
    return _Events(call, events, cut_off=call.params["name"] == CUT_OFF)


@SERVICE.add("GET", "/sources/{name}", {"200": Answer("The value.", "Source")})
async def _get_source(call: Call) -> Response:
    """A measured value. One source is busy at first, one is broken."""
    source = _named(call, call.params["name"], "source", SOURCES)
    if source["name"] == BROKEN:
        raise Problem(500, "This source is broken, and always will be.")
    if source["name"] in call.scenario.busy:
        call.scenario.busy.remove(source["name"])
        seconds = "1" if call.scenario.delays else "0"
        raise Problem(
            503,
            f"This source is busy. Ask again in {seconds} s.",
            headers={"Retry-After": seconds},
        )
    return json_response(source)
