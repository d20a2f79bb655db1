"""Which pairs run in a page, and why the others do not."""

import pytest

from live.pairs import npm_packages, why_not
from tools.catalogue import Pair, find_pairs

HELLO = 'console.log("hello");\n'


@pytest.fixture
def pair(tmp_path):
    def make(python, javascript=HELLO):
        made = Pair("chapter", "slug", tmp_path)
        for path, text in ((made.python, python), (made.javascript, javascript)):
            path.parent.mkdir(parents=True)
            path.write_text(text, "utf-8")
        return made

    return make


@pytest.mark.parametrize(
    ("python", "javascript", "why"),
    [
        ("import asyncio, httpx", HELLO, None),
        ("import asyncpg", HELLO, "it needs PostgreSQL"),
        ("import asyncio\nasyncio.start_server(f)", HELLO, "it opens sockets"),
        ("from asyncio import start_server", HELLO, "it opens sockets"),
        ("import subprocess", HELLO, "it starts processes"),
        ("", 'import { createServer } from "node:http";\n', "it opens sockets"),
        ("", 'import {\n  a,\n} from "node:net";\n', "it opens sockets"),
        (
            "",
            'import { Worker } from "node:worker_threads";\n',
            "it starts worker threads",
        ),
        ("", 'import { a } from "node:vm";\n', "it needs node:vm"),
        ("", 'import { setTimeout } from "node:timers/promises";\n', None),
    ],
)
def test_the_imports_say_why_a_pair_cannot_run(pair, python, javascript, why):
    assert why_not(pair(python, javascript)) == why


def test_what_has_a_page_of_its_own_stays_there():
    pages = [pair for pair in find_pairs() if pair.in_browser]
    assert pages
    assert {why_not(pair) for pair in pages} == {"it has a page of its own"}


def test_npm_packages_are_those_of_the_program(pair):
    made = pair("", 'import a from "p-limit";\nimport { once } from "node:events";\n')
    assert npm_packages(made) == {"p-limit"}
