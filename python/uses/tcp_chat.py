"""Pass on each line that one client sends to all the others, over TCP.

Explained in docs/uses/tcp-chat.md
With PORT=9000 in the environment it is a server, until Ctrl-C.
"""

import asyncio
import os
import sys
from asyncio import StreamReader, StreamWriter, start_server
from contextlib import suppress

HOST = "127.0.0.1"
PORT = os.environ.get("PORT")
MAX_UNREAD = 65_536
clients: set[StreamWriter] = set()


async def chat(reader: StreamReader, writer: StreamWriter) -> None:
    clients.add(writer)
    # It may send too long a line, or vanish. Ctrl-C cancels us: what
    # is left to do then is the same, and Python 3.11 would complain.
    with suppress(ValueError, OSError, asyncio.CancelledError):
        # What has no line end has not been said to its end.
        while (line := await reader.readline()).endswith(b"\n"):
            tell(clients - {writer}, line)
    clients.discard(writer)
    # `close` would first wait until it has read all: perhaps for ever.
    writer.transport.abort()


def tell(hearers: set[StreamWriter], line: bytes) -> None:
    for hearer in hearers:
        hearer.write(line)
        # To wait for a slow client would hold up all the others.
        if hearer.transport.get_write_buffer_size() > MAX_UNREAD:
            hearer.transport.abort()


async def main() -> None:
    try:
        # 1024 bytes for a line: one without end fills the memory.
        server = await start_server(chat, HOST, PORT, limit=1024)
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"Port {PORT} is no free port: {error}\n")
        sys.exit(2)
    # Not `async with server`: that waits for clients from 3.12 on, so
    # Ctrl-C would not end it.
    try:
        await talk(*server.sockets[0].getsockname())
    finally:
        server.close()


async def talk(host: str, port: int) -> None:
    if PORT:
        print("The chat listens on port", port, flush=True)
        await asyncio.Event().wait()
    at_ada, ada = await asyncio.open_connection(host, port)
    _, grace = await asyncio.open_connection(host, port)
    grace.write(b"Hello, Ada\n")
    print("Ada hears:", (await at_ada.readline()).decode().strip())
    for client in ada, grace:
        client.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
