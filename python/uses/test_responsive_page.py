"""The tests of both programs: what runs in a browser is tested in one.

There is no such file in JavaScript: Playwright steers the page from
outside, whichever language runs in it.
"""

import asyncio
import json
import os
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from helpers import LIMIT
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
    "desktop": {"viewport": {"width": 720, "height": 620}},
    "phone": {
        "viewport": {"width": 360, "height": 780},
        "is_mobile": True,
        "has_touch": True,
        "color_scheme": "dark",
    },
}
SHOWN = [("desktop", "python"), ("phone", "javascript")]
ENDLESS = 10**12  # terms of the computation
NAMES = ["Ada", "Grace", "Alan"]
on_desktop = pytest.mark.parametrize("screen", ["desktop"])
no_worker = pytest.mark.usefixtures("without_worker")
# How it looks does not depend on the language. Python starts slowly.
everywhere = pytest.mark.parametrize(
    ("screen", "language"), [*SHOWN, ("desktop", "javascript")]
)
as_shown = pytest.mark.parametrize(("screen", "language"), SHOWN)
in_python = pytest.mark.parametrize("language", ["python"])

# The clock of long timers stands still: `advance(ms)` moves it.
CLOCK = """
const start = globalThis.setTimeout;
let now = 0;
let due = [];
const wait = (ms, run) => due.push([now + ms, run]);
globalThis.setTimeout = (run, ms, ...rest) =>
  ms > 5000 ? -wait(ms, () => run(...rest)) : start(run, ms, ...rest);
AbortSignal.timeout = (ms) => {
  const stop = new AbortController();
  wait(ms, () => stop.abort(new DOMException("", "TimeoutError")));
  return stop.signal;
};
globalThis.advance = (ms) => {
  now += ms;
  const ready = due.filter(([at]) => at <= now);
  due = due.filter(([at]) => at > now);
  for (const [, run] of ready) run();
};
"""
NO_WORKER = "globalThis.Worker = class { postMessage() {} }"


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
    page = await opened(context)
    yield page
    assert page.errors == []
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def without_worker(page):
    """For what is not about the worker: its Python starts slowly."""
    await page.add_init_script(NO_WORKER)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_pages(chromium, base):
    """For what a language does: its page, shared by these tests."""
    pages: dict[str, Page] = {}

    async def running_page(language):
        if language not in pages:
            page = await opened(await chromium.new_context())
            await page.add_init_script(NO_WORKER)
            api_url = os.environ["API_URL"]
            await page.goto(page_url(base, PAIR, language, api_url))
            await expect(status(page)).to_have_text(
                "Loading has ended."
            )
            pages[language] = page
        return pages[language]

    yield running_page
    for page in pages.values():
        await page.context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shared(running_pages, language):
    """The page of all tests that only run code in it."""
    page = await running_pages(language)
    yield page
    assert page.errors == []


@pytest.fixture
def url(base, language, mock_api):
    """Where the page is, for so many terms."""
    return lambda terms=1000: page_url(
        base, PAIR, language, mock_api.url, terms=terms
    )


async def opened(context):
    context.set_default_timeout(1000 * LIMIT)
    page = await context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: note(page.errors, message))
    await page.add_init_script(f"{{{CLOCK}}}")
    return page


def note(errors, message):
    # The browser itself notes each answer that is no success.
    if message.type == "error" and "Failed to load" not in message.text:
        errors.append(message.text)


def status(page):
    return page.locator("#status")


def posts(page):
    return page.get_by_role("region", name="Posts").locator("post-feed")


def retry(page, name=""):
    return page.get_by_role("button", name=f"{name}")


def cached(page):
    return page.get_by_text("From your last visit:")


def frame(page, name):
    return (
        page.get_by_role("article")
        .filter(has_text=name)
        .locator("author-picture")
    )


def result(page):
    return page.get_by_role("status", name="In the background")


async def pictures(page):
    """The names of those who are to be seen."""
    return [
        name
        for name in NAMES
        if await page.get_by_role("img", name=name).count()
    ]


async def arrived(page, name):
    picture = page.get_by_role("img", name=name)
    await expect(picture).to_have_js_property("naturalWidth", 64)
    await expect(frame(page, name)).to_have_attribute(
        "aria-busy", "false"
    )


async def loaded(page):
    await expect(status(page)).to_have_text("Loading has ended.")


