"""Run a program of a pair in its page, and print what a reader sees there."""

from __future__ import annotations

import asyncio
import os
import re
import sys

from playwright.async_api import expect

from tools.browser.chromium import browser
from tools.browser.site import page_url, site
from tools.catalogue import Pair


def main(chapter: str, slug: str, language: str) -> None:
    """Print the text of the page once it is complete; exit code 2: no browser."""
    try:
        print(asyncio.run(text(Pair(chapter, slug), language, os.environ["API_URL"])))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


async def text(pair: Pair, language: str, api_url: str) -> str:
    """The text of the page once nothing more is to come."""
    with site() as base:
        async with browser() as chromium:
            page = await chromium.new_page()
            page.set_default_timeout(30_000)
            await page.goto(page_url(base, pair, language, api_url))
            status = page.get_by_role("status")
            await expect(status).not_to_have_text("Loading…", timeout=30_000)
            await expect(page.get_by_text("π is about")).to_be_visible(timeout=30_000)
            shown = await page.get_by_role("main").inner_text()
    return re.sub(r"\n\s*\n", "\n", shown).strip()
