"""An operation: a method and a path, its handler, and what it says of itself.

The same objects route requests and make up `/openapi.json`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from re import Pattern
from typing import Any

from starlette.responses import Response
from starlette.routing import compile_path

from mock_api.messages import Call, Problem, short
from mock_api.schemas import SCHEMAS, Schema, check, check_query

Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that an operation gives, as OpenAPI describes it."""

    description: str
    schema: str | None = None  # a name in SCHEMAS; its media type is JSON
    media_type: str | None = None
    many: bool = False  # a list of them
    headers: Mapping[str, str] = field(default_factory=dict)  # name to meaning

    def __post_init__(self) -> None:
        if self.schema and not self.media_type:
            object.__setattr__(self, "media_type", "application/json")


@dataclass(frozen=True, slots=True)
class Operation:
    """See the module."""

    method: str
    path: str
    handler: Handler
    answers: Mapping[str, Answer]
    query: Mapping[str, Schema]
    body: str | None  # a name in SCHEMAS

    async def run(self, call: Call) -> Response:
        """Check the call's query and body, then hand it to the handler."""
        if self.query or call.query:
            call.values = check_query(self.query, call.query)
        if self.body:
            call.json = check(SCHEMAS[self.body], _parse(call))
        return await self.handler(call)


class Operations:
    """A table of operations. All of them know the parameters in `query`."""

    def __init__(self, query: Mapping[str, Schema] | None = None) -> None:
        self._query = query or {}
        self.all: list[Operation] = []
        self._plain: dict[str, dict[str, Operation]] = {}
        self._patterns: list[tuple[Pattern[str], dict[str, Operation]]] = []

    def add(
        self,
        method: str,
        path: str,
        answers: Mapping[str, Answer],
        *,
        query: Mapping[str, Schema] | None = None,
        body: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Make the decorated function the handler of `method` and `path`."""

        def added(handler: Handler) -> Handler:
            operation = Operation(
                method, path, handler, answers, {**(query or {}), **self._query}, body
            )
            self.all.append(operation)
            if path not in self._plain:
                self._plain[path] = {}
                if "{" in path:
                    pattern = compile_path(path)[0]
                    self._patterns.append((pattern, self._plain[path]))
            self._plain[path][method] = operation
            return handler

        return added

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation and what its path's parameters are, or Problem 404 or 405."""
        params: dict[str, Any] = {}
        methods = self._plain.get(path) if "{" not in path else None
        if methods is None:
            for pattern, candidate in self._patterns:
                if match := pattern.match(path):
                    methods, params = candidate, match.groupdict()
                    break
            else:
                raise self._unknown(path)
        if (operation := methods.get(method)) is None:
            allowed = ", ".join(methods)
            raise Problem(
                405,
                f"{short(path)} does not know {method}. It knows: {allowed}.",
                headers={"Allow": allowed},
            )
        return operation, params

    def _unknown(self, path: str) -> Problem:
        from difflib import get_close_matches  # slow to import, and rarely needed

        near = get_close_matches(short(path), self._plain, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        known = ", ".join(self._plain)
        return Problem(404, f"There is no {short(path)}.{hint} There are: {known}.")


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
