"""Fixtures for the tests of the examples."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from support.mock_api.client import MockApi, scenario
from support.mock_api.process import server


def pytest_configure(config: pytest.Config) -> None:
    """Use nox's server; where there is none, start one for all."""
    if "API_URL" not in os.environ:
        stack = ExitStack()
        os.environ["API_URL"] = stack.enter_context(server())
        config.add_cleanup(stack.close)


@pytest.fixture
async def mock_api() -> AsyncIterator[MockApi]:
    """A scenario of the test's own; it answers at once by default."""
    async with scenario(os.environ["API_URL"], delays=False) as api:
        yield api


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"tasks left running: {left}"
