"""The description of the API at `/openapi.json`, made from its operations."""

import re
from typing import Any

from mock_api.control import CONTROL
from mock_api.data import FEEDS, MIRRORS, SOURCES
from mock_api.operations import Answer, Operation
from mock_api.schemas import SCHEMAS, Schema, ref
from mock_api.service import SERVICE

_USER_ID: Schema = {"type": "integer", "minimum": 1, "maximum": 5}
_POST_ID: Schema = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
_PATH_PARAMETERS: dict[str, dict[str, Schema]] = {
    "/posts/{id}": {"id": _POST_ID},
    "/users/{id}": {"id": _USER_ID},
    "/users/{id}/picture": {"id": _USER_ID},
    "/feeds/{name}": {"name": {"type": "string", "enum": list(FEEDS)}},
    "/sources/{name}": {"name": {"type": "string", "enum": list(SOURCES)}},
    "/mirrors/{city}": {"city": {"type": "string", "enum": list(MIRRORS)}},
    "/status/{code}": {"code": {"type": "integer", "minimum": 200, "maximum": 599}},
}


def document(prefix: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document for the scenario whose base URL ends in `prefix`."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in SERVICE.all:
        path = paths.setdefault(operation.path, {})
        path[operation.method.lower()] = _service(operation)
    for operation in CONTROL.all:
        # These are the server's, not a scenario's.
        path = paths.setdefault(operation.path, {"servers": [{"url": "/"}]})
        path[operation.method.lower()] = _control(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mock API",
            "version": "1",
            "description": "A small social-media service with the faults of a real "
            "one. Another method than those below is answered 405, with Allow.",
        },
        "servers": [{"url": prefix or "/"}],
        "tags": [
            {"name": "service", "description": "What the examples talk to."},
            {"name": "scenarios", "description": "How the tests steer it."},
        ],
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _service(operation: Operation) -> dict[str, Any]:
    described = _describe(operation)
    described["tags"] = ["service"]
    described["responses"] |= {
        "504": _problem("Held too long, or no rendezvous."),
        "default": _problem(
            "The failure that the path or a rule of the scenario asks for.",
            {"Retry-After": "Seconds to wait, where the rule says so."},
        ),
    }
    return described


def _control(operation: Operation) -> dict[str, Any]:
    described = _describe(operation)
    described["tags"] = ["scenarios"]
    if operation.path == "/scenarios":
        described["responses"]["503"] = _problem("Too many scenarios.")
    if operation.path.endswith(("/saw", "/ended", "/log")):
        described["responses"]["504"] = _problem(
            "It did not come about within the scenario's limit."
        )
    return described


def _describe(operation: Operation) -> dict[str, Any]:
    summary, _, _ = (operation.handler.__doc__ or "").partition("\n")
    known = _PATH_PARAMETERS.get(operation.path, {})
    names = re.findall(r"{(\w+)}", operation.path)
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": known.get(name, {"type": "string", "pattern": "^[^/]+$"}),
        }
        for name in names
    ] + [
        {"name": name, "in": "query", "schema": schema}
        for name, schema in operation.query.items()
    ]
    responses = {s: _answer(answer) for s, answer in operation.answers.items()}
    responses["400"] = _problem("The query, or a body that is not JSON.")
    responses["413"] = _problem("The body is too large.")
    responses["414"] = _problem("The path and the query are too long.")
    if names:
        responses["404"] = _problem("There is no such thing.")
    described = {
        "operationId": operation.handler.__name__.strip("_"),
        "summary": summary.rstrip("."),
        "parameters": parameters,
        "responses": responses,
    }
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": ref(operation.body)}},
        }
        responses["415"] = _problem("The body's Content-Type is not JSON.")
        responses["422"] = _problem("The body is JSON of the wrong shape.")
    return described


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.headers:
        described["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in answer.headers.items()
        }
    if answer.media_type:
        schema = ref(answer.schema) if answer.schema else {"type": "string"}
        if answer.many:
            schema = {"type": "array", "items": schema}
        described["content"] = {answer.media_type: {"schema": schema}}
    return described


def _problem(description: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return _answer(
        Answer(
            description, "Problem", "application/problem+json", headers=headers or {}
        )
    )
