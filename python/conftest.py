"""Fixtures for the tests of the examples, and what all tests need around them."""

import asyncio
import faulthandler
import inspect
import os
import signal
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from _pytest.faulthandler import (
    fault_handler_stderr_fd_key as stderr_key,
)

from helpers import LIMIT, Clock
from mock_api.client import MockApi, scenario
from mock_api.process import server
from tools.database.process import database

if sys.platform != "win32":
    import resource

# What needs a browser is not even read where there is no Playwright.
collect_ignore = [
    "live/test_interface.py",
    "live/test_lab.py",
    "live/test_linking_browser.py",
    "live/test_site_browser.py",
    "tools/browser",
    "uses/test_responsive_page.py",
]
if find_spec("playwright"):
    collect_ignore = []


@pytest.fixture
async def mock_api() -> AsyncIterator[MockApi]:
    """A scenario of the test's own; it answers at once by default."""
    limit = 2 / 3 * LIMIT  # The API says more than a helper could.
    async with scenario(
        os.environ["API_URL"], delays=False, limit=limit
    ) as api:
        yield api


@pytest.fixture
async def client(mock_api: MockApi) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `mock_api` that has no open connection yet.

    It outlives the test: closing it makes every log say "client hung up".
    httpx's own limit of five seconds is off, so that only the program's ends
    a request.
    """
    async with httpx.AsyncClient(
        base_url=mock_api.url,
        timeout=None,
        trust_env=False,
        verify=False,
    ) as client:
        yield client


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    """The event loop's clock stands still: `await clock.advance(3)` moves it."""
    with Clock() as clock:
        yield clock


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A PostgreSQL for all tests of this process that ask for it."""
    with database() as url:
        yield url


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    now = asyncio.all_tasks() - before - {asyncio.current_task()}
    # asyncio itself closes a generator that was collected, in a task without
    # a coroutine.
    left = {
        task for task in now if inspect.iscoroutine(task.get_coro())
    }
    assert not left, f"tasks left running: {left}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the browser tests draw the screenshots of the pages anew."""
    parser.addoption(
        "--write", action="store_true", help="rewrite the screenshots"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Set up what every test finds, in every process of pytest."""
    serve_the_mock_api(config)
    be_strict_with_our_own_code_only(config)
    allow_a_thousand_connections()
    hear_interrupts()


def serve_the_mock_api(config: pytest.Config) -> None:
    """Use nox's server; where there is none, start one for all."""
    if "API_URL" not in os.environ:
        stack = ExitStack()
        os.environ["API_URL"] = stack.enter_context(server())
        config.add_cleanup(stack.close)


def be_strict_with_our_own_code_only(config: pytest.Config) -> None:
    """Give development mode to pytest's workers, but to no program they run."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    if hasattr(config, "workerinput"):
        os.environ.pop("PYTHONDEVMODE", None)
    elif sys.flags.dev_mode and config.getoption("numprocesses", None):
        os.environ["PYTHONDEVMODE"] = "1"


def allow_a_thousand_connections() -> None:
    """Open files as many: both ends are ours, and macOS allows 256."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = (max(soft, min(4096, hard)), hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, most)


def hear_interrupts() -> None:
    """Ctrl-C interrupts our programs, even where a script runs us with `&`.

    Then the shell makes us ignore it, and all that we start.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """End this process where a test cannot be left.

    Its time limit only interrupts it. Then asyncio waits without limit for its
    tasks, also for one that does not let itself be cancelled.
    """
    stderr = item.config.stash[stderr_key]
    faulthandler.dump_traceback_later(LIMIT, exit=True, file=stderr)
    yield
    faulthandler.cancel_dump_traceback_later()
