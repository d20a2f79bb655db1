"""Run the mock API: `python -m mock_api --help`."""

import argparse
import errno
import gc
import sys
from typing import NoReturn


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say in one line what was wrong."""
        self.exit(2, f"{self.prog}: {message}\n")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, got {text!r}")
    return int(text)


def main() -> None:
    """Serve, or run a command beside a server."""
    parser = _Parser(
        prog="python -m mock_api",
        description="The mock API that every example talks to, on 127.0.0.1.",
    )
    parser.add_argument(
        "--port", type=_port, metavar="N", help="0 is a free one; default 8000"
    )
    parser.add_argument(
        "--lifeline", action="store_true", help="stop when standard input closes"
    )
    parser.add_argument(
        "--while",
        dest="command",
        nargs=argparse.REMAINDER,
        metavar="CMD",
        help="serve on a free port while CMD runs, with its address in API_URL",
    )
    options = parser.parse_args()
    if options.command is None:
        _serve(parser, 8000 if options.port is None else options.port, options.lifeline)
        return
    if not options.command:
        parser.error("--while: expected a command")
    if options.port is not None or options.lifeline:
        parser.error("--while chooses the port and stops by itself")

    from mock_api.process import run_with_server

    try:
        sys.exit(run_with_server(options.command))
    except OSError as error:
        parser.error(f"cannot run {options.command[0]}: {error.strerror}")


def _serve(parser: _Parser, port: int, lifeline: bool) -> None:
    # Requests in flight are no garbage, however many: to look through them all
    # as often as usual would take a third of the time.
    gc.set_threshold(20_000, 20, 20)

    from mock_api.app import app
    from mock_api.lifeline import end_with_owner
    from mock_api.server import listen, serve

    try:
        listening = listen(port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            parser.error(f"cannot listen on port {port}: {error.strerror}")
        from mock_api.ports import listener

        parser.error(
            f"{listener(port)} already listens on port {port}; "
            "choose another port: nox -s api -- --port N"
        )
    if lifeline:
        end_with_owner()
    with listening:
        serve(app, listening, ignore_interrupt=lifeline)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
