"""An event loop by hand: tasks are generators, without asyncio.

Explained in docs/basics/tiny-event-loop.md
Needs the mock API: nox -s api
"""

import os
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic as now
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


def ask(url: str, task: Any, ready: SimpleQueue[Any]) -> None:
    try:
        ready.put((task, None, httpx.get(url).status_code))
    # Whatever it is, the task has to hear of it, or it waits for ever.
    except Exception as error:
        ready.put((task, error, None))


def run(tasks: list[Any]) -> None:
    # All of them are due at once.
    timers = [(now(), task) for task in tasks]
    ready: SimpleQueue[Any] = SimpleQueue()
    left = len(tasks)
    while left:
        # What is due joins the queue, behind what is ready.
        while timers and timers[0][0] <= now():
            ready.put((timers.pop(0)[1], None, None))
        # The one place where the program waits.
        pause = max(0, timers[0][0] - now()) if timers else None
        try:
            task, error, value = ready.get(timeout=pause)
        except Empty:
            continue
        try:
            # The task goes on, up to its next yield.
            verb, arg = task.throw(error) if error else task.send(value)
        except StopIteration:
            left -= 1
            continue
        if verb == "sleep":
            timers.append((now() + arg, task))
            timers.sort(key=lambda timer: timer[0])
        else:
            # Blocking is allowed there; the loop goes on meanwhile.
            Thread(target=ask, args=(arg, task, ready)).start()


def visit(name: str, seconds: float, url: str) -> Any:
    yield "sleep", seconds
    print(name, "asks")
    status = yield "ask", url
    print(name, "is answered:", status)


def main(api_url: str = API_URL) -> None:
    patient = visit("A", 0.12, f"{api_url}/users/1")
    hasty = visit("B", 0.02, f"{api_url}/users/5")
    run([patient, hasty])


if __name__ == "__main__":
    main()
