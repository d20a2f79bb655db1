import asyncio
import hashlib
import os
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from helpers import printed, run_python
from uses.file_io import checksum, main, save, turns_until

DOWNLOAD = (b"async " * 10922 + b"loop") * 64
posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such files"
)


def a_fifo(folder: Path) -> Path:
    """A file in which there is nothing to read until you write."""
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    return fifo


def names(folder):
    return sorted(path.name for path in folder.iterdir())


async def test_the_program_prints_what_it_has_saved_and_read(mock_api):
    digest = hashlib.sha256(DOWNLOAD).hexdigest()
    assert await printed(main(mock_api.url)) == (
        f"Saved: {len(DOWNLOAD)} bytes\n"
        "The loop goes on\n"
        f"Checksum: {digest[:8]}\n"
    )
    [entry] = await mock_api.log()
    assert (entry.path, entry.ending) == ("/download", "completed")


async def test_what_is_saved_is_what_was_sent(mock_api, tmp_path):
    await save(mock_api.url, tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == DOWNLOAD
    assert names(tmp_path) == ["saved"]


@posix
async def test_a_read_that_waits_does_not_stop_the_loop(tmp_path):
    fifo = a_fifo(tmp_path)
    reading = asyncio.create_task(checksum(fifo))
    turns = asyncio.create_task(turns_until(reading))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not reading.done()
    await asyncio.to_thread(fifo.write_bytes, b"At last")
    assert await reading == hashlib.sha256(b"At last").hexdigest()
    assert await turns >= 100


async def test_a_blocking_call_shows_as_no_turn(tmp_path):
    async def read_here(file):
        return hashlib.sha256(file.read_bytes()).hexdigest()

    file = tmp_path / "saved"
    file.write_bytes(DOWNLOAD)
    reading = asyncio.create_task(read_here(file))
    assert await turns_until(reading) == 0
    assert await reading == await checksum(file)


@contextmanager
def answering(*pieces, cut=False):
    """Let httpx get these pieces, one whenever `go_on` is set."""
    go_on = asyncio.Event()

    class Body(httpx.AsyncByteStream):
        async def __aiter__(self):
            for piece in pieces:
                yield piece
                await go_on.wait()
            if cut:
                raise httpx.RemoteProtocolError("cut")

    def respond(_):
        return httpx.Response(200, stream=Body())

    real = httpx.AsyncClient
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            httpx,
            "AsyncClient",
            lambda **options: real(
                transport=httpx.MockTransport(respond), **options
            ),
        )
        yield go_on


async def until(true):
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_a_piece_is_written_when_it_comes(tmp_path, monkeypatch):
    threads = []
    in_thread = asyncio.to_thread

    async def noted(function, *arguments):
        threads.append(function.__name__)
        return await in_thread(function, *arguments)

    monkeypatch.setattr(asyncio, "to_thread", noted)
    file, part = tmp_path / "saved", tmp_path / "saved.part"
    # More than a buffer holds, so that it goes on to the system.
    piece = b"a" * 100_000
    with answering(piece, b"b") as go_on:
        saving = asyncio.create_task(save("http://test", file))
        # The file grows while the thread writes it.
        await until(
            lambda: part.exists() and part.stat().st_size >= len(piece)
        )
        assert part.read_bytes() == piece
        assert not file.exists()
        go_on.set()
        await saving
    assert file.read_bytes() == piece + b"b"
    assert threads == ["write", "write", "replace"]
    assert names(tmp_path) == ["saved"]


async def test_a_cut_download_leaves_the_old_file(tmp_path):
    file = tmp_path / "saved"
    file.write_bytes(b"the old one")
    with answering(b"half", cut=True) as go_on:
        go_on.set()
        with pytest.raises(httpx.RemoteProtocolError):
            await save("http://test", file)
    assert names(tmp_path) == ["saved"]
    assert file.read_bytes() == b"the old one"


async def test_an_error_of_the_server_is_not_saved(mock_api, tmp_path):
    await mock_api.fail("/download", [503])
    with pytest.raises(httpx.HTTPStatusError):
        await save(mock_api.url, tmp_path / "saved")
    assert names(tmp_path) == []


# Python only: an operation of Node's stops only if it takes a signal.
async def test_a_save_that_is_called_off_leaves_no_file(tmp_path):
    part = tmp_path / "saved.part"
    with answering(b"half"):
        saving = asyncio.create_task(
            save("http://test", tmp_path / "saved")
        )
        await until(part.exists)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
    assert names(tmp_path) == []


