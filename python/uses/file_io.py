"""Save a download, then read it while the event loop goes on.

Explained in docs/uses/file-io.md
Needs the mock API: nox -s api
"""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def save(api_url: str, file: Path) -> None:
    # Nobody must find half a file under the name of a whole one.
    part = file.with_name(f"{file.name}.part")
    try:
        async with (
            httpx.AsyncClient(base_url=api_url) as client,
            client.stream("GET", "/download?megabytes=4") as response,
        ):
            response.raise_for_status()
            # Not in a thread: called off, that would leave it open.
            with part.open("wb") as saved:
                async for piece in response.aiter_bytes():
                    # A file has no await: a thread waits for it.
                    await asyncio.to_thread(saved.write, piece)
        await asyncio.to_thread(part.replace, file)
    finally:
        # Short, and no await that could be called off in its turn.
        part.unlink(missing_ok=True)


# Python only: JavaScript has one kind of function for both.
def digest(file: Path) -> str:
    # A plain function: everything in here may block.
    with file.open("rb") as saved:
        return hashlib.file_digest(saved, "sha256").hexdigest()


async def checksum(file: Path) -> str:
    # One thread for the whole job, in place of one for each piece.
    return await asyncio.to_thread(digest, file)


async def turns_until(done: asyncio.Task[str]) -> int:
    # A new task begins at the next turn.
    await asyncio.sleep(0)
    turns = 0
    while not done.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def main(api_url: str = API_URL) -> None:
    # The folder goes when the block ends, and all files in it.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "download")
        await save(api_url, file)
        size = (await asyncio.to_thread(file.stat)).st_size
        print("Saved:", size, "bytes")

        reading = asyncio.create_task(checksum(file))
        # If the read blocks, it is over before the loop can go on.
        turns = await turns_until(reading)
        print("The loop", "goes on" if turns else "stands still")
        print("Checksum:", (await reading)[:8])


if __name__ == "__main__":
    asyncio.run(main())