async def fits_and_is_accessible(page):
    assert await page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth"
    )
    await page.add_script_tag(path=AXE)
    found = await page.evaluate("axe.run()")
    assert found["violations"] == []


@everywhere
@no_worker
async def test_each_part_appears_when_it_arrives(
    page: Page, url, mock_api
):
    await mock_api.hold("*")
    await page.goto(url())
    await expect(status(page)).to_have_text("Loading…")
    await mock_api.saw("GET /posts")
    await expect(posts(page)).to_have_attribute("aria-busy", "true")
    await expect(
        page.get_by_text("Waiting for new posts…")
    ).to_be_visible()
    await expect(cached(page)).to_be_hidden()
    await mock_api.release("/posts")
    await mock_api.saw("GET /users/*", times=3)
    await expect(posts(page)).to_have_attribute("aria-busy", "false")
    cards = page.get_by_role("article")
    for card, name in zip(await cards.all(), NAMES, strict=True):
        await expect(card).to_contain_text(name)
        await expect(frame(page, name)).to_have_attribute(
            "aria-busy", "true"
        )
    assert await pictures(page) == []
    await fits_and_is_accessible(page)
    for user, name, so_far in [
        (3, "Alan", ["Alan"]),
        (1, "Ada", ["Ada", "Alan"]),
        (2, "Grace", ["Ada", "Grace", "Alan"]),
    ]:
        await expect(status(page)).to_have_text("Loading…")
        await mock_api.release(f"/users/{user}/picture")
        await arrived(page, name)
        assert await pictures(page) == so_far
    await loaded(page)
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1, 1, 2, 3]
    await expect(retry(page)).to_have_count(0)


@on_desktop
async def test_a_spinner_turns_before_the_program_is_there(page, url):
    await page.route("**/*.js*", lambda route: None)
    await page.goto(url(), wait_until="commit")
    await expect(status(page)).to_have_text("Loading…")
    await expect(status(page).locator(".spinner")).to_be_visible()
    await expect(posts(page)).to_have_attribute("aria-busy", "true")


@on_desktop
@no_worker
async def test_cached_posts_are_marked_until_the_fresh_ones_come(
    page, url, mock_api
):
    answer = await page.request.get(f"{mock_api.url}/posts?limit=3")
    newest, *older = await answer.json()
    body = json.dumps([newest, older[1]])
    await mock_api.answer("/posts", body=body)
    await page.goto(url())
    await loaded(page)
    await expect(cached(page)).to_be_hidden()

    await mock_api.hold("*")
    await page.reload()
    # The fresh posts do not wait for the pictures of the cached ones.
    await mock_api.saw("GET /posts", times=3)
    await mock_api.saw("GET /users/*", times=4)
    await mock_api.release("/users/*")
    # And the pictures do not wait for the fresh posts.
    await arrived(page, "Ada")
    await arrived(page, "Alan")
    await expect(cached(page)).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(2)
    like = page.get_by_label("Like “Hello, loop”")
    await like.check()
    body = json.dumps([newest, older[0]])
    await mock_api.answer("/posts", body=body)
    await mock_api.release("/posts")
    await arrived(page, "Grace")
    await loaded(page)
    await expect(cached(page)).to_be_hidden()
    # The old one is gone. The one that is still there was not replaced.
    await expect(page.get_by_role("article")).to_have_count(2)
    await expect(like).to_be_checked()
    await expect(like).to_be_focused()
    paths = [entry.path for entry in await mock_api.log()]
    assert paths.count("/users/1/picture") == 2


@on_desktop
@no_worker
async def test_failed_posts_say_so_and_can_be_tried_again(
    page, base, url, mock_api
):
    # For the last visit, the language does not matter.
    await page.goto(page_url(base, PAIR, "javascript", mock_api.url))
    await loaded(page)
    await mock_api.fail("/posts", [500])
    await page.goto(url())
    failed = retry(page, "The new posts did not load. Try again")
    await expect(failed).to_be_visible()
    await expect(cached(page)).to_be_visible()
    for name in NAMES:
        await arrived(page, name)
    await loaded(page)
    await fits_and_is_accessible(page)

    await mock_api.hold("/posts")
    await failed.press("Enter")
    await mock_api.saw("GET /posts", times=3)
    await expect(posts(page)).to_have_attribute("aria-busy", "true")
    await expect(failed).to_be_hidden()
    # The keyboard does not have to begin at the top again.
    region = page.get_by_role("region", name="Posts")
    await expect(region).to_be_focused()
    await mock_api.release("/posts")
    await expect(posts(page)).to_have_attribute("aria-busy", "false")
    await expect(cached(page)).to_be_hidden()
    await expect(failed).to_be_hidden()


