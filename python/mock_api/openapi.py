"""The description of the API, made from its operations, and the operation for it."""

import re
from collections.abc import Mapping
from typing import Any

from mock_api import limits
from mock_api.call import Call
from mock_api.control import CONTROL
from mock_api.data import FEEDS, MIRRORS, SOURCES
from mock_api.operations import Answer, Operation, problem_answer
from mock_api.responses import Response, json_response
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


_DESCRIPTION = f"""
A small social-media service with the faults of a real one. HEAD is answered as GET
is, but without the body; any other method that is not below is answered 405, with
Allow. What is wrong is said in a problem document (RFC 9457), even if the request is
not HTTP at all.

{limits.TEXT}
""".strip()


@SERVICE.add(
    "GET", "/openapi.json", {"200": Answer("An OpenAPI 3.1 document.", "Document")}
)
async def _get_openapi(call: Call) -> Response:
    """This description of the API."""
    return json_response(document(call.scenario.prefix))


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
            "description": _DESCRIPTION,
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
    described["responses"] |= _answers(
        {
            "504": problem_answer("Held too long, or no rendezvous."),
            "default": problem_answer(
                "The failure that the path or a rule of the scenario asks for.",
                Retry_After="Seconds to wait, where the rule says so.",
            ),
        }
    )
    return described


def _control(operation: Operation) -> dict[str, Any]:
    described = _describe(operation)
    described["tags"] = ["scenarios"]
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
    answers = {
        **operation.answers,
        "400": problem_answer("The query, a body that is not JSON, or broken HTTP."),
        "408": problem_answer("The head did not arrive in time."),
        "413": problem_answer("The body is too large."),
        "414": problem_answer("The path and the query are too long."),
        "431": problem_answer("The headers are too large."),
    }
    if names:
        answers["404"] = problem_answer("There is no such thing.")
    if operation.body:
        answers["415"] = problem_answer("The body's Content-Type is not JSON.")
        answers["422"] = problem_answer("The body is JSON of the wrong shape.")
    described = {
        "operationId": operation.handler.__name__.strip("_"),
        "summary": summary.rstrip("."),
        "parameters": parameters,
        "responses": _answers(answers),
    }
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": ref(operation.body)}},
        }
    return described


def _answers(answers: Mapping[str, Answer]) -> dict[str, Any]:
    return {status: _answer(answer) for status, answer in answers.items()}


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
