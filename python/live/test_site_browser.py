"""The whole site in a real browser, below a path as on GitHub Pages."""

import itertools

import pytest
import pytest_asyncio
from playwright.async_api import expect

from live.parity import serve
from live.test_linking_browser import violations
from tools.browser.chromium import browser as running_browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAIR = "combining/settle-all.html"
REPRESENTATIVE = [
    "index.html",
    PAIR,
    "glossary.html",
    "python/combining/settle_all.py.html",
    "uses/web-server.html",
    "live/play.html",
]
SCHEMES, WIDTHS = ["light", "dark"], [390, 1440]
MODES = list(itertools.product(SCHEMES, WIDTHS))


@pytest.fixture(scope="module")
def here(site):
    # The folder's name is the path below which the site lies.
    with serve(site.parent) as (base, _):
        yield f"{base}/{site.name}/"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium():
    async with running_browser() as launched:
        yield launched


async def opened(chromium, address, scheme="light", width=1440, **options):
    context = await chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, **options
    )
    page = await context.new_page()
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("requestfailed", lambda request: page.wrong.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    await page.goto(address)
    return page


async def check(chromium, here, name, scheme, width):
    """What is wrong with a page: for axe, for a reader's screen, for the host."""
    page = await opened(chromium, here + name, scheme, width)
    found = [f"{name} {scheme} {width}: {x}" for x in await violations(page, "html")]
    if await page.evaluate("document.documentElement.scrollWidth") > width:
        found.append(f"{name} is wider than {width} pixels")
    found += [f"{name} asks for {url}" for url in page.asked if here not in url]
    found += [f"{name}: {wrong}" for wrong in page.wrong]
    await page.context.close()
    return found


@pytest.mark.browser
@pytest.mark.parametrize("number", range(len(REPRESENTATIVE)))
async def test_a_page_is_accessible_and_asks_no_other_host(chromium, here, number):
    scheme, width = MODES[number % len(MODES)]
    assert await check(chromium, here, REPRESENTATIVE[number], scheme, width) == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "beside"), [(390, False), (1000, True), (1600, True)]
)
async def test_programs_stand_side_by_side_where_there_is_room(
    chromium, here, width, beside
):
    page = await opened(chromium, here + PAIR, width=width)
    programs = await page.locator(".program").all()
    boxes = [await program.bounding_box() for program in programs]
    assert len(boxes) == 2
    assert (boxes[0]["y"] == boxes[1]["y"]) == beside
    assert (boxes[0]["x"] == boxes[1]["x"]) != beside
    await page.context.close()


@pytest.mark.browser
async def test_a_page_is_complete_without_javascript(chromium, here):
    page = await opened(chromium, here + PAIR, java_script_enabled=False)
    shown = ["async def settle_all", "async function settleAll", "2 of 3 have a value"]
    for text in shown:
        await expect(page.get_by_text(text, exact=False).first).to_be_visible()
    await expect(page.get_by_role("heading", level=3).first).to_be_visible()
    # What needs it is not offered.
    await expect(page.get_by_role("button", name="Run both")).to_have_count(0)
    await page.get_by_role("link", name="Task groups").last.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Task groups")
    await page.context.close()


@pytest.mark.browser
async def test_a_proof_leads_to_its_line(chromium, here):
    page = await opened(chromium, here + PAIR, width=1440)
    link = page.locator('a[href*="test_settle_all.py.html#L"]').first
    number = (await link.get_attribute("href")).partition("#")[2]
    await link.click()
    line = page.locator(f"#{number}")
    await expect(line).to_contain_text("def test_")
    await expect(line).to_be_in_viewport()
    await page.context.close()


@pytest.mark.browser
async def test_by_keyboard_a_reader_skips_to_the_page(chromium, here):
    page = await opened(chromium, here + PAIR)
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    await expect(skip).to_be_focused()
    await page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")
    await page.context.close()