@everywhere
@no_worker
async def test_a_failed_picture_can_be_fetched_again(
    page, url, mock_api
):
    await mock_api.fail("/users/2/picture", [503])
    await page.goto(url())
    await loaded(page)
    failed = retry(page, "Grace’s picture did not load. Try again")
    await expect(failed).to_be_visible()
    await expect(retry(page)).to_have_count(1)
    assert await pictures(page) == ["Ada", "Alan"]
    await fits_and_is_accessible(page)
    await failed.click()
    await arrived(page, "Grace")
    await expect(retry(page)).to_have_count(0)
    ends = [(e.path, e.status) for e in await mock_api.log()][4:]
    assert ends == [("/users/2/picture", 200)]


@on_desktop
@no_worker
async def test_silence_has_a_limit(page, url, mock_api):
    await mock_api.hold("*")
    await page.goto(url())
    await mock_api.saw("GET /posts")
    await page.evaluate("advance(9_000)")
    await expect(posts(page)).to_have_attribute("aria-busy", "true")
    await page.evaluate("advance(1_000)")
    await mock_api.ended("GET /posts")
    await mock_api.release("/posts")
    await retry(page, "The new posts did not load. Try again").click()
    await mock_api.saw("GET /users/*", times=3)
    await page.evaluate("advance(9_000)")
    await expect(frame(page, "Ada")).to_have_attribute(
        "aria-busy", "true"
    )
    await page.evaluate("advance(1_000)")
    await mock_api.ended("GET /users/*", times=3)
    await expect(retry(page)).to_have_count(3)
    first, _, *rest = await mock_api.log()
    assert {e.ending for e in [first, *rest]} == {"client hung up"}
    await mock_api.release("*")
    for name in NAMES:
        await retry(page, f"{name}’s picture").click()
        await arrived(page, name)
    # A limit that passes when all is there takes nothing away.
    await page.evaluate("advance(10_000)")
    for name in NAMES:
        await arrived(page, name)


@as_shown
async def test_clicks_are_answered_while_the_worker_computes(
    page, url, mock_api
):
    await mock_api.fail("/users/2/picture", [503])
    await page.goto(url(ENDLESS))
    await expect(result(page)).to_have_text("Computing π…")
    await retry(page, "Grace’s picture").click()
    await arrived(page, "Grace")
    like = page.get_by_label("Like “Hello, loop”")
    await like.check()
    await expect(like).to_be_checked()
    await expect(result(page)).to_have_text("Computing π…")


@as_shown
async def test_the_worker_runs_the_same_file(
    page, url, mock_api, language, request
):
    await mock_api.fail("/users/2/picture", [503])
    await page.goto(url())
    await expect(result(page)).to_contain_text("π is about 3.14")
    [worker] = page.workers
    python = await worker.evaluate("typeof pyodide")
    there = {"python": "object", "javascript": "undefined"}
    assert python == there[language]
    await loaded(page)
    await fits_and_is_accessible(page)
    if request.config.getoption("--write"):
        drawing = f"responsive-page-{language}.png"
        path = PAIR.page.with_name(drawing)
        await page.screenshot(path=path, full_page=True)


# What the language does, without the program.


async def test_a_computation_in_the_page_itself_freezes_it(
    shared, language
):
    compute = {
        "javascript": "for (let n = 1; n < 1e6; n += 1);",
        "python": "pyodide.runPython('for n in range(100_000): pass');",
    }
    during, after = await shared.evaluate(
        f"""async () => {{
          const like = document.querySelector("input");
          let clicks = 0;
          like.onclick = () => clicks += 1;
          const clicked = new Promise((resolve) => setTimeout(() => {{
            like.click();
            resolve();
          }}));
          {compute[language]}
          const during = clicks;
          await clicked;
          return [during, clicks];
        }}"""
    )
    assert (during, after) == (0, 1)


async def test_a_request_can_be_given_up(shared, mock_api, language):
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
    await shared.evaluate(start)
    await mock_api.saw("GET /data")
    await shared.evaluate(stop)
    [data] = await mock_api.log()
    assert (data.path, data.ending) == ("/data", "client hung up")


