"""What a lock must not lack, and what is said where it does."""

import json

import pytest

from tools import locks

WHOLE = {"version": "1.0.0", "integrity": "sha512-abc"}
MACHINES = {"optionalDependencies": {"tool-linux": "1.0.0", "tool-windows": "1.0.0"}}
PACKAGE = "https://host.example/a.tgz"
INDEX = "https://host.example/simple"
HASHED = "httpx==0.28.1 ; sys_platform == 'win32' \\\n    --hash=sha256:abc\n"


def npm(folder, packages):
    """What is wrong with an npm lock that holds these packages."""
    text = json.dumps({"packages": {"": {"name": "ours"}} | packages}, indent=2)
    folder.joinpath("package-lock.json").write_text(text)
    return [found.message for found in locks.findings(folder)]


def pip(folder, text):
    """What is wrong with a lock for pip, with the lines."""
    folder.joinpath("requirements").mkdir()
    folder.joinpath("requirements", "run.txt").write_text(text)
    return [(found.line, found.message) for found in locks.findings(folder)]


def test_our_own_locks_are_whole(capsys):
    assert (locks.main(), capsys.readouterr().out) == (0, "")


@pytest.mark.parametrize("key", ["version", "integrity"])
def test_an_npm_package_without_version_or_hash(tmp_path, key):
    lacking = {name: value for name, value in WHOLE.items() if name != key}
    found = npm(tmp_path, {"node_modules/a": WHOLE, "node_modules/b": lacking})
    assert found == [f"node_modules/b has no {key}"]


def test_an_npm_package_that_names_a_host(tmp_path):
    place = {"resolved": PACKAGE}
    found = npm(tmp_path, {"node_modules/a": WHOLE | place})
    assert found == [f"node_modules/a names where it comes from: {PACKAGE}"]


@pytest.mark.parametrize("where", ["", "node_modules/tool/"])
def test_a_package_for_another_platform_is_missing(tmp_path, where):
    found = npm(
        tmp_path,
        {
            "node_modules/tool": WHOLE | MACHINES,
            f"{where}node_modules/tool-linux": WHOLE,
        },
    )
    assert found == ["node_modules/tool needs tool-windows, which is not in the lock"]


def test_a_package_that_only_another_one_has_is_missing(tmp_path):
    found = npm(
        tmp_path,
        {
            "node_modules/@some/tool": WHOLE | MACHINES,
            "node_modules/tool-linux": WHOLE,
            "node_modules/other/node_modules/tool-windows": WHOLE,
        },
    )
    assert found == [
        "node_modules/@some/tool needs tool-windows, which is not in the lock"
    ]


def test_every_npm_lock_is_read_but_not_those_of_packages(tmp_path):
    for place in ("requirements/chromium", "node_modules/a", ".nox/b"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        folder.joinpath("package-lock.json").write_text("<<<<<<< HEAD")
    (found,) = locks.findings(tmp_path)
    assert found.file == tmp_path / "requirements" / "chromium" / "package-lock.json"
    assert found.message.startswith("no lock of npm 7 or newer: ")


def test_a_requirement_without_a_hash(tmp_path):
    text = f"# made by uv\n{HASHED}    # via httpx2\nrich==15.0.0\n    # via us\n"
    assert pip(tmp_path, text) == [(5, "rich==15.0.0 has no hash")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            f"--index-url {INDEX}\n{HASHED}",
            [
                (1, f"names a place: {INDEX}"),
                (
                    1,
                    f"holds an option, and not only requirements: --index-url {INDEX}",
                ),
            ],
        ),
        (
            f"#    uv pip compile --find-links /opt/wheels\n{HASHED}",
            [(1, "names a place: --find-links /opt/wheels")],
        ),
        (
            f"{HASHED}    # from file:///opt/pypi\n",
            [(3, "names a place: file:///opt/pypi")],
        ),
        (
            f"-r more.txt\n{HASHED}",
            [(1, "holds an option, and not only requirements: -r more.txt")],
        ),
    ],
)
def test_a_lock_for_pip_that_names_a_place(tmp_path, text, found):
    assert pip(tmp_path, text) == found


def test_where_and_what_to_do_are_said(tmp_path, capsys):
    npm(tmp_path, {"node_modules/a": {"version": "1.0.0"}})
    assert locks.main(tmp_path) == 1
    assert capsys.readouterr().out == (
        "package-lock.json:6: node_modules/a has no integrity\n"
        f"  -> {locks.REMAKE_NPM}\n\n"
    )
