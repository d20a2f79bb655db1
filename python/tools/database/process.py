"""Run a PostgreSQL in a process of its own. Standard library only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mock_api.lifeline import started


@contextmanager
def database() -> Iterator[str]:
    """The URL of a database: the one in DATABASE_URL, or else a new one of our own."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
    else:
        with started("The database", "tools.database") as url:
            yield url
