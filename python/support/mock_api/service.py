"""The social-media service: posts, users, pictures, notifications."""

import asyncio
import re

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from support.mock_api.data import NOTIFICATIONS, USERS, Post, User, picture
from support.mock_api.messages import Call, Problem, json_response, phrase, short
from support.mock_api.operations import Answer, Operations
from support.mock_api.schemas import DELAY, Schema

SERVICE = Operations(DELAY)

_DATA = json_response({"message": "Hello from the mock API"})
_NOTIFICATIONS = json_response(NOTIFICATIONS)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_CHUNK = b"async " * 10922 + b"loop"  # 64 KiB
_MEGABYTE = 1024 * 1024
_CURSOR: Schema = {"type": "string", "pattern": r"^after-[0-9]{1,9}$"} | {
    "description": "Where a page begins: `next` of the page before"
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


@SERVICE.add("GET", "/data", {"200": Answer("A message.", "Message")})
async def _get_data(call: Call) -> Response:
    """A message."""
    return _DATA


@SERVICE.add(
    "GET",
    "/posts",
    {"200": Answer("A page of posts.", "Posts")},
    query={"cursor": _CURSOR, "limit": _LIMIT},
)
async def _get_posts(call: Call) -> Response:
    """Posts, newest first, a page at a time."""
    limit: int = call.values["limit"]
    newest = len(call.scenario.posts)
    if "cursor" in call.values:
        after = int(call.values["cursor"].partition("-")[2])
        newest = min(newest, after - 1)
    oldest = max(newest - limit, 0)
    page = [call.scenario.posts[number] for number in range(newest, oldest, -1)]
    more = f"/posts?cursor=after-{page[-1]['id']}&limit={limit}" if oldest else None
    return json_response({"posts": page, "next": more})


@SERVICE.add(
    "POST",
    "/posts",
    {"201": Answer("The new post.", "Post", headers={"Location": "Where it is."})},
    body="NewPost",
)
async def _create_post(call: Call) -> Response:
    """Write a post."""
    number = len(call.scenario.posts) + 1
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
    return Response(picture(_user(call)), media_type="image/svg+xml")


@SERVICE.add(
    "GET",
    "/notifications",
    {"200": Answer("Newest first.", "Notification", many=True)},
)
async def _get_notifications(call: Call) -> Response:
    """What is new."""
    return _NOTIFICATIONS


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
        return Response(status_code=code)
    if code >= 400:
        raise Problem(code, f"{phrase(code)}, as the path asks.")
    headers = None
    if code in (301, 302, 303, 307, 308):
        headers = {"Location": f"{call.scenario.prefix}/data"}
    return json_response({"status": code}, code, headers=headers)


class _Download(Response):
    """As many MiB as asked for, never faster than the client reads."""

    def __init__(self, megabytes: int) -> None:
        super().__init__(media_type="application/octet-stream")
        self._size = megabytes * _MEGABYTE
        self.headers["Content-Length"] = str(self._size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        for sent in range(len(_CHUNK), self._size + 1, len(_CHUNK)):
            await asyncio.sleep(0)  # a turn for everyone else
            more = sent < self._size
            await send(
                {"type": "http.response.body", "body": _CHUNK, "more_body": more}
            )


@SERVICE.add(
    "GET",
    "/download",
    {"200": Answer("The bytes.", media_type="application/octet-stream")},
    query={"megabytes": _MEGABYTES},
)
async def _get_download(call: Call) -> Response:
    """Many bytes, in chunks of 64 KiB."""
    return _Download(call.values["megabytes"])


@SERVICE.add(
    "GET", "/openapi.json", {"200": Answer("An OpenAPI 3.1 document.", "Document")}
)
async def _get_openapi(call: Call) -> Response:
    """This description of the API."""
    from support.mock_api.openapi import document  # only where it is asked for

    return json_response(document(call.scenario.prefix))