async def test_the_folder_goes_with_its_block(
    mock_api, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await printed(main(mock_api.url))
    assert names(tmp_path) == []

    await mock_api.drop("/download")
    with pytest.raises(httpx.RemoteProtocolError):
        await printed(main(mock_api.url))
    assert names(tmp_path) == []


@posix
async def test_ctrl_c_and_the_folder(mock_api, tmp_path):
    await mock_api.hold("/download")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from uses.file_io import asyncio, main\n"
        f"asyncio.run(main({mock_api.url!r}))",
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )
    await mock_api.saw("GET /download")
    assert len(names(tmp_path)) == 1
    process.send_signal(signal.SIGINT)
    _, stderr = await process.communicate()
    assert stderr.rstrip().endswith(b"KeyboardInterrupt")
    assert names(tmp_path) == []


# What the language does, without the program.


@posix
async def test_a_blocking_read_stops_the_loop(tmp_path):
    fifo = a_fifo(tmp_path)
    # A turn of the loop would say so before the writer gives up.
    turned = threading.Event()
    told = []

    def feed():
        told.append(turned.wait(0.05))
        fifo.write_bytes(b"At last")

    feeder = threading.Thread(target=feed)
    feeder.start()
    asyncio.get_running_loop().call_soon(turned.set)
    assert fifo.read_bytes() == b"At last"
    await asyncio.to_thread(feeder.join)
    assert told == [False]


# Python only: in Node you do not see the threads.
async def test_a_call_waits_in_a_thread_of_asyncio(tmp_path):
    file = tmp_path / "saved"
    file.write_text("Ada")

    def read():
        return file.read_text(), threading.current_thread()

    text, thread = await asyncio.to_thread(read)
    assert text == "Ada"
    assert thread is not threading.current_thread()
    assert thread.name.startswith("asyncio_")


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
    in_pool = [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith("asyncio_")
    ]
    done.set()
    await asyncio.wait(waiting)
    assert len(in_pool) == min(32, cores + 4)


# Python only: a file of Node's has asynchronous methods.
async def test_a_file_is_no_asynchronous_context_manager():
    ended = await run_python(
        "-c",
        "import asyncio\n"
        "async def main():\n"
        "    async with open('helpers.py') as file:\n"
        "        print(file.read())\n"
        "asyncio.run(main())\n",
    )
    assert ended.code == 1
    message = (
        "TypeError: '_io.TextIOWrapper' object does not support the"
        " asynchronous context manager protocol"
    )
    if sys.version_info >= (3, 14):
        message += (
            " (missed __aexit__ method) but it supports the context"
            " manager protocol. Did you mean to use 'with'?"
        )
    assert ended.stderr.endswith(f"{message}\n")


# Python only: Node needs no package for it.
@posix
async def test_a_file_of_anyio_waits_in_a_thread(tmp_path):
    fifo = a_fifo(tmp_path)
    before = set(threading.enumerate())

    async def read():
        async with await anyio.open_file(fifo) as file:
            return await file.read()

    reading = asyncio.create_task(read())
    await until(lambda: set(threading.enumerate()) - before)
    [waiting] = set(threading.enumerate()) - before
    await asyncio.to_thread(fifo.write_text, "At last")
    assert await reading == "At last"
    assert waiting.name == "AnyIO worker thread"


# Python only: an operation of Node's stops only if it takes a signal.
@posix
async def test_a_file_opened_in_a_thread_may_stay_open(tmp_path):
    fifo = a_fifo(tmp_path)
    ended = await run_python(
        "-Wdefault",
        "-c",
        "import asyncio\n"
        "from pathlib import Path\n"
        f"fifo = Path({str(fifo)!r})\n"
        "async def main():\n"
        "    opening = asyncio.create_task(\n"
        "        asyncio.to_thread(fifo.open, 'rb'))\n"
        "    await asyncio.sleep(0)\n"
        "    opening.cancel()\n"
        "    await asyncio.wait([opening])\n"
        "    fifo.write_text('Now there is somebody to read it')\n"
        "asyncio.run(main())\n",
    )
    assert ended.code == 0
    assert "ResourceWarning: unclosed file <_io." in ended.stderr
