"""What a finding advises."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("session", "named"),
    [("browser", "browser"), ("docs", "docs"), ("docs-3.12", "docs"), ("", "docs")],
)
def test_the_session_that_finds_something_stale_is_the_one_to_rewrite_it(
    session, named
):
    said = subprocess.run(
        [sys.executable, "-c", "from tools.finding import WRITE; print(WRITE)"],
        env=os.environ | {"NOX_CURRENT_SESSION": session},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == f"run: nox -s {named} -- --write\n"
