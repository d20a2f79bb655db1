"""Fixtures for the tests of the examples."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from support.mock_api.process import server

from support.mock_api.client import MockApi, scenario


def pytest_configure(config: pytest.Config) -> None:
    """Use nox's server; where pytest is run by hand, start one for all workers."""
    if "API_URL" not in os.environ:
        api = server()
        os.environ["API_URL"] = api.__enter__()
        config.add_cleanup(lambda: api.__exit__(None, None, None))


@pytest.fixture
async def mock_api() -> AsyncIterator[MockApi]:
    """A scenario of the test's own that answers at once unless told otherwise."""
    async with scenario(os.environ["API_URL"], delays=False) as api:
        yield api


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"tasks left running: {left}"
