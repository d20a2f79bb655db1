"""The least that an ASGI application can be: `python -m tools.bench_server`.

`bench` measures the mock API beside it, on the same uvicorn with the same
settings. It answers what /data answers, and imports nothing of ours.
"""

import asyncio
import os
import socket
import sys
import threading
import time
from typing import Any

import uvicorn

DELAY = 0.05  # seconds, of every path but /
BODY = b'{"message":"Hello from the mock API"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"37")]
SETTINGS: dict[str, Any] = {
    "http": "httptools",
    "ws": "none",
    "loop": "asyncio",
    "lifespan": "off",
    "log_level": "critical",
    "log_config": None,
    "access_log": False,
    "proxy_headers": False,
    "server_header": False,
    "timeout_keep_alive": 120,
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer at once, or after DELAY seconds."""
    if scope["path"] != "/":
        await asyncio.sleep(DELAY)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


def tell() -> None:
    """For each line that comes in, print the seconds of CPU time used so far.

    The process ends when standard input closes.
    """

    def watch() -> None:
        for _ in sys.stdin:
            print(time.process_time(), flush=True)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    # asyncio turns Nagle's algorithm off only where the protocol is named.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(4096)
    print(f"Bare: http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    tell()
    uvicorn.Server(uvicorn.Config(app, **SETTINGS)).run(sockets=[listening])
