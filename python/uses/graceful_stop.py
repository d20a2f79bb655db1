"""Stop a server while it still answers two requests.

Explained in docs/uses/graceful-stop.md
Needs the mock API: nox -s api
"""

import asyncio
import os
import socket

import httpx
from fastapi import FastAPI, Response
from uvicorn import Config, Server

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


def make_server(
    api: httpx.AsyncClient, arrived: asyncio.Semaphore
) -> Server:
    app = FastAPI()

    @app.get("/users/{user}")
    async def relay(user: int, delay: str = "0") -> Response:
        arrived.release()
        answer = await api.get(f"/users/{user}?delay={delay}")
        return Response(answer.content, answer.status_code)

    # uvicorn itself listens for SIGTERM and Ctrl+C. Without the limit
    # (in seconds) one slow request could keep the server from its end.
    # A cancelled request would be an error in its log: we print it.
    return Server(
        Config(app, timeout_graceful_shutdown=1, log_level="critical")
    )


async def ask(url: str) -> str:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).text
    except httpx.ConnectError:
        return "no answer"


async def main(api_url: str = API_URL) -> None:
    # The handlers use this client, so it must outlive the server.
    async with httpx.AsyncClient(base_url=api_url) as api:
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        arrived = asyncio.Semaphore(0)
        server = make_server(api, arrived)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve([listener]))
            quick = group.create_task(ask(f"{url}/users/1?delay=0.5"))
            await arrived.acquire()
            slow = group.create_task(ask(f"{url}/users/2?delay=30"))
            await arrived.acquire()
            # SIGTERM and Ctrl+C do this, too.
            server.should_exit = True
            print("Under way:", await quick)
            print("New:", await ask(f"{url}/users/3"))
            print("Too slow:", await slow)
            await serving


if __name__ == "__main__":
    asyncio.run(main())
