import asyncio
import contextlib
import os
import socket
import struct
import sys

import pytest

from helpers import printed
from streams.backpressure import HOST, main, send


@contextlib.asynccontextmanager
async def connected():
    """A writer, and the other end, a socket that reads if told."""
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        reader, writer = await asyncio.open_connection(HOST, port)
        other, _ = listener.accept()
        other.setblocking(False)
        with other:
            try:
                yield reader, writer, other
            finally:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


async def until_it_waits(writer):
    """Write until more is in memory than drain lets pass."""
    while writer.transport.get_write_buffer_size() <= 65_536:
        writer.write(bytes(65_536))
    return asyncio.create_task(writer.drain())


async def test_without_waiting_the_memory_fills():
    assert await printed(main()) == (
        "Memory, if you only write: over 100 pieces\n"
        "Memory, if you wait, too: at most 2 pieces\n"
    )


async def test_the_limit_is_two_pieces_and_all_arrives():
    received = 0

    async def count(reader, writer):
        nonlocal received
        while piece := await reader.read(65_536):
            received += len(piece)
        writer.close()

    async with await asyncio.start_server(count, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert 0 < await send(port, True) <= 131_072
        assert received == 500 * 65_536


# What the language does, without the program.


async def test_a_write_returns_while_nobody_reads():
    async with connected() as (_, writer, _):
        writer.write(bytes(32_000_000))
        assert writer.transport.get_write_buffer_size() > 10_000_000


async def test_a_slow_reader_slows_the_writer():
    loop = asyncio.get_running_loop()
    async with connected() as (reader, writer, other):
        waiting = await until_it_waits(writer)
        # The loop has gone round: this came in over the network.
        await loop.sock_sendall(other, b"Not yet\n")
        assert await reader.readline() == b"Not yet\n"
        assert not waiting.done()
        while not waiting.done():
            assert await loop.sock_recv(other, 1_000_000)
            await asyncio.sleep(0)
        await waiting


async def test_the_marks_at_which_a_writer_stops_and_goes_on():
    loop = asyncio.get_running_loop()
    async with connected() as (_, writer, other):
        limits = writer.transport.get_write_buffer_limits()
        assert limits == (16_384, 65_536)
        # High marks, so that one step of the network is small beside.
        writer.transport.set_write_buffer_limits(high=20_000_000)
        limits = writer.transport.get_write_buffer_limits()
        assert limits == (5_000_000, 20_000_000)
        writer.write(bytes(40_000_000))
        waiting = asyncio.create_task(writer.drain())
        while not waiting.done():
            await loop.sock_recv(other, 16_384)
            await asyncio.sleep(0)
        left = writer.transport.get_write_buffer_size()
        assert left <= 5_000_000
        # Windows takes all that waits in one piece.
        assert left > 0 or sys.platform == "win32"


async def test_a_wait_ends_if_the_connection_does():
    async with connected() as (_, writer, other):
        waiting = await until_it_waits(writer)
        await asyncio.sleep(0)
        # Closed in this way, it resets the connection.
        linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        other.close()
        with pytest.raises(ConnectionResetError):
            await waiting


# Python only: in Node nothing settles the wait.
async def test_after_the_end_the_next_wait_fails():
    async with connected() as (_, writer, _):
        waiting = await until_it_waits(writer)
        await asyncio.sleep(0)
        writer.transport.abort()
        await waiting
        with pytest.raises(ConnectionResetError) as lost:
            await writer.drain()
        assert str(lost.value) == "Connection lost"
