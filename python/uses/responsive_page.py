"""Show a feed in a web page that answers at all times.

Explained in docs/uses/responsive-page.md
Runs in responsive-page.html: nox -s browser -- --serve
"""

import asyncio
from functools import partial
from typing import Any

import js
from pyodide import ffi, http

QUERY = js.URLSearchParams.new(js.location.search)
API = QUERY.get("api") or "http://127.0.0.1:8000"


def find(name: str) -> Any:
    return js.document.getElementById(name)


# A part waits, fails and is tried again without the other parts.
async def fill(part: Any, load: Any, show: Any = None) -> None:
    part.onretry = partial(fill, part, load, show)
    # The page draws a spinner for it, and sets aria-busy.
    part.state = "busy"
    try:
        # Without a limit, a silent API would leave the spinner there.
        async with asyncio.timeout(10):
            await load(part)
        part.state = "there"
    except (OSError, ffi.JsException):
        part.state = "failed"
    if part.state == "there" and show:
        await show()


async def get_posts(_posts: Any) -> None:
    response = await http.pyfetch(f"{API}/posts?limit=3")
    response.raise_for_status()
    js.localStorage.setItem("posts", await response.text())


async def show_posts() -> None:
    # Cards that are there stay, so only new ones ask for a picture.
    frames = find("posts").draw(js.localStorage.getItem("posts"))
    async with asyncio.TaskGroup() as group:
        for frame in frames:
            group.create_task(fill(frame, get_picture))


async def get_picture(frame: Any) -> None:
    # If the wait is cancelled, the request goes on. The page ends it:
    # the picture of a frame that has failed loses its address.
    frame.picture.src = f"{API}/users/{frame.author}/picture"
    await frame.picture.decode()


# Runs in the worker, so the page is free while this computes.
def compute_pi(event: Any) -> None:
    js.postMessage("Computing π…\n")
    total = sum(1 / n**2 for n in range(1, event.data))
    js.postMessage(f"π is about {(6 * total) ** 0.5:.2f}\n")


async def main() -> None:
    worker = js.Worker.new(js.PROGRAM, name="compute_pi", type="module")
    worker.onmessage = lambda event: find("pi").append(event.data)
    worker.postMessage(int(QUERY.get("terms") or 100_000))
    async with asyncio.TaskGroup() as group:
        # What the last visit saw is there before any answer.
        group.create_task(show_posts())
        group.create_task(fill(find("posts"), get_posts, show_posts))


if __name__ == "__main__":
    asyncio.run(main())
