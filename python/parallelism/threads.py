"""Give a thread a list and a call that blocks, and call it off.

Explained in docs/parallelism/threads.md
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor


def add_name(names: list[str], name: str) -> str:
    names.append(name)
    return ", ".join(names)


def block(started: threading.Event, stop: threading.Event) -> None:
    started.set()
    # Stands for a call that knows no await and takes long.
    stop.wait()


async def main() -> None:
    names = ["Ada"]
    # The thread gets the list itself, not a copy.
    there = await asyncio.to_thread(add_name, names, "Grace")
    print("In the thread:", there)
    print("Here:", ", ".join(names))

    started, stop = threading.Event(), threading.Event()
    with ThreadPoolExecutor() as pool:
        work = pool.submit(block, started, stop)
        waiting = asyncio.wrap_future(work)
        await asyncio.to_thread(started.wait)
        # This ends our wait. The thread does not even hear of it.
        waiting.cancel()
        print("Our wait:", "over" if waiting.done() else "goes on")
        print("Called off:", "works on" if work.running() else "ended")
        # It ends if its function returns, so we need a way to tell it.
        stop.set()
    # Leaving the pool waits for its threads.
    print("Told to stop:", "works on" if work.running() else "ended")


if __name__ == "__main__":
    asyncio.run(main())
