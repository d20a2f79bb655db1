"""Serve a small JSON API, and send it four comments at once.

Explained in docs/uses/web-server.md
Needs the mock API: nox -s api
"""

import asyncio
import os
import socket

import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from uvicorn import Config, Server

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
JSON = {"Content-Type": "application/json"}
BODIES = (
    '{"post": 1, "text": "hello"}',
    '{"post": 999, "text": "hello"}',
    '{"post": 2, "text": ""}',
    '{"post": 3, "text": ',
)


# FastAPI answers 422 to a body that is no such comment.
class Comment(BaseModel):
    post: int
    text: str


def make_server(api: httpx.AsyncClient) -> Server:
    app = FastAPI(max_body_size=10_000)

    @app.post("/comments", status_code=201)
    async def add(comment: Comment) -> str:
        # While this handler waits, the same thread serves the others.
        async with asyncio.timeout(3):
            post = await api.head(f"/posts/{comment.post}")
        if post.is_error:
            raise HTTPException(post.status_code)
        # A bug: an empty text has no first letter. FastAPI answers 500.
        return comment.text[0].upper() + comment.text[1:]

    # uvicorn logs what a handler raises. This bug is on purpose: leave
    # `log_level` out of your own server. The parser h11 limits the size
    # of the headers; httptools, which uvicorn may prefer, does not.
    return Server(Config(app, http="h11", log_level="critical"))


async def ask(client: httpx.AsyncClient, body: str) -> str:
    answer = await client.post("/comments", content=body)
    return f"{answer.status_code} {body}"


async def main(api_url: str = API_URL) -> None:
    # Port 0 lets the system choose a port that is free.
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with (
        httpx.AsyncClient(base_url=api_url) as api,
        # Leaving the group waits until the server has ended.
        asyncio.TaskGroup() as group,
        httpx.AsyncClient(base_url=url, headers=JSON) as client,
    ):
        server = make_server(api)
        group.create_task(server.serve([listener]))
        asking = (ask(client, body) for body in BODIES)
        print(*await asyncio.gather(*asking), sep="\n")
        server.should_exit = True


if __name__ == "__main__":
    asyncio.run(main())
