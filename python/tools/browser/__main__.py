"""The command line: `python -m tools.browser install|serve`."""

from __future__ import annotations

import os
import sys
import time

from mock_api.process import server
from tools.browser.chromium import ADVICE, install
from tools.browser.pyodide import prepare
from tools.browser.site import page_url, site
from tools.catalogue import find_pairs
from tools.source import TITLES


def main(do: str) -> int:
    """Get a browser, or serve the pages to the reader's own until Ctrl-C."""
    if do == "serve":
        return _serve()
    try:
        path = install()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    if path is None:
        print(ADVICE, file=sys.stderr)
        return 2
    print(f"Browser: {path}")
    prepare()
    return 0


def _serve() -> int:
    os.environ.pop("API_URL", None)
    with server() as api_url, site() as base:
        for pair in find_pairs():
            if pair.in_browser:
                for language, title in TITLES.items():
                    print(f"{title}: {page_url(base, pair, language, api_url)}")
        try:
            while True:
                time.sleep(60)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
