"""The command line: `python -m support.browser install|serve`."""

from __future__ import annotations

import os
import sys
import time

from support.browser.chromium import ADVICE, find, install
from support.browser.pyodide import prepare
from support.browser.site import page_url, site
from support.mock_api.process import server
from support.pairs.catalogue import find_pairs
from support.pairs.source import TITLES


def main(do: str) -> int:
    """Get a browser, or serve the pages to the reader's own until Ctrl-C."""
    if do == "serve":
        return _serve()
    path = find() or install()
    print(path or ADVICE, file=sys.stdout if path else sys.stderr)
    prepare()
    return 0 if path else 2


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
