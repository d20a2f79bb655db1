"""Find a Firefox, and open a page in it without windows."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ADVICE = (
    "No Firefox was found: install Firefox 153 or newer (Debian: firefox-esr), or name"
    " its program in the environment variable FIREFOX."
)
_NAMES = ("firefox", "firefox-esr")
_PRODUCTS = {
    "darwin": ("/Applications/Firefox.app/Contents/MacOS/firefox",),
    "win32": (
        r"C:\Program Files\Mozilla Firefox\firefox.exe",
        r"C:\Program Files (x86)\Mozilla Firefox\firefox.exe",
    ),
}
# What a new profile would ask or fetch by itself.
_QUIET = {
    "app.normandy.enabled": "false",
    "app.update.auto": "false",
    "browser.shell.checkDefaultBrowser": "false",
    "datareporting.policy.dataSubmissionEnabled": "false",
    "network.captive-portal-service.enabled": "false",
    "network.connectivity-service.enabled": "false",
    "toolkit.telemetry.enabled": "false",
}
_SECONDS = 10  # to end when it is asked to


def find() -> str | None:
    """The path of a Firefox, or None. RuntimeError: what FIREFOX names is none."""
    if named := os.environ.get("FIREFOX"):
        if path := shutil.which(named):
            return path
        raise RuntimeError(f"FIREFOX names no program that runs: {named}")
    places = [
        *filter(None, map(shutil.which, _NAMES)),
        *_PRODUCTS.get(sys.platform, ()),
    ]
    return next((path for path in places if Path(path).is_file()), None)


@asynccontextmanager
async def page(url: str) -> AsyncIterator[None]:
    """Show a page until the block ends. RuntimeError: there is no Firefox."""
    if (path := find()) is None:
        raise RuntimeError(ADVICE)
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        prefs = [f'user_pref("{name}", {value});\n' for name, value in _QUIET.items()]
        settings = Path(profile, "user.js")
        await asyncio.to_thread(settings.write_text, "".join(prefs), "utf-8")
        options = [
            "--headless",
            "--no-remote",
            "--profile",
            profile,
            url,
        ]
        quiet = subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            path, *options, stdout=quiet, stderr=quiet
        )
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
