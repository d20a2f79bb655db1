"""What a reader sees and touches on the page of a pair, in a browser.

The programs do not run here: the test itself tells what they do, so that nothing
depends on a clock. How they run is tested where that is written.
"""

from __future__ import annotations

import json
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from helpers import LIMIT
from live import interface, pack
from tools.browser.chromium import browser as running_browser
from tools.catalogue import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
PYTHON, JAVASCRIPT = 'print("hello")\n', 'console.log("hello");\n'
# In the place of the module that runs programs.
LAB = """
globalThis.runs = [];
export async function prepare() {}
export function run(programs, listener) {
  const { promise, resolve } = Promise.withResolvers();
  const ends = {};
  const tell = {
    ...listener,
    end(language, end) {
      listener.end(language, end);
      ends[language] = end;
      if (Object.keys(ends).length === 2) resolve(ends);
    },
  };
  const stop = () => {
    for (const language of ["python", "javascript"]) {
      if (!(language in ends)) tell.end(language, { exit: null, why: "stopped" });
    }
  };
  globalThis.runs.push({ programs, tell });
  return { done: promise, stop };
}
"""
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A pair</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="../_static/live.css">
<script type="module" src="../live/page.js"></script>
<style>:root { background: Canvas; color-scheme: light dark }</style></head>
<body><main><h1>A pair</h1>
<div class="pair" data-pair="basics/a-pair" %s>
<div class="program" data-language="python" data-name="a_pair.py">
<div class="highlight"><pre tabindex="0"><span></span>print("hello")
</pre></div></div>
<div class="program" data-language="javascript" data-name="a-pair.js">
<div class="highlight"><pre tabindex="0"><span></span>console.log("hello");
</pre></div></div></div>
<section id="output"><h2>Output</h2><pre>one
two
three
</pre></section></main></body></html>
"""
RECORDED: dict[str, Any] = {
    "python": [
        {"ms": 0, "line": "a socket", "stream": "out"},
        {"ms": 1, "exit": 0},
    ],
    "javascript": [{"ms": 1, "exit": 0}],
}
REQUEST = {
    "request": 1,
    "method": "GET",
    "path": "/posts",
    "query": "limit=3",
    "status": None,
    "ending": None,
}


class _Files(SimpleHTTPRequestHandler):
    """What the machine says about file types varies."""

    extensions_map = {  # noqa: RUF012
        ".css": "text/css",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".json": "application/json",
    }

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    pack.bundle(out / "live")
    interface.pack(out)
    recorded = out / "live" / "recorded" / "basics"
    recorded.mkdir(parents=True)
    recorded.joinpath("a-pair.json").write_text(json.dumps(RECORDED), "utf-8")
    out.joinpath("live", "lab.js").write_text(LAB, "utf-8")
    out.joinpath("_static").mkdir()
    css = (ROOT / "docs" / "_static" / "live.css").read_text("utf-8")
    out.joinpath("_static", "live.css").write_text(css, "utf-8")
    out.joinpath("basics").mkdir()
    out.joinpath("basics", "a-pair.html").write_text(PAGE % "", "utf-8")
    why = 'data-why-not="it opens sockets"'
    out.joinpath("basics", "sockets.html").write_text(PAGE % why, "utf-8")
    files = partial(_Files, directory=str(out))
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium():
    expect.set_options(timeout=1000 * LIMIT)
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium):
    """A page in which nothing went wrong at the end, its content policy included."""
    context = await chromium.new_context(viewport={"width": 390, "height": 800})
    page = await context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.errors.append(m.text))
    yield page
    assert page.errors == []
    await context.close()


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def status(page):
    return page.locator(".live-bar").get_by_role("status")


async def begun(page, times=1):
    """Wait until a run has begun."""
    await expect(status(page)).to_have_text("Runs …")
    assert await page.evaluate("runs.length") == times


async def tell(page, what, *news):
    """Let the programs do something."""
    script = "([what, news]) => runs.at(-1).tell[what](...news)"
    await page.evaluate(script, [what, news])


async def end(page):
    for language in ("python", "javascript"):
        await tell(page, "end", language, {"exit": 0, "why": "ended"})


async def violations(page):
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run()")
    return [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]]


async def test_a_run_shows_lines_lanes_beats_and_the_end(page, base):
    loaded = []
    page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    await page.goto(f"{base}/basics/a-pair.html")
    await expect(button(page, "Run both")).to_be_visible()
    assert not {"stage.js", "editor.js", "lab.js", "predict.js"} & set(loaded)
    assert len(loaded) <= 5

    await button(page, "Run both").click()
    await begun(page)
    await tell(page, "line", "python", "first", "out", 12.4)
    await tell(page, "line", "javascript", "bad luck", "err", 30)
    await expect(page.get_by_text("12 ms first")).to_be_visible()
    await expect(page.locator(".err", has_text="30 ms bad luck")).to_be_visible()

    await tell(page, "request", "python", REQUEST, 20)
    lane = page.get_by_role("listitem").filter(has_text="GET /posts?limit=3")
    await expect(lane).to_have_text(
        "Python GET /posts?limit=3 … in flight, since 20 ms"
    )
    hung_up = {**REQUEST, "ending": "client hung up"}
    await tell(page, "request", "python", hung_up, 90)
    await expect(lane).to_contain_text("client hung up, from 20 to 90 ms")

    loops = page.get_by_role("listitem").filter(has_text="event loop")
    await expect(loops.first).to_contain_text("has had no turn yet")
    # By now it is long ago.
    await tell(page, "beat", "python", -1000)
    await expect(loops.first).to_contain_text("blocked for")
    await end(page)
    await expect(loops.first).to_contain_text(re.compile(r"was blocked for \d+ ms"))
    await expect(loops.last).to_have_text("JavaScript event loop had no turn")
    await expect(status(page)).to_have_text(
        "Python: exit code 0, JavaScript: exit code 0."
    )
    await expect(button(page, "Stop")).to_be_disabled()


async def test_stop_ends_a_run_and_the_next_one_is_new(page, base):
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Run both").click()
    await begun(page)
    await tell(page, "line", "python", "of the first run", "out", 1)
    await button(page, "Stop").focus()
    await page.keyboard.press("Enter")
    await expect(status(page)).to_have_text("Python: stopped, JavaScript: stopped.")
    # The place of a reader at the keyboard is kept.
    await expect(button(page, "Run both")).to_be_focused()
    await page.keyboard.press("Enter")
    await begun(page, times=2)
    await expect(page.get_by_text("of the first run")).to_have_count(0)
    await end(page)


async def test_an_impatient_reader_starts_one_run(page, base):
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Run both").dblclick()
    await begun(page)
    await end(page)
    await expect(status(page)).to_contain_text("exit code 0")


async def test_only_the_last_lines_of_an_endless_printer_are_kept(page, base):
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Run both").click()
    await begun(page)
    await page.evaluate(
        "for (let i = 0; i < 50_000; i++) "
        "runs[0].tell.line('python', `line ${i}.`, 'out', i)"
    )
    await expect(page.get_by_text("line 49999.")).to_be_visible()
    assert await page.locator(".live-lines > div").count() == 1000
    await end(page)


async def test_what_is_edited_runs_and_the_keyboard_leaves_the_editor(page, base):
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Edit").click()
    editor = page.get_by_role("textbox", name="Python: a_pair.py")
    await expect(editor).to_be_focused()
    await page.keyboard.type("# mine\n")
    # Tab indents; Escape, then Tab leaves.
    await page.keyboard.press("Tab")
    await expect(editor).to_be_focused()
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    await expect(editor).not_to_be_focused()

    await button(page, "Run both").click()
    await begun(page)
    programs = await page.evaluate("runs[0].programs")
    assert programs["python"]["name"] == "a_pair.py"
    assert programs["python"]["source"].startswith("# mine\n")
    assert programs["javascript"] == {"name": "a-pair.js", "source": JAVASCRIPT}
    await end(page)

    await button(page, "Reset").click()
    await expect(editor).to_have_count(0)
    await expect(page.locator(".program pre").first).to_have_text(PYTHON)
    await button(page, "Run both").click()
    await begun(page, times=2)
    assert (await page.evaluate("runs[1].programs"))["python"]["source"] == PYTHON
    await end(page)


async def test_a_shared_page_shows_its_code_and_runs_it_on_a_click(page, base):
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Edit").click()
    await page.get_by_role("textbox", name="Python: a_pair.py").fill("shared = 1")
    await button(page, "Share").click()
    link = page.get_by_role("link", name="Link to these programs")
    href = await link.get_attribute("href")
    assert href.startswith(f"{base}/live/play.html?pair=basics/a-pair#")

    asked = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(href)
    await expect(
        page.get_by_text("This code came with the link. Read it before you run it.")
    ).to_be_visible()
    await expect(page.locator("pre").first).to_have_text("shared = 1")
    # No server hears of the code, and what runs code is not even loaded.
    assert not any(href.partition("#")[2] in url for url in asked)
    assert not any("lab.js" in url for url in asked)
    assert await violations(page) == []
    await button(page, "Edit").click()
    await expect(page.get_by_role("textbox", name="Python: a_pair.py")).to_be_focused()
    await button(page, "Run both").click()
    await begun(page)
    assert (await page.evaluate("runs[0].programs"))["python"]["source"] == "shared = 1"
    await end(page)


async def test_a_shared_page_loads_nothing_from_elsewhere(page, base):
    await page.goto(f"{base}/live/play.html")
    refused = await page.evaluate(
        "new Promise((resolve) => {"
        "  document.onsecuritypolicyviolation = (event) =>"
        "    resolve(event.effectiveDirective);"
        "  new Image().src = 'http://127.0.0.1:9/leak.png';"
        "})"
    )
    assert refused == "img-src"
    # The browser says so, too.
    assert len(page.errors) == 1
    page.errors.clear()


async def test_a_link_that_would_be_too_long_is_refused(page, base):
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Edit").click()
    # Digits that cannot be made much shorter.
    noise = "".join(str(i * i) for i in range(5000))
    await page.get_by_role("textbox", name="Python: a_pair.py").fill(noise)
    await button(page, "Share").click()
    await expect(status(page)).to_contain_text("expected at most 8000")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("?pair=basics/a-pair#AAAA", "The code in this link is damaged."),
        ("?pair=basics/a-pair", "This link holds no code."),
        ("?pair=javascript:alert(1)#AAAA", "This link names no page"),
    ],
)
async def test_a_broken_link_gives_one_sentence(page, base, address, says):
    await page.goto(f"{base}/live/play.html{address}")
    await expect(page.locator("#notice")).to_contain_text(says)
    await expect(button(page, "Run both")).to_have_count(0)


async def test_a_reader_predicts_runs_and_sees(page, base):
    await page.goto(f"{base}/basics/a-pair.html?predict")
    output = page.locator("#output pre")
    await expect(page.get_by_role("group", name="In which order")).to_be_visible()
    await expect(output).to_be_hidden()
    assert await violations(page) == []
    # By keyboard alone. Three orders: the right one has "one", "two", "three".
    radios = page.get_by_role("radio")
    await expect(radios.first).to_be_focused()
    answers = await page.locator(".live-question label").all_inner_texts()
    right = [a.split() for a in answers].index(["one", "two", "three"])
    await page.keyboard.press("Space")
    for _ in range(right):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(button(page, "Run both and see")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Yes, that is right.")).to_be_focused()
    await expect(output).to_be_visible()
    await begun(page)
    await end(page)


async def test_a_wrong_prediction_is_told_and_needs_no_run(page, base):
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Predict first").click()
    wrong = page.get_by_role("radio", name=re.compile(r"^three\s+one\s+two$"))
    await wrong.check()
    await button(page, "Show the output").click()
    await expect(page.get_by_text("No. The right answer is number")).to_be_visible()
    await expect(page.locator("#output pre")).to_be_visible()
    await expect(page.locator("label.right")).to_have_text(re.compile(r"one\s+two"))


async def test_what_cannot_run_says_why_and_replays(page, base):
    await page.goto(f"{base}/basics/sockets.html")
    await expect(status(page)).to_have_text(
        "This pair cannot run in a page: it opens sockets."
    )
    await expect(button(page, "Edit")).to_have_count(0)
    await button(page, "Replay a run").click()
    await expect(page.get_by_text("0 ms a socket")).to_be_visible()
    await expect(status(page)).to_have_text(
        "Python: exit code 0, JavaScript: exit code 0."
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1600), ("dark", 390)])
async def test_everybody_can_use_it(page, base, scheme, width):
    await page.set_viewport_size({"width": width, "height": 900})
    await page.emulate_media(color_scheme=scheme)
    await page.goto(f"{base}/basics/a-pair.html")
    await button(page, "Edit").click()
    await expect(page.get_by_role("textbox").first).to_be_focused()
    await button(page, "Run both").click()
    await begun(page)
    await tell(page, "line", "python", "a line", "out", 1)
    await tell(page, "line", "python", "bad luck", "err", 1)
    await tell(page, "request", "python", REQUEST, 1)
    await tell(page, "request", "javascript", {**REQUEST, "ending": "dropped"}, 1)
    await tell(page, "beat", "python", 50)
    await end(page)
    await expect(status(page)).to_contain_text("exit code 0")
    assert await violations(page) == []
    sideways = "document.documentElement.scrollWidth - innerWidth"
    assert await page.evaluate(sideways) <= 0
