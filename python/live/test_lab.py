"""What the programs in a page do that no page shows: end, fail, stop, wait, flood."""

import json

import pytest
import pytest_asyncio
from playwright.async_api import Page

from live.parity import serve
from tools.browser.chromium import browser

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]

ASYNC_PYTHON = "import asyncio, os, sys, time, httpx\nasync def main():\n"
# The page notes what comes; a test waits for it by name.
HARNESS = """<!doctype html><meta charset="utf-8"><title>Lab</title>
<link rel="icon" href="data:,">
<script type="module">
  globalThis.start = async (programs, options) => {
    const { run } = await import("./live/lab.js");
    globalThis.lines = [];
    globalThis.beats = [];
    globalThis.entries = [];
    globalThis.going = run(programs, {
      line: (language, text, stream, ms) =>
        lines.push({ language, text, stream, ms }),
      beat: (language, ms) => beats.push(ms),
      request: (language, entry) => entries.push({ language, ...entry }),
    }, options);
    going.done.then((ends) => { going.ends = ends; });
  };
</script>
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(site):
    with serve(site) as (base, server):
        async with browser() as chromium:
            page = await chromium.new_page()

            async def harness(route):
                await route.fulfill(body=HARNESS, content_type="text/html")

            await page.route(f"{base}/lab.html", harness)
            page.set_default_timeout(60_000)
            hosts = set()
            page.on("request", lambda request: hosts.add(request.url))
            await page.goto(f"{base}/lab.html")
            yield Lab(page, base, hosts, list(server.asked))


class Lab:
    def __init__(self, page: Page, base, requests, before):
        self.page, self.base, self.requests, self.before = page, base, requests, before

    async def start(self, limit=30_000, **programs):
        named = {x: {"name": f"program.{x}", "source": programs[x]} for x in programs}
        await self.page.evaluate(f"start({json.dumps(named)}, {{ limit: {limit} }})")

    async def seen(self, condition):
        await self.page.wait_for_function(condition)

    async def ends(self):
        await self.seen("going.ends")
        return await self.page.evaluate("going.ends")

    async def run(self, language, source):
        await self.start(**{language: source})
        end = (await self.ends())[language]
        return end, await self.lines()

    async def lines(self, stream="out"):
        said = await self.page.evaluate("lines")
        return [line["text"] for line in said if line["stream"] == stream]


async def test_nothing_loads_before_a_program_runs(lab):
    assert [path for path in lab.before if "live" in path] == []


@pytest.mark.parametrize(
    ("language", "source", "code", "error"),
    [
        ("python", "raise SystemExit(3)", 3, ""),
        ("python", "import sys; sys.exit('bad input')", 1, "bad input"),
        ("python", "1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("python", "print(", 1, "SyntaxError: '(' was never closed"),
        ("javascript", "process.exit(3)", 3, ""),
        ("javascript", "process.exitCode = 4", 4, ""),
        ("javascript", "throw new TypeError('no')", 1, "TypeError: no"),
        ("javascript", "Promise.reject(new Error('late'))", 1, "Error: late"),
        ("javascript", "await new Promise(() => {})", 13, "unsettled top-level await"),
        ("javascript", "console.log(", 1, "SyntaxError"),
    ],
)
async def test_exit_codes_and_errors_are_those_of_a_terminal(
    lab, language, source, code, error
):
    end, _ = await lab.run(language, source)
    assert end == {"exit": code, "why": "ended"}
    assert error in "\n".join(await lab.lines("err"))


@pytest.mark.parametrize(
    ("language", "loop"),
    [("python", "while True: pass"), ("javascript", "for (;;);")],
)
async def test_stop_ends_a_busy_program_and_the_next_one_runs(lab, language, loop):
    say = {"python": "print('on', flush=True)", "javascript": "console.log('on')"}
    await lab.start(**{language: f"{say[language]}\n{loop}"})
    await lab.seen("lines.length")
    await lab.page.evaluate("going.stop()")
    assert await lab.ends() == {language: {"exit": None, "why": "stopped"}}
    end, lines = await lab.run(language, say[language])
    assert end == {"exit": 0, "why": "ended"}
    assert lines == ["on"]


async def test_a_program_ends_at_the_limit(lab):
    await lab.start(limit=1, javascript="setTimeout(() => {}, 1e6)")
    assert await lab.ends() == {"javascript": {"exit": None, "why": "limit"}}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "while True: print('again')"),
        ("javascript", "for (;;) console.log('again')"),
    ],
)
async def test_an_endless_printer_does_not_freeze_the_page(lab, language, source):
    await lab.start(**{language: source})
    await lab.seen("lines.some(({ text }) => text.startsWith('…'))")
    kept = await lab.page.evaluate("lines.length")
    # The page has its turns; and nothing more comes, however long it goes on.
    await lab.page.evaluate("new Promise((done) => setTimeout(done, 0))")
    assert await lab.page.evaluate("lines.length") == kept
    await lab.page.evaluate("going.stop()")
    await lab.ends()


PYTHON_SLEEPS = """import asyncio, time
async def main():
    await asyncio.sleep(0.2)
    print("before")
    BLOCK
    print("after")
    await asyncio.sleep(0.2)
