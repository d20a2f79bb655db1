"""Save a download, read it piece by piece, write down its checksum."""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def save(api_url: str, file: Path) -> None:
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        client.stream("GET", "/download?megabytes=4") as response,
    ):
        response.raise_for_status()
        # A file knows no `await`: each call waits in a thread.
        with await asyncio.to_thread(open, file, "wb") as saved:
            async for piece in response.aiter_bytes():
                await asyncio.to_thread(saved.write, piece)


async def checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with await asyncio.to_thread(open, file, "rb") as saved:
        while piece := await asyncio.to_thread(saved.read, 65536):
            digest.update(piece)
    return digest.hexdigest()


async def heartbeat(reading: asyncio.Task[str]) -> int:
    await asyncio.sleep(0)  # the task begins
    beats = 0
    while not reading.done():
        beats += 1
        await asyncio.sleep(0.001)
    return beats


async def main(api_url: str = API_URL) -> None:
    # The folder goes when the block ends, and all files in it.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "download")
        await save(api_url, file)

        reading = asyncio.create_task(checksum(file))
        beats = await heartbeat(reading)
        print("The heart", "beats on" if beats else "stops")

        note = file.with_suffix(".sha256")
        await asyncio.to_thread(note.write_text, await reading)
        written = await asyncio.to_thread(note.read_text)
        print("Written down:", written[:8])


if __name__ == "__main__":
    asyncio.run(main())
