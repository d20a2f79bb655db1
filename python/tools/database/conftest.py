"""What the tests of the database share: where it may write, and whether it is gone."""

import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Where temporary files go during a test, open to every user."""
    tmp_path_factory.getbasetemp()  # pytest's own are elsewhere
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setenv("TEMP", str(path))
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def nothing_is_left(folder: Path) -> Callable[[str], None]:
    """Check that no server listens where one did, and that no file is left."""

    def check(url: str) -> None:
        assert not any(folder.iterdir())
        with pytest.raises(OSError, match="refused"):
            connect(url)

    return check


def connect(url: str) -> None:
    """OSError: nobody listens there."""
    at = urlsplit(url)
    socket.create_connection((at.hostname or "", at.port or 0)).close()
