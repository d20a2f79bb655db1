"""Run a program of a pair in its page, and print what a reader sees there."""

from __future__ import annotations

import asyncio
import os
import re
import sys

import httpx
from playwright.async_api import expect

from mock_api.client import MockApi
from tools.browser.chromium import browser
from tools.browser.site import page_url, site
from tools.catalogue import Pair

LIMIT = 30_000  # milliseconds: Python starts slowly on a busy machine
# The requests that are answered last, in this order. With their delays alone it would
# depend on how busy the machine is.
IN_ORDER = ["/users/2/picture", "/users/3/picture", "/users/1/picture"]


def main(chapter: str, slug: str, language: str) -> None:
    """Print the text of the page once it is complete; exit code 2: no browser."""
    try:
        print(asyncio.run(text(Pair(chapter, slug), language, os.environ["API_URL"])))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


async def text(pair: Pair, language: str, api_url: str) -> str:
    """The text of the page once nothing more is to come."""
    control = httpx.AsyncClient(
        base_url=api_url.replace("/s/", "/scenarios/") + "/",
        timeout=LIMIT / 1000,
        trust_env=False,
        verify=False,
    )
    async with control, browser() as chromium:
        api = MockApi(api_url, control)
        for path in IN_ORDER:
            await api.hold(path)
        with site() as base:
            page = await chromium.new_page()
            page.set_default_timeout(LIMIT)
            await page.goto(page_url(base, pair, language, api_url))
            await expect(page.get_by_role("article")).to_have_count(3, timeout=LIMIT)
            await api.saw("GET /users/*", times=len(IN_ORDER))
            for path in IN_ORDER:
                await api.release(path)
                await api.ended(f"GET {path}")
            status = page.get_by_text("Loading has ended.")
            await expect(status).to_be_visible(timeout=LIMIT)
            await expect(page.get_by_text("π is about")).to_be_visible(timeout=LIMIT)
            shown = await page.get_by_role("main").inner_text()
    return re.sub(r"\n\s*\n", "\n", shown).strip()
