"""The tests of both programs: what runs in a browser is tested in one.

There is no such file in JavaScript: Playwright steers the page from
outside, whichever language runs in it.
"""

import os
import re
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from mock_api.client import scenario
from tools.browser.chromium import browser as running_browser
from tools.browser.site import page_url, site
from tools.catalogue import ROOT, Pair

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]
PAIR = Pair("uses", "responsive-page")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENS: dict[str, Any] = {
    "desktop": {"viewport": {"width": 720, "height": 560}},
    "phone": {
        "viewport": {"width": 360, "height": 820},
        "is_mobile": True,
        "has_touch": True,
    },
}
SHOWN_ON = {"python": "desktop", "javascript": "phone"}
LIMIT = 30  # seconds: Python starts slowly on a busy machine
FEW, ENDLESS = 1_000, 10**12  # terms of the computation
on_desktop = pytest.mark.parametrize("screen", ["desktop"])
no_worker = pytest.mark.usefixtures("without_worker")
in_python = pytest.mark.parametrize("language", ["python"])


@pytest.fixture(scope="module")
def base():
    with site() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium():
    expect.set_options(timeout=1000 * LIMIT)
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def mock_api():
    async with scenario(
        os.environ["API_URL"], delays=False, limit=LIMIT
    ) as api:
        yield api


@pytest.fixture(params=["javascript", "python"])
def language(request):
    return request.param


@pytest.fixture(params=SCREENS)
def screen(request):
    return request.param


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium, screen):
    """A page of its own, in which nothing went wrong at the end."""
    context = await chromium.new_context(**SCREENS[screen])
    context.set_default_timeout(1000 * LIMIT)
    page = await context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: note(page.errors, message))
    yield page
    assert page.errors == []
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def without_worker(page):
    """For what is not about the worker: its Python starts slowly."""
    await page.add_init_script(
        "globalThis.Worker = class { postMessage() {} }"
    )


@pytest.fixture
def url(base, language, mock_api):
    """Where the page is, for so many terms."""
    return lambda terms=FEW: page_url(
        base, PAIR, language, mock_api.url, terms=terms
    )


def note(errors, message):
    # The browser itself notes each answer that is no success.
    if message.type == "error" and "Failed to load" not in message.text:
        errors.append(message.text)


def status(page):
    return page.get_by_role("status")


def part(page, title):
    return page.get_by_role("region", name=title).get_by_role(
        "paragraph"
    )


async def pictures(page):
    """The names of those who are to be seen."""
    return await page.evaluate(
        "[...document.images].filter((image) => image.naturalWidth)"
        ".map((image) => image.alt)"
    )


async def arrived(page, name):
    picture = page.get_by_role("img", name=name)
    await expect(picture).to_have_js_property("naturalWidth", 64)


async def fits_and_is_accessible(page):
    assert await page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth"
    )
    await page.add_script_tag(path=AXE)
    found = await page.evaluate("axe.run()")
    assert found["violations"] == []


async def test_each_part_appears_when_it_arrives(
    page: Page, url, mock_api
):
    await mock_api.hold("*")
    await page.goto(url())
    await expect(status(page)).to_have_text("Loading…")
    await mock_api.saw("GET *", times=5)
    assert await pictures(page) == []
    for user, name, so_far in [
        (3, "Alan", ["Alan"]),
        (1, "Ada", ["Ada", "Alan"]),
        (2, "Grace", ["Ada", "Grace", "Alan"]),
    ]:
        await mock_api.release(f"/users/{user}/picture")
        await arrived(page, name)
        assert await pictures(page) == so_far
    await expect(part(page, "Notifications")).to_have_text("")
    await mock_api.release("/notifications")
    await expect(part(page, "Notifications")).to_have_text("3")
    await expect(part(page, "Posts")).to_have_text("")
    await expect(status(page)).to_have_text("Loading…")
    await mock_api.release("/posts")
    await expect(part(page, "Posts")).to_contain_text("Hello, loop")
    await expect(status(page)).to_have_text("Up to date")
    await expect(part(page, "In the background")).to_contain_text(
        "π is about 3.1406"
    )
    assert max(e.in_flight for e in await mock_api.log()) == 5
    await fits_and_is_accessible(page)


@on_desktop
async def test_a_spinner_turns_before_the_program_is_there(page, url):
    await page.route("**/*.js*", lambda route: None)
    await page.goto(url(), wait_until="commit")
    await expect(status(page)).to_have_text("Loading…")
    await expect(page.locator(".spinner")).to_be_visible()


@on_desktop
@no_worker
async def test_the_cached_feed_is_shown_before_any_answer(
    page, url, mock_api
):
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    await mock_api.hold("*")
    await page.reload()
    await mock_api.saw("GET *", times=10)
    await expect(part(page, "Posts")).to_contain_text("Hello, loop")
    await expect(part(page, "Notifications")).to_have_text("3")
    await expect(status(page)).to_have_text("Loading…")


async def test_a_failed_picture_can_be_fetched_again(
    page, url, mock_api, language, screen, request
):
    await mock_api.fail("/users/2/picture", [503])
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    retry = page.get_by_role("button", name=re.compile("Retry"))
    await expect(retry).to_have_text(["Retry"])
    assert await pictures(page) == ["Ada", "Alan"]
    background = part(page, "In the background")
    await expect(background).to_contain_text("π is about")
    await fits_and_is_accessible(page)
    if request.config.getoption("--write"):
        draw = f"responsive-page-{language}.png"
        if SHOWN_ON[language] == screen:
            await page.screenshot(path=PAIR.page.with_name(draw))
    await page.get_by_role("button", name="Retry Grace").click()
    await arrived(page, "Grace")
    await expect(retry).to_have_count(0)


