"""Serve the page, its programs and Pyodide on a free port of this machine."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

from tools.browser.pyodide import LIBRARY
from tools.catalogue import ROOT, Pair

_SERVED = ("/javascript/", "/python/", "/node_modules/pyodide/")


class _Files(SimpleHTTPRequestHandler):
    """Some folders of the repository, as they are now."""

    protocol_version = "HTTP/1.1"
    # What the machine says about file types varies.
    extensions_map = {  # noqa: RUF012
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".json": "application/json",
        ".mjs": "text/javascript",
        ".py": "text/x-python; charset=utf-8",
        ".wasm": "application/wasm",
        "": "application/octet-stream",
    }

    def translate_path(self, path: str) -> str:
        if path == "/node_modules/pyodide/python_stdlib.zip" and LIBRARY.is_file():
            return str(LIBRARY)
        return super().translate_path(path)

    def do_GET(self) -> None:
        if self.path.startswith(_SERVED) and not self.path.endswith("/"):
            super().do_GET()
        else:
            self.send_error(404)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    """Does not mind a page that is closed while it loads."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def site(port: int = 0) -> Iterator[str]:
    """The address of the files until the block ends; port 0 is a free one."""
    files = partial(_Files, directory=str(ROOT))
    with _Server(("127.0.0.1", port), files) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def page_url(
    base: str, pair: Pair, language: str, api_url: str, **query: object
) -> str:
    """Where the page of a pair runs its program in `language`."""
    path = pair.html.relative_to(ROOT).as_posix()
    return f"{base}/{path}?{urlencode({'in': language, 'api': api_url, **query})}"
