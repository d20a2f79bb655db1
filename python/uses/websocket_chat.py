"""Pass on each message that one client sends to all the others.

Explained in docs/uses/websocket-chat.md
With PORT=9000 in the environment it is a server, until Ctrl-C.
"""

import asyncio
import os
import sys
from contextlib import suppress

from websockets import (
    ConnectionClosedError,
    Origin,
    ServerConnection,
    broadcast,
    connect,
    serve,
)

PORT = os.environ.get("PORT")
# The page of another site may not connect in its visitor's name.
# None: a program that is no browser sends no origin.
ORIGINS = [None, Origin("https://my.test")]


async def chat(client: ServerConnection) -> None:
    # It may send too big a message, or vanish without a goodbye.
    with suppress(ConnectionClosedError):
        async for message in client:
            hearers = client.server.connections - {client}
            # To wait for a slow client would hold up all the others.
            broadcast(hearers, message)
            for hearer in hearers:
                if hearer.transport.get_write_buffer_size() > 65_536:
                    hearer.transport.abort()


async def main() -> None:
    try:
        # 1024 bytes for a message: they wait in memory until its end.
        server = await serve(
            chat,
            "127.0.0.1",
            int(PORT or 0),
            max_size=1024,
            origins=ORIGINS,
        )
    except (OSError, OverflowError, ValueError) as error:
        sys.stderr.write(f"Port {PORT} is no free port: {error}\n")
        sys.exit(2)
    # The end of this block says goodbye to all clients.
    async with server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        if PORT:
            print("The chat listens on", url, flush=True)
            await asyncio.Event().wait()
        async with connect(url) as ada, connect(url) as grace:
            await grace.send("Hello, Ada")
            print("Ada hears:", await ada.recv())


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
