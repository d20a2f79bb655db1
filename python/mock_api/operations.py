"""An operation: a method and a path, its handler, and what it says of itself.

The same objects route requests, judge rules and make up `/openapi.json`.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_api.call import Call
from mock_api.patterns import Pattern
from mock_api.problem import Problem, short
from mock_api.responses import Response, Stream
from mock_api.schemas import SCHEMAS, Schema, check, check_query

Handler = Callable[[Call], Awaitable[Response | Stream]]


@dataclass(eq=False)
class Answer:
    """A response that an operation gives, as OpenAPI describes it."""

    description: str
    schema: str | None = None  # a name in SCHEMAS; its media type is JSON
    media_type: str | None = None
    many: bool = False  # a list of them
    headers: Mapping[str, str] = field(default_factory=dict)  # name to meaning

    def __post_init__(self) -> None:
        if self.schema and not self.media_type:
            self.media_type = "application/json"


def problem_answer(description: str, **headers: str) -> Answer:
    """A problem document; the headers' names have `_` for `-`."""
    return Answer(
        description,
        "Problem",
        "application/problem+json",
        headers={name.replace("_", "-"): said for name, said in headers.items()},
    )


@dataclass(eq=False)
class Operation:
    """See the module."""

    method: str
    path: str
    handler: Handler
    answers: Mapping[str, Answer]
    query: Mapping[str, Schema]
    body: str | None  # a name in SCHEMAS
    streams: bool  # each event of its answer has a path of its own

    async def run(self, call: Call) -> Response | Stream:
        """Check the call's query and body, then hand it to the handler."""
        if self.query or call.asked:
            call.values = check_query(self.query, call.asked)
        if self.body:
            call.json = check(SCHEMAS[self.body], _parse(call))
        return await self.handler(call)


class Operations:
    """A table of operations. All of them know the parameters in `query`.

    HEAD is answered as GET is, but for the body.
    """

    def __init__(self, query: Mapping[str, Schema] | None = None) -> None:
        self._query = query or {}
        self.all: list[Operation] = []
        self._plain: dict[str, dict[str, Operation]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Operation]]] = []

    def add(
        self,
        method: str,
        path: str,
        answers: Mapping[str, Answer],
        *,
        query: Mapping[str, Schema] | None = None,
        body: str | None = None,
        streams: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Make the decorated function the handler of `method` and `path`."""
        known = {**(query or {}), **self._query}

        def added(handler: Handler) -> Handler:
            operation = Operation(method, path, handler, answers, known, body, streams)
            self.all.append(operation)
            if path not in self._plain:
                self._plain[path] = {}
                if "{" in path:
                    pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)
                    self._patterns.append((re.compile(pattern), self._plain[path]))
            self._plain[path][method] = operation
            if method == "GET":
                self._plain[path]["HEAD"] = operation
            return handler

        return added

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation and what its path's parameters are, or Problem 404 or 405."""
        params: dict[str, Any] = {}
        methods = self._plain.get(path) if "{" not in path else None
        if methods is None:
            for pattern, candidate in self._patterns:
                if match := pattern.fullmatch(path):
                    methods, params = candidate, match.groupdict()
                    break
            else:
                raise Problem(404, f"There is no {short(path)}.{self._hint(path, 0.6)}")
        if (operation := methods.get(method)) is None:
            allowed = ", ".join(methods)
            raise Problem(
                405,
                f"{short(path)} does not know {method}. It knows: {allowed}.",
                headers={"Allow": allowed},
            )
        return operation, params

    def check_rule(self, text: str, *, events: bool) -> None:
        """Problem 422 where no request can ever match `text`, a rule's pattern.

        With `events`, the rule knows the paths of a stream's events, too.
        """
        pattern = Pattern(text)
        others: set[str] = set()
        for path, methods in self._plain.items():
            paths = [path]
            if events and any(operation.streams for operation in methods.values()):
                paths.append(f"{path}/{{event}}")
            if any(pattern.may_match(one) for one in paths):
                if pattern.method == "*" or pattern.method in methods:
                    return
                others |= methods.keys()
        if others:
            known = ", ".join(sorted(others))
            raise Problem(
                422,
                f"path: {short(pattern.path)} does not know {pattern.method}. "
                f"It knows: {known}.",
            )
        raise Problem(
            422,
            f"path: no request can match {short(pattern.path)}."
            f"{self._hint(pattern.path, 0)}",
        )

    def _hint(self, path: str, likeness: float) -> str:
        """The nearest path, if it is at least that near, and all there are."""
        from difflib import get_close_matches  # slow to import, and rarely needed

        near = get_close_matches(short(path), self._plain, n=1, cutoff=likeness)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"{meant} There are: {', '.join(self._plain)}."


def _parse(call: Call) -> object:
    """The JSON of a body, or Problem 415 or 400."""
    kind = next(
        (v.decode("latin-1") for n, v in call.headers if n == b"content-type"), "none"
    )
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Problem(
            415, f"Content-Type: expected application/json, got {short(kind)}."
        )
    try:
        parsed: object = json.loads(call.body.decode(), parse_constant=_refuse)
    except RecursionError:
        raise Problem(400, "The body is not usable JSON: nested too deep.") from None
    except ValueError as error:
        raise Problem(400, f"The body is not JSON: {short(str(error))}.") from None
    return parsed


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")