# Python only: in JavaScript, no wait for a picture can be cancelled.
@in_python
async def test_a_cancelled_wait_leaves_the_picture_in_flight(
    shared, mock_api
):
    await mock_api.hold("*")
    await shared.evaluate(
        f"""pyodide.runPythonAsync(`
          import asyncio, js
          async def wait():
              await picture.decode()
          picture = js.Image.new()
          picture.src = "{mock_api.url}/users/1/picture"
          waiting = asyncio.ensure_future(wait())
        `)"""
    )
    await mock_api.saw("GET /users/1/picture")
    cancelled = await shared.evaluate(
        """pyodide.runPythonAsync(`
          waiting.cancel()
          await asyncio.wait([waiting])
          waiting.cancelled()
        `)"""
    )
    assert cancelled
    [picture] = await mock_api.log(settled=False)
    assert picture.ending is None
    await shared.evaluate(
        "pyodide.runPython('picture.removeAttribute(\"src\")')"
    )
    [picture] = await mock_api.log()
    assert picture.ending == "client hung up"


async def leaves_a_task():
    return asyncio.ensure_future(asyncio.sleep(LIMIT))


# Python only: JavaScript has no other loop that could be started.
@in_python
async def test_run_takes_the_loop_of_the_page(shared):
    same, left = await shared.evaluate(
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

    # A loop of its own cancels what is left.
    left = await asyncio.to_thread(asyncio.run, leaves_a_task())
    assert left.cancelled()


async def test_a_page_may_not_read_another_origin(shared, language):
    ask = {
        "javascript": "fetch(url).catch(String)",
        "python": """pyodide.runPythonAsync(`
          import js
          from pyodide.http import pyfetch
          try:
              said = await pyfetch(js.other)
          except OSError as error:
              said = f"{type(error).__name__}: {error}"
          said
        `)""",
    }[language]
    # This site says nothing about other origins, so it is forbidden.
    with site() as other:
        url = f"{other}/python/helpers.py"
        said = await shared.evaluate(
            f"(url) => {{ globalThis.other = url; return {ask} }}",
            url,
        )
    assert (
        said
        == {
            "javascript": "TypeError: Failed to fetch",
            "python": "AbortError: Failed to fetch",
        }[language]
    )
    here = shared.url.partition("/javascript")[0]
    assert shared.errors.pop() == (
        f"Access to fetch at '{url}' from origin '{here}' has been"
        " blocked by CORS policy: No 'Access-Control-Allow-Origin'"
        " header is present on the requested resource."
    )


async def test_what_a_worker_can_be_sent(shared, language):
    said = await shared.evaluate(
        {
            "javascript": """() => {
              const { port1 } = new MessageChannel();
              port1.postMessage([1, { two: 2 }]);
              try {
                port1.postMessage(() => {});
              } catch (error) {
                return `${error}`;
              }
            }""",
            "python": """pyodide.runPython(`
              import js
              from pyodide import ffi
              post = js.MessageChannel.new().port1.postMessage
              post(1)
              post("text")
              post(ffi.to_js([1, 2]))
              try:
                  post([1, 2])
              except ffi.JsException as error:
                  said = str(error)
              said
            `)""",
        }[language]
    )
    assert said.startswith("DataCloneError: Failed to execute")
    assert said.endswith("could not be cloned.")


# Python only: a JavaScript function lives as long as somebody has it.
@in_python
async def test_a_function_that_is_passed_needs_a_proxy(shared):
    clicks = await shared.evaluate(
        """pyodide.runPython(`
          import js
          from pyodide.ffi import create_proxy
          clicks = []
          button = js.document.createElement("button")
          button.addEventListener("click", lambda event: None)
          button.addEventListener("click", create_proxy(clicks.append))
          button.click()
          len(clicks)
        `)"""
    )
    assert clicks == 1
    assert (
        "This borrowed proxy was automatically destroyed at the end of"
        " a function call" in shared.errors.pop()
    )


# Python only: calling an async function in JavaScript runs it.
@in_python
async def test_a_click_runs_no_coroutine_of_a_lambda(shared):
    ran = await shared.evaluate(
        """async () => (await pyodide.runPythonAsync(`
          import asyncio, functools, js
          button = js.document.createElement("button")
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
              button.onclick = handler
              button.click()
          while len(ran) < 2:
              await asyncio.sleep(0)
          ran
        `)).toJs()"""
    )
    assert ran == ["partial", "async def"]
