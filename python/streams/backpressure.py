"""Send faster than the other side reads, with and without waiting.

Explained in docs/streams/backpressure.md
"""

import asyncio
from asyncio import StreamReader, StreamWriter

HOST = "127.0.0.1"
# More than the buffers of the system hold.
PIECES = 500
PIECE = bytes(65_536)


async def read_all(reader: StreamReader, writer: StreamWriter) -> None:
    while await reader.read(len(PIECE)):
        # It gets its turn only when the sender waits.
        pass
    writer.close()


async def send(port: int, wait: bool) -> int:
    reader, writer = await asyncio.open_connection(HOST, port)
    most = 0
    for _ in range(PIECES):
        # This returns at once, however much waits already.
        writer.write(PIECE)
        most = max(most, writer.transport.get_write_buffer_size())
        if wait:
            # This returns once enough has left the memory.
            await writer.drain()
    writer.write_eof()
    # It hangs up when it has read all.
    await reader.read()
    writer.close()
    return most


def in_pieces(size: int) -> str:
    if size <= 2 * len(PIECE):
        return "at most 2 pieces"
    return "over 100 pieces" if size > 100 * len(PIECE) else "some"


async def main() -> None:
    async with await asyncio.start_server(read_all, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        filled = in_pieces(await send(port, False))
        print("Memory, if you only write:", filled)
        waited = in_pieces(await send(port, True))
        print("Memory, if you wait, too:", waited)


if __name__ == "__main__":
    asyncio.run(main())
