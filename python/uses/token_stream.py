"""Print an answer token by token; stop the next in the middle.

Explained in docs/uses/token-stream.md
Needs the mock API: nox -s api
"""

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
            if event.data == "[DONE]":
                return
            answer = json.loads(event.data)
            # The status was sent long ago, so an error comes as data.
            if "error" in answer:
                raise RuntimeError(answer["error"])
            yield answer["token"]
    # Without [DONE] you cannot know if this is the whole answer.
    raise EOFError("the answer was cut off")


async def main(api_url: str = API_URL) -> None:
    # httpx's limit on silence would end an answer that takes a pause.
    # This limit holds for all that the program asks.
    client = httpx.AsyncClient(base_url=api_url, timeout=None)
    async with asyncio.timeout(60), client:
        async for token in tokens(client, "What does await do?"):
            # Half a line waits in a buffer unless you flush it.
            print(token, end="", flush=True)
        print()

        # A break leaves the generator open. aclosing closes it, and
        # that closes the connection.
        async with aclosing(tokens(client, "In short?")) as answer:
            async for token in answer:
                print(token, end="", flush=True)
                if token == ".":
                    break
        print(" Enough.")


if __name__ == "__main__":
    asyncio.run(main())
