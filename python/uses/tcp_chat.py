"""A chat over TCP: what one says, all the others hear."""

import asyncio
from asyncio import StreamReader, StreamWriter

HOST = "127.0.0.1"
MAX_LINE = 1024  # bytes
MAX_UNREAD = 65_536  # bytes that wait for one who does not read
clients: set[StreamWriter] = set()


async def serve() -> asyncio.Server:
    return await asyncio.start_server(chat, HOST, 0, limit=MAX_LINE)


async def chat(reader: StreamReader, writer: StreamWriter) -> None:
    clients.add(writer)
    try:
        while (line := await reader.readline()).endswith(b"\n"):
            tell(writer, line)
    except ValueError:
        error = f"Error: more than {MAX_LINE} bytes in a line\n"
        writer.write(error.encode())
    except OSError:
        pass  # gone without a goodbye
    finally:
        clients.discard(writer)
        writer.close()


def tell(speaker: StreamWriter, line: bytes) -> None:
    for hearer in clients - {speaker}:
        hearer.write(line)
        if hearer.transport.get_write_buffer_size() > MAX_UNREAD:
            clients.discard(hearer)
            hearer.transport.abort()  # too slow


async def say(writer: StreamWriter, line: str, to: StreamReader) -> str:
    writer.write(f"{line}\n".encode())
    await writer.drain()
    return (await to.readline()).decode().rstrip()


async def main() -> None:
    async with await serve() as server:
        port = server.sockets[0].getsockname()[1]
        at_grace, grace = await asyncio.open_connection(HOST, port)
        at_ada, ada = await asyncio.open_connection(HOST, port)
        print("Grace hears:", await say(ada, "Hello, Grace", at_grace))
        print("Ada hears:", await say(grace, "Hello, Ada", at_ada))
        print("Ada hears:", await say(ada, "x" * 2000, at_ada))
        grace.write_eof()
        await at_grace.read()  # the server hangs up, too
        grace.close()
        ada.close()


if __name__ == "__main__":
    asyncio.run(main())