@on_desktop
async def test_the_button_answers_while_the_worker_computes(page, url):
    await page.goto(url(ENDLESS))
    background = part(page, "In the background")
    await expect(background).to_have_text("Computing π…")
    for likes in "123":
        await page.get_by_role("button", name="Like").click()
        await expect(page.get_by_label("Likes")).to_have_value(likes)
    await expect(background).to_have_text("Computing π…")


@on_desktop
async def test_a_worker_is_a_second_python(page, url, language):
    await page.goto(url())
    background = part(page, "In the background")
    await expect(background).to_contain_text("π is about 3.1406")
    [worker] = page.workers
    python = await worker.evaluate("typeof pyodide")
    assert (
        python
        == {"python": "object", "javascript": "undefined"}[language]
    )


@on_desktop
@no_worker
async def test_a_computation_in_the_page_itself_freezes_it(
    page, url, language
):
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    compute = {
        "javascript": "for (let n = 1; n < 1e6; n += 1);",
        "python": "pyodide.runPython('for n in range(100_000): pass');",
    }
    during, after = await page.evaluate(
        f"""async () => {{
          let clicks = 0;
          setTimeout(() => clicks += 1, 0);
          {compute[language]}
          const during = clicks;
          await new Promise((resolve) => setTimeout(resolve, 0));
          return [during, clicks];
        }}"""
    )
    assert (during, after) == (0, 1)


@on_desktop
@no_worker
async def test_a_failed_feed_leaves_the_rest_running(
    page, url, mock_api
):
    await mock_api.hold("/users/*")
    await mock_api.fail("/posts", [500])
    await page.goto(url())
    await expect(status(page)).to_have_text("The feed did not load.")
    assert "500" in page.errors.pop()
    await mock_api.release("/users/*")
    for name in ["Ada", "Grace", "Alan"]:
        await arrived(page, name)


@on_desktop
@no_worker
async def test_a_request_can_be_given_up(page, url, mock_api, language):
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    await mock_api.hold("/data")
    start, stop = {
        "javascript": (
            "globalThis.stop = new AbortController();"
            f"fetch('{mock_api.url}/data', {{ signal: stop.signal }})"
            ".catch((error) => globalThis.ended = error.name); 0",
            "stop.abort()",
        ),
        "python": (
            "pyodide.runPython(`import asyncio\n"
            "from pyodide.http import pyfetch\n"
            f"asking = pyfetch('{mock_api.url}/data')\n"
            "task = asyncio.ensure_future(asking)\n"
            "`); 0",
            "pyodide.runPython('task.cancel()')",
        ),
    }[language]
    await page.evaluate(start)
    await mock_api.saw("GET /data")
    await page.evaluate(stop)
    data = (await mock_api.log())[-1]
    assert (data.path, data.ending) == ("/data", "client hung up")


# Python only: JavaScript has no other loop that could be started.
@on_desktop
@in_python
@no_worker
async def test_run_takes_the_loop_of_the_page(page, url):
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    same, left = await page.evaluate(
        """async () => (await pyodide.runPythonAsync(`
          import asyncio
          page = asyncio.get_running_loop()
          async def main():
              global left
              rest = asyncio.sleep(0.01, "went on")
              left = asyncio.ensure_future(rest)
              return asyncio.get_running_loop() is page
          same = asyncio.run(main())
          [same, await left]
        `)).toJs()"""
    )
    assert (same, left) == (True, "went on")


# Python only: JavaScript posts its own lists and objects.
@on_desktop
@in_python
@no_worker
async def test_a_worker_takes_values_of_javascript(page, url):
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    said = await page.evaluate(
        """pyodide.runPython(`
          import js
          from pyodide import ffi
          post = js.MessageChannel.new().port1.postMessage
          post(1)
          post("text")
          post(ffi.to_js([1, 2]))
          try:
              post([1, 2])
          except ffi.JsException as error:
              said = error.name
          said
        `)"""
    )
    assert said == "DataCloneError"


# Python only: a JavaScript function lives as long as somebody has it.
@on_desktop
@in_python
@no_worker
async def test_a_function_that_is_passed_needs_a_proxy(page, url):
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    await page.evaluate(
        """pyodide.runPython(`
          import js
          from pyodide.ffi import create_proxy
          clicks = []
          like = js.document.getElementById("like")
          like.addEventListener("click", lambda event: None)
          like.addEventListener("click", create_proxy(clicks.append))
        `)"""
    )
    await page.get_by_role("button", name="Like").click()
    await expect(page.get_by_label("Likes")).to_have_value("1")
    assert await page.evaluate("pyodide.runPython('len(clicks)')") == 1
    assert (
        "This borrowed proxy was automatically destroyed at the end of"
        " a function call" in page.errors.pop()
    )


# Python only: calling an async function in JavaScript runs it.
@on_desktop
@in_python
@no_worker
async def test_a_click_runs_no_coroutine_of_a_lambda(page, url):
    await page.goto(url())
    await expect(status(page)).to_have_text("Up to date")
    ran = await page.evaluate(
        """async () => (await pyodide.runPythonAsync(`
          import asyncio, functools, js
          like = js.document.getElementById("like")
          ran = []
          async def note(name, event):
              ran.append(name)
          async def answer(event):
              ran.append("async def")
          for handler in (
              lambda event: note("lambda", event),
              functools.partial(note, "partial"),
              answer,
          ):
              like.onclick = handler
              like.click()
          while len(ran) < 2:
              await asyncio.sleep(0)
          ran
        `)).toJs()"""
    )
    assert ran == ["partial", "async def"]
