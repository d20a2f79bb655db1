"""A chat over WebSocket: what one says, all the others hear."""

import asyncio

import websockets
from websockets import ClientConnection, Server, ServerConnection

HOST = "127.0.0.1"
MAX_MESSAGE = 1024  # bytes
MAX_UNREAD = 65_536  # bytes that wait for one who does not read


async def serve(patience: float = 20) -> Server:
    return await websockets.serve(
        chat,
        HOST,
        0,
        max_size=MAX_MESSAGE,
        ping_interval=patience,
        ping_timeout=patience,
    )


async def chat(client: ServerConnection) -> None:
    try:
        async for message in client:
            tell(client.server.connections - {client}, message)
    except websockets.ConnectionClosedError:
        pass  # too big a message, or gone without a goodbye


def tell(hearers: set[ServerConnection], message: str | bytes) -> None:
    websockets.broadcast(hearers, message)
    for hearer in hearers:
        # To wait for the slowest would hold up all the others.
        if hearer.transport.get_write_buffer_size() > MAX_UNREAD:
            hearer.transport.abort()


async def say(
    client: ClientConnection, message: str, to: ClientConnection
) -> str | bytes:
    await client.send(message)
    return await to.recv()


async def main() -> None:
    async with await serve() as server:
        port = server.sockets[0].getsockname()[1]
        grace = await websockets.connect(f"ws://{HOST}:{port}")
        ada = await websockets.connect(f"ws://{HOST}:{port}")
        print("Grace hears:", await say(ada, "Hello, Grace", grace))
        print("Ada hears:", await say(grace, "Hello, Ada", ada))
        await ada.send("x" * 2000)
        await ada.wait_closed()
        print("Ada is closed with code", ada.close_code)


if __name__ == "__main__":
    asyncio.run(main())