asyncio.run(main())
"""
JAVASCRIPT_SLEEPS = """import { setTimeout } from "node:timers/promises";
await setTimeout(200);
console.log("before");
BLOCK
console.log("after");
await setTimeout(200);
"""


@pytest.mark.parametrize(
    ("language", "source", "block"),
    [
        ("python", PYTHON_SLEEPS, "time.sleep(0.3)"),
        ("python", PYTHON_SLEEPS, "sum(range(5_000_000))"),
        ("javascript", JAVASCRIPT_SLEEPS, "for (let i = 0; i < 3e8; i++);"),
    ],
)
async def test_the_heart_stops_while_the_loop_is_blocked(lab, language, source, block):
    end, lines = await lab.run(language, source.replace("BLOCK", block))
    assert (end["exit"], lines) == (0, ["before", "after"])
    before, after = [line["ms"] for line in await lab.page.evaluate("lines")]
    beats = await lab.page.evaluate("beats")
    assert [ms for ms in beats if before < ms < after] == []
    assert any(ms < before for ms in beats)
    assert any(ms > after for ms in beats)


async def test_both_meet_the_api_at_once_each_with_a_log_of_its_own(lab):
    python = (
        f"{ASYNC_PYTHON} async with httpx.AsyncClient() as client:\n"
        "  answer = await client.get(os.environ['API_URL'] + '/posts?delay=0.2')\n"
        "  print(answer.status_code)\nasyncio.run(main())"
    )
    javascript = (
        "const answer = await fetch(`${process.env.API_URL}/users/1?delay=0.2`);\n"
        "await answer.text();\nconsole.log(answer.status);"
    )
    await lab.start(python=python, javascript=javascript)
    await lab.seen("entries.some(({ ending }) => ending === null)")
    ends = await lab.ends()
    assert {end["exit"] for end in ends.values()} == {0}
    entries = await lab.page.evaluate("entries")
    for language, path in (("python", "/posts"), ("javascript", "/users/1")):
        mine = [entry for entry in entries if entry["language"] == language]
        assert [(entry["path"], entry["ending"]) for entry in mine] == [
            (path, None),
            (path, "completed"),
        ]


async def test_what_is_in_flight_at_the_end_is_hung_up(lab):
    source = (
        "const { API_URL } = process.env;\n"
        "fetch(`${API_URL}/posts?delay=9`);\n"
        "await (await fetch(`${API_URL}/users/1`)).text();\n"
        "process.exit(0)"
    )
    await lab.run("javascript", source)
    of_posts = "entries.filter(({ path }) => path === '/posts')"
    entries = await lab.page.evaluate(of_posts)
    assert [entry["ending"] for entry in entries] == [None, "client hung up"]


@pytest.mark.parametrize("name", ["indexedDB", "caches", "Worker"])
async def test_programs_cannot_have_what_outlives_them(lab, name):
    _, lines = await lab.run("javascript", f"console.log(typeof globalThis.{name})")
    assert lines == ["undefined"]
    source = f"import js\nprint(hasattr(js, '{name}'))"
    assert (await lab.run("python", source))[1] == ["False"]


async def test_no_request_goes_to_another_host(lab):
    await lab.run("javascript", "console.log(1)")
    assert lab.requests
    assert {url for url in lab.requests if not url.startswith((lab.base, "blob:"))} <= {
        "data:,"
    }
