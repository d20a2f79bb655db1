import asyncio
import hashlib
import io
import os
import sys
import tempfile
import threading
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from helpers import printed
from uses import file_io
from uses.file_io import checksum, main, save

DOWNLOAD = (b"async " * 10922 + b"loop") * 64


@contextmanager
def fed(limit):
    """A file to read that has nothing to read yet, and how it got it.

    A thread waits until the loop says that it turns, `limit` seconds at
    most, before it writes.
    """
    turned = threading.Event()
    told = []
    # Any: a Path in the program, a number here.
    reading: Any
    reading, writing = os.pipe()

    def feed():
        told.append(turned.wait(limit))
        os.write(writing, b"At last")
        os.close(writing)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        yield reading, turned, told
    finally:
        feeder.join()


async def turn(turned):
    turned.set()


async def test_the_checksum_is_written_down(mock_api):
    digest = hashlib.sha256(DOWNLOAD).hexdigest()
    assert await printed(main(mock_api.url)) == (
        f"The heart beats on\nWritten down: {digest[:8]}\n"
    )
    [entry] = await mock_api.log()
    assert (entry.path, entry.ending) == ("/download", "completed")


async def test_what_is_saved_is_what_was_sent(mock_api, tmp_path):
    await save(mock_api.url, tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == DOWNLOAD


async def test_a_read_that_waits_does_not_stop_the_loop():
    with fed(limit=10) as (file, turned, told):
        digest, _ = await asyncio.gather(checksum(file), turn(turned))
    assert told == [True]
    assert digest == hashlib.sha256(b"At last").hexdigest()


async def test_a_blocking_read_stops_the_loop():
    async def read(file):
        with os.fdopen(file, "rb") as opened:
            return opened.read()

    with fed(limit=0.05) as (file, turned, told):
        read_bytes, _ = await asyncio.gather(read(file), turn(turned))
    assert told == [False]
    assert read_bytes == b"At last"


async def test_no_file_is_left(mock_api, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await printed(main(mock_api.url))
    assert not any(tmp_path.iterdir())

    await mock_api.drop("/download")
    with pytest.raises(httpx.RemoteProtocolError):
        await printed(main(mock_api.url))
    assert not any(tmp_path.iterdir())


# Python only: in Node the threads do not show.
async def test_every_call_to_a_file_runs_in_a_thread(
    mock_api, tmp_path, monkeypatch
):
    called: dict[str, set[threading.Thread]] = {}

    def note(what):
        called.setdefault(what, set()).add(threading.current_thread())

    class Watched(io.FileIO):
        def __init__(self, *arguments):
            note("open")
            super().__init__(*arguments)

        def read(self, *arguments):
            note("read")
            return super().read(*arguments)

        def write(self, *arguments):
            note("write")
            return super().write(*arguments)

    monkeypatch.setattr(file_io, "open", Watched, raising=False)
    await save(mock_api.url, tmp_path / "saved")
    await checksum(tmp_path / "saved")
    assert called.keys() == {"open", "read", "write"}
    threads = set.union(*called.values())
    assert threading.current_thread() not in threads
    assert {t.name.partition("_")[0] for t in threads} == {"asyncio"}


# Python only: Node's pool has another size.
async def test_the_pool_has_four_threads_more_than_there_are_cores():
    if sys.version_info >= (3, 13):
        cores = os.process_cpu_count() or 1
    else:
        cores = os.cpu_count() or 1
    done = threading.Event()
    waiting = [
        asyncio.create_task(asyncio.to_thread(done.wait, 10))
        for _ in range(99)
    ]
    await asyncio.sleep(0)
    names = [thread.name for thread in threading.enumerate()]
    done.set()
    await asyncio.wait(waiting)
    in_pool = [name for name in names if name.startswith("asyncio_")]
    assert len(in_pool) == min(32, cores + 4)
