"""Hold what programs print in a page to what they print in a terminal.

`python -m live.parity [--browser chromium|firefox] [slug …]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from difflib import unified_diff
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

from live import firefox
from live.pack import pack
from live.pairs import why_not
from tools.browser import chromium
from tools.catalogue import Pair, find_pairs
from tools.heading.output import agrees, shown
from tools.page import parse
from tools.source import LANGUAGES

_PATIENCE = 120  # seconds until the page must have sent its next result
_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Parity</title>
<script type="module">
import { run } from "./live/lab.js";
const send = (body) =>
  fetch("result", { method: "POST", body: JSON.stringify(body) });
try {
  for (const { name, programs } of await (await fetch("pairs.json")).json()) {
    const printed = { out: {}, err: {} };
    const line = (language, text, stream) =>
      (printed[stream][language] ??= []).push(text);
    const ends = await run(programs, { line }).done;
    await send({ name, ends, ...printed });
  }
} catch (error) {
  await send({ error: String(error) });
}
</script>
"""


class _Site(ThreadingHTTPServer):
    """A plain static server, to which the page also sends what it saw."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.results: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(SimpleHTTPRequestHandler):
    server: _Site
    protocol_version = "HTTP/1.1"
    # What the machine says about file types varies.
    extensions_map = {  # noqa: RUF012
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".json": "application/json",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        "": "application/octet-stream",
    }

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        super().do_GET()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.results.put(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[tuple[str, _Site]]:
    """The address of a folder until the block ends, and the server."""
    with _Site(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server
        finally:
            server.shutdown()
            thread.join()


def differences(pair: Pair, printed: dict[str, Any]) -> Iterator[str]:
    """Each line that the page prints and the terminal does not, and the reverse."""
    page = parse(pair.page.read_text("utf-8"))
    said = shown(page)
    for language in LANGUAGES:
        end = printed["ends"][language]
        output = "".join(f"{line}\n" for line in printed["out"].get(language, []))
        at = f"{pair.name} in {language}"
        if end != {"exit": 0, "why": "ended"}:
            errors = printed["err"].get(language, ["it printed no error"])
            error = " | ".join(errors)[-800:]
            yield f"{at}: {end['why']}, exit code {end['exit']}: {error}"
        if agrees(page, said.get(language), output):
            continue
        lines = said.get(language, "").splitlines(), output.splitlines()
        for line in unified_diff(*lines, lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")):
                where = "terminal" if line[0] == "-" else "page"
                yield f"{at}, only in the {where}: {line[1:]}"


@asynccontextmanager
async def _chromium(url: str) -> AsyncIterator[None]:
    async with chromium.browser() as browser:
        page = await browser.new_page()
        await page.goto(url)
        yield


async def check(pairs: Sequence[Pair], browser: str, base: str, server: _Site) -> int:
    """Run them all in one page; returns how many differ. RuntimeError: no browser."""
    failed = 0
    show = firefox.page if browser == "firefox" else _chromium
    async with show(f"{base}/parity.html"):
        for pair in pairs:
            result = await asyncio.to_thread(_next, server, pair)
            if "error" in result:
                raise RuntimeError(result["error"])
            found = list(differences(pair, result))
            print(f"{pair.name}: {'differs' if found else 'as in a terminal'}")
            print(*(f"  {line}\n" for line in found), sep="", end="", flush=True)
            failed += bool(found)
    return failed


@contextmanager
def _site(pairs: Sequence[Pair]) -> Iterator[tuple[str, _Site]]:
    """A site of nothing but the page that runs them."""
    programs = [
        {"name": pair.name, "programs": {x: _program(pair, x) for x in LANGUAGES}}
        for pair in pairs
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        pack(folder)
        folder.joinpath("parity.html").write_text(_PAGE, "utf-8")
        folder.joinpath("pairs.json").write_text(json.dumps(programs), "utf-8")
        with serve(folder) as served:
            yield served


def _program(pair: Pair, language: str) -> dict[str, str]:
    path = pair.program(language)
    return {"name": path.name, "source": path.read_text("utf-8")}


def _next(server: _Site, pair: Pair) -> dict[str, Any]:
    try:
        return server.results.get(timeout=_PATIENCE)
    except Empty:
        why = f"{pair.name}: the page has sent nothing for {_PATIENCE} seconds"
        raise RuntimeError(why) from None


def main(arguments: Sequence[str]) -> int:
    """Check the pairs that are named, or all that run in a page."""
    parser = argparse.ArgumentParser(prog="live.parity")
    parser.add_argument("--browser", choices=["chromium", "firefox"])
    parser.add_argument("slug", nargs="*")
    asked = parser.parse_args(arguments)
    live = {pair.slug: pair for pair in find_pairs() if why_not(pair) is None}
    for slug in asked.slug:
        if slug not in live:
            print(
                f"{slug}: expected a pair that runs in a page",
                file=sys.stderr,
            )
            return 2
    pairs = [live[slug] for slug in asked.slug or live]
    failed = 0
    with _site(pairs) as (base, server):
        for browser in [asked.browser] if asked.browser else ["chromium", "firefox"]:
            print(f"In {browser}:", flush=True)
            try:
                failed += asyncio.run(check(pairs, browser, base, server))
            except RuntimeError as error:
                print(error, file=sys.stderr)
                return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
