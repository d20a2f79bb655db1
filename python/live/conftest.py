"""The built site, for the tests that look at it."""

import os
from pathlib import Path

import pytest

from live.build import build


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the whole site; nox has built it, or it is built now."""
    if built := os.environ.get("SITE"):
        return Path(built)
    out = tmp_path_factory.mktemp("built") / "site"
    assert build(out) == 0
    return out
