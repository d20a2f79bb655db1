"""Print an answer token by token; stop the next in the middle."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
from httpx_sse import aconnect_sse

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def tokens(
    client: httpx.AsyncClient, prompt: str
) -> AsyncGenerator[str]:
    async with aconnect_sse(
        client, "POST", "/completions", json={"prompt": prompt}
    ) as source:
        source.response.raise_for_status()
        async for event in source.aiter_sse():
            if event.data != "[DONE]":
                yield json.loads(event.data)["token"]


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        async for token in tokens(client, "What does await do?"):
            # Half a line waits in a buffer unless it is flushed.
            print(token, end="", flush=True)
        print()

        # A break leaves the generator open; aclosing closes it.
        async with aclosing(tokens(client, "In short?")) as answer:
            async for token in answer:
                print(token, end="", flush=True)
                if token == ".":
                    break
        print(" Enough.")


if __name__ == "__main__":
    asyncio.run(main())
