"""Show a feed in a web page that answers at all times."""

import asyncio
from functools import partial
from typing import Any

import js
from pyodide import ffi, http

QUERY = js.URLSearchParams.new(js.location.search)
API_URL = QUERY.get("api") or "http://127.0.0.1:8000"


async def show_text(api_url: str, name: str, to_text: Any) -> None:
    place = js.document.getElementById(name)
    # What the last visit saw is there at once.
    place.textContent = js.localStorage.getItem(name)
    response = await http.pyfetch(f"{api_url}/{name}")
    response.raise_for_status()
    place.textContent = to_text(await response.json())
    js.localStorage.setItem(name, place.textContent)


def titles(answer: Any) -> str:
    return "\n".join(post["title"] for post in answer)


async def show_picture(api_url: str, user: int, *_: Any) -> None:
    picture, retry = js.document.querySelectorAll(f"#user-{user} *")
    retry.onclick = partial(show_picture, api_url, user)
    retry.hidden = True
    picture.src = f"{api_url}/users/{user}/picture"
    try:
        await picture.decode()
    except ffi.JsException:
        retry.hidden = False


# Runs in the worker, where it blocks nobody.
def compute_pi(event: Any) -> None:
    js.postMessage("Computing π…\n")
    total = sum(1 / n**2 for n in range(1, event.data))
    js.postMessage(f"π is about {(6 * total) ** 0.5:.4f}\n")


async def main(api_url: str = API_URL) -> None:
    find = js.document.getElementById
    find("like").onclick = lambda event: find("likes").stepUp()
    worker = js.Worker.new(js.PROGRAM, name="compute_pi", type="module")
    worker.onmessage = lambda event: find("pi").append(event.data)
    worker.postMessage(int(QUERY.get("terms") or 100_000))
    await asyncio.gather(
        show_text(api_url, "notifications", len),
        show_text(api_url, "posts", titles),
        *(show_picture(api_url, user) for user in (1, 2, 3)),
    )


if __name__ == "__main__":
    asyncio.run(main())
