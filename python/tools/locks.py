"""Hold the lock files to what every machine needs of them: `python -m tools.locks`.

Each package has a version and a hash, those for other platforms too: a lock that npm
makes beside an old node_modules can lack them, and then fails on other machines only.
No lock names a host: each machine asks the registry that it knows.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.catalogue import ROOT
from tools.finding import Finding

REMAKE_NPM = (
    "delete node_modules and package-lock.json, then run in their folder: "
    "npm install --package-lock-only --omit-lockfile-registry-resolved"
)
REMAKE_PIP = (
    "remake it in requirements/, as its second line says and without any address: "
    "uv pip compile --universal --generate-hashes"
)


def findings(root: Path) -> Iterator[Finding]:
    """What is wrong with the locks below `root`."""
    for path in _npm_locks(root):
        yield from _npm(path)
    for path in sorted(root.glob("requirements/*.txt")):
        yield from _pip(path)


def _npm_locks(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and name != "node_modules"
        )
        if "package-lock.json" in files:
            yield Path(folder, "package-lock.json")


def _npm(path: Path) -> Iterator[Finding]:
    text = path.read_text("utf-8")
    try:
        packages: dict[str, Any] = json.loads(text)["packages"]
    except (ValueError, KeyError) as error:
        yield Finding(path, 0, f"no lock of npm 7 or newer: {error!r}", REMAKE_NPM)
        return
    for at, package in packages.items():
        for message in _wrong(at, package, packages):
            line = text.partition(f'"{at}": {{')[0].count("\n") + 1
            yield Finding(path, line, message, REMAKE_NPM)


def _wrong(at: str, package: dict[str, Any], packages: dict[str, Any]) -> Iterator[str]:
    """What is wrong with one entry; the one without a name is the project itself."""
    lacks = [key for key in ("version", "integrity") if at and key not in package]
    if lacks:
        yield f"{at} has no {' and no '.join(lacks)}"
    if "resolved" in package:
        yield f"{at} names where it comes from: {package['resolved']}"
    for name in package.get("optionalDependencies", {}):
        if not any(place in packages for place in _places(at, name)):
            yield f"{at or 'the project'} needs {name}, which is not in the lock"


def _places(at: str, name: str) -> Iterator[str]:
    """Where a package at `at` finds the one named `name`, as Node looks for it."""
    while at:
        yield f"{at}/node_modules/{name}"
        at = at.rpartition("node_modules/")[0].rstrip("/")
    yield f"node_modules/{name}"


def _pip(path: Path) -> Iterator[Finding]:
    text = path.read_text("utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if place := re.search(r"\S*://\S*|--find-links.*", line):
            yield Finding(path, number, f"names a place: {place[0]}", REMAKE_PIP)
    for number, requirement in _requirements(text):
        if requirement.startswith("-"):
            message = f"holds an option, and not only requirements: {requirement}"
            yield Finding(path, number, message, REMAKE_PIP)
        elif "--hash=" not in requirement:
            name = requirement.split()[0]
            yield Finding(path, number, f"{name} has no hash", REMAKE_PIP)


def _requirements(text: str) -> Iterator[tuple[int, str]]:
    """Each line that pip reads, with its number: comments gone, broken lines joined."""
    joined, start = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        joined += re.sub(r"(^|\s+)#.*", "", line).removesuffix("\\").strip() + " "
        if line.endswith("\\"):
            continue
        if joined.strip():
            yield start, joined.strip()
        joined, start = "", number + 1


def main(root: Path = ROOT) -> int:
    """Say what is wrong; the exit code is 1 where something is."""
    found = list(findings(root))
    for finding in found:
        print(finding.text(root), end="\n\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
