"""Link to this, and the view of a pair in a frame, in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tools.browser.chromium import browser as running_browser
from tools.catalogue import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CLAIM = "one-failure-hides-everything-else"
PAGE = "combining/settle-all.html"
EMBED = f"embed/{PAGE}"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serve(folder) -> Iterator[str]:
    """Serve a folder at an address of its own."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def here(site) -> Iterator[str]:
    with serve(site) as base:
        yield base


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium():
    async with running_browser() as launched:
        yield launched


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium):
    context = await chromium.new_context()
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield await context.new_page()
    await context.close()


async def violations(page, within):
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("(within) => axe.run(within)", within)
    return [violation["id"] for violation in found["violations"]]


async def test_by_keyboard_a_link_is_copied_and_the_focus_returns(page, here):
    await page.goto(here + PAGE)
    permalink = page.locator(f'h3 a[href="#{CLAIM}"]')
    await permalink.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Link to “One failure hides")
    await expect(dialog.get_by_role("textbox")).to_have_count(4)
    url = f"{here}{PAGE}#{CLAIM}"
    wanted = f"[One failure hides everything else]({url})"
    await expect(dialog.get_by_role("textbox", name="Markdown")).to_have_value(wanted)
    await dialog.get_by_role("button", name="Copy Markdown").press("Enter")
    await expect(dialog.get_by_role("status")).to_have_text("Markdown is copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == wanted
    frame = dialog.get_by_role("textbox", name="iframe")
    assert f'src="{here}{EMBED}"' in await frame.input_value()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(permalink).to_be_focused()
    assert page.url == url


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_dialog_is_accessible(page, here, scheme):
    await page.emulate_media(color_scheme=scheme)
    await page.goto(here + PAGE)
    await page.locator("h1 a.headerlink").press("Enter")
    assert await violations(page, "dialog") == []


async def test_a_page_without_programs_offers_no_frame(page, here):
    await page.goto(here + "glossary.html")
    await page.locator('a.headerlink[href="#promise"]').press("Enter")
    await expect(page.get_by_role("dialog").get_by_role("textbox")).to_have_count(3)
    await page.get_by_role("button", name="Close").press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_site_that_knows_its_address_offers_that(page, here):
    await page.goto(here + PAGE)
    add = """() => {
      const link = document.createElement("link");
      link.rel = "canonical";
      link.href = "https://there.example/d/c/p.html";
      document.head.append(link);
    }"""
    await page.evaluate(add)
    await page.locator("h1 a.headerlink").press("Enter")
    markdown = page.get_by_role("textbox", name="Markdown")
    await expect(markdown).to_have_value(
        "[Settle all](https://there.example/d/c/p.html#settle-all)"
    )
    frame = await page.get_by_role("textbox", name="iframe").input_value()
    assert f'src="https://there.example/d/{EMBED}"' in frame


async def test_without_a_clipboard_the_text_is_selected(page, here):
    await page.goto(here + PAGE)
    refuse = "() => { navigator.clipboard.writeText = async () => { throw 1 } }"
    await page.evaluate(refuse)
    await page.locator("h1 a.headerlink").press("Enter")
    await page.get_by_role("button", name="Copy HTML").press("Enter")
    field = page.get_by_role("textbox", name="HTML")
    await expect(field).to_be_focused()
    selection = "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
    selected = await field.evaluate(selection)
    assert selected == f'<a href="{here}{PAGE}#settle-all">Settle all</a>'


async def test_without_javascript_the_permalink_is_a_link(chromium, here):
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(here + PAGE)
    await page.locator(f'h3 a[href="#{CLAIM}"]').press("Enter")
    await expect(page).to_have_url(f"{here}{PAGE}#{CLAIM}")
    await context.close()


async def test_a_pair_shows_in_a_frame_of_another_origin(page, here, tmp_path):
    frame = f'<iframe src="{here}{EMBED}?theme=dark" title="Pair"></iframe>'
    listen = "addEventListener('message', (e) => { globalThis.height = e.data.height })"
    html = f"<!DOCTYPE html><title>a</title><script>{listen}</script>{frame}"
    (tmp_path / "index.html").write_text(html, "utf-8")
    with ExitStack() as stack:
        # The other port makes it another origin.
        there = stack.enter_context(serve(tmp_path))
        await page.goto(there)
        inner = page.frame_locator("iframe")
        await expect(inner.locator(".pair .program")).to_have_count(2)
        await expect(inner.locator("html")).to_have_attribute("data-theme", "dark")
        await page.wait_for_function("globalThis.height > 300")
        await inner.get_by_role("link", name="The whole page").click()
        await page.wait_for_url(here + PAGE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_view_is_accessible_in_the_colours_of_the_reader(page, here, scheme):
    await page.emulate_media(color_scheme=scheme)
    await page.goto(here + EMBED)
    await expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    assert await violations(page, "html") == []


async def test_the_two_programs_stand_side_by_side_where_there_is_room(page, here):
    for width, beside in ((1200, True), (400, False)):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(here + EMBED)
        programs = await page.locator(".program").all()
        boxes = [await program.bounding_box() for program in programs]
        assert (boxes[0]["y"] == boxes[1]["y"]) is beside
        room = "document.documentElement.scrollWidth <= innerWidth"
        assert await page.evaluate(room)
