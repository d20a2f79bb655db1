"""The shape of everything that goes in or out, as JSON Schema.

`/openapi.json` shows these schemas, and `check` holds input to them, so that
what is documented is what is enforced.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mock_api.problem import Problem, short

Schema = Mapping[str, Any]

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)


def record(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    """A reference to `SCHEMAS[name]`, as OpenAPI writes it."""
    return {"$ref": f"#/components/schemas/{name}"}


ID: Schema = {"type": "integer", "minimum": 1}
TEXT: Schema = {"type": "string"}
TITLE: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
BODY: Schema = {"type": "string", "minLength": 1, "maxLength": 10_000}
SECONDS: Schema = {"type": "number", "minimum": 0, "maximum": 30}
DELAY: Mapping[str, Schema] = {
    "delay": {
        **SECONDS,
        "description": "Seconds until the response; a rule of the scenario wins.",
    }
}
HEADER_NAME: Schema = {
    "type": "string",
    "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    "description": "The name of a header",
}
HEADER_VALUE: Schema = {
    "type": "string",
    "pattern": r"^[\t -~\u00a0-\u00ff]*$",
    "description": "The value of a header: one line of Latin-1",
}
TIMES: Schema = {"type": "integer", "minimum": 1, "maximum": 10_000}
PATTERN: Schema = {
    "type": "string",
    "pattern": r"^([A-Z]+ |\* )?[/*][^?]*$",
    "maxLength": 1000,
    "description": 'A path without a query, like "/posts"; a method may stand in '
    'front of it, like "GET /posts"; * is any text. The third event of the stream '
    '/feeds/news is "/feeds/news/3" to `hold`, `drop`, `delay`.',
}

_LOG_ENTRY: Mapping[str, Schema] = {
    "request": {**ID, "description": "1, 2, 3 … in order of arrival."},
    "method": TEXT,
    "path": {**TEXT, "description": "Without the scenario's prefix."},
    "query": TEXT,
    "in_flight": {
        **ID,
        "description": "How many were in flight when it arrived, itself included.",
    },
    "status": {"type": ["integer", "null"]},
    "ending": {
        "enum": ["completed", "client hung up", "dropped", "held too long", None],
        "description": "How it ended. Dropped: the API closed the connection. Held too "
        "long: the API itself kept it back until the limit.",
    },
    "started": {
        "type": "number",
        "description": "Seconds since the scenario began.",
    },
    "ended": {"type": ["number", "null"]},
    "started_event": {
        "type": "integer",
        "description": "Place in the scenario's order of events: 0, 1, 2 …",
    },
    "ended_event": {"type": ["integer", "null"]},
}

SCHEMAS: Mapping[str, Schema] = {
    "Message": record({"message": TEXT}),
    "User": record({"id": ID, "name": TEXT}),
    "Notification": record({"id": ID, "text": TEXT}),
    "Post": record({"id": ID, "title": TITLE, "body": BODY, "author": ref("User")}),
    "Mirror": record({"city": TEXT}),
    "NewPost": record(
        {
            "title": TITLE,
            "body": BODY,
            "author_id": {"type": "integer", "minimum": 1, "maximum": 5},
        }
    ),
    "ChangedPost": record({"title": TITLE, "body": BODY}),
    "Prompt": record({"prompt": BODY}),
    "StreamEvent": record({"data": TEXT}, event=TEXT),
    "Source": record({"name": TEXT, "value": {"type": "number"}, "unit": TEXT}),
    "Status": record({"status": {"type": "integer"}}),
    "Document": {"type": "object"},
    "Problem": record(
        {
            "type": {"const": "about:blank"},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
        }
    ),
    "NewScenario": record(
        {},
        delays={
            "type": "boolean",
            "default": True,
            "description": "Whether responses take their default time.",
        },
        limit={
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 600,
            "default": 10,
            "description": "How many seconds a hold, `saw` and the like wait at most.",
        },
    ),
    "Scenario": record({"id": TEXT, "url": TEXT, "control": TEXT}),
    "Summary": record(
        {
            "id": TEXT,
            "age": {"type": "number", "description": "Seconds since it was made."},
            "idle": {"type": "number", "description": "Seconds since its last use."},
            "requests": {"type": "integer"},
            "in_flight": {"type": "integer"},
        }
    ),
    "PathRule": record({"path": PATTERN}),
    "Requests": record({"request": PATTERN}, times={**TIMES, "default": 1}),
    "Rendezvous": record({"path": PATTERN, "n": TIMES}),
    "Fail": record(
        {
            "path": PATTERN,
            "statuses": {
                "type": "array",
                "items": {"type": "integer", "minimum": 400, "maximum": 599},
                "minItems": 1,
                "maxItems": 100,
            },
        },
        retry_after={
            "type": "integer",
            "minimum": 0,
            "maximum": 3600,
            "description": "Seconds, sent as Retry-After.",
        },
    ),
    "Answer": record(
        {"path": PATTERN},
        status={"type": "integer", "minimum": 200, "maximum": 599, "default": 200},
        headers={
            "type": "object",
            "propertyNames": HEADER_NAME,
            "additionalProperties": HEADER_VALUE,
            "default": {},
            "description": "All but Content-Length and Transfer-Encoding are yours.",
        },
        body={
            "type": "string",
            "minLength": 0,
            "maxLength": 1_000_000,
            "default": "",
        },
        cut={
            "type": ["integer", "null"],
            "minimum": 0,
            "default": None,
            "description": "After so many bytes of the body the API closes the "
            "connection, although Content-Length promises all of them.",
        },
    ),
    "Delay": record({"path": PATTERN, "seconds": SECONDS}),
    "LogEntry": record(_LOG_ENTRY),
    "Event": record({"event": {"enum": ["started", "ended"]}, **_LOG_ENTRY}),
}


def check(schema: Schema, value: Any, where: str = "The body") -> Any:
    """`value` with its defaults, or Problem 422 that names what is wrong with it."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if value is None and "null" in schema["type"]:
        return None
    if "integer" in schema["type"] and isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON Schema, like JavaScript, takes 1.0 for 1
    if not _fits(schema, value):
        got = short(json.dumps(value))
        raise Problem(422, f"{where}: expected {expected(schema)}, got {got}.")
    if schema["type"] == "array":
        return [
            check(schema["items"], item, f"{where}[{i}]")
            for i, item in enumerate(value)
        ]
    if schema["type"] == "object":
        if "properties" not in schema:  # any names, all of one kind
            names, kind = schema["propertyNames"], schema["additionalProperties"]
            for name in value:
                check(names, name, f"{where}: a name in it")
            return {
                name: check(kind, item, f"{where}: {short(name)}")
                for name, item in value.items()
            }
        fields: Mapping[str, Schema] = schema["properties"]
        for name in value:
            if name not in fields:
                known = ", ".join(fields)
                raise Problem(
                    422, f"{short(name)}: there is no such field. Expected: {known}."
                )
        for name in schema["required"]:
            if name not in value:
                wanted = expected(fields[name])
                raise Problem(422, f"{name}: missing. Expected {wanted}.")
        return {
            name: check(field, value.get(name, field.get("default")), name)
            for name, field in fields.items()
            if name in value or "default" in field
        }
    return value


def check_query(
    fields: Mapping[str, Schema], asked: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """The values of a query's parameters, or Problem 400 that names the bad one."""
    values = {
        name: field["default"] for name, field in fields.items() if "default" in field
    }
    seen: set[str] = set()
    for name, text in asked:
        if (field := fields.get(name)) is None:
            known = ", ".join(fields) or "none"
            raise Problem(
                400,
                f"{short(name)}: there is no such parameter in the query here. "
                f"There are: {known}.",
            )
        if name in seen:
            raise Problem(400, f"{name}: given twice in the query.")
        seen.add(name)
        value: Any = text
        if field["type"] == "integer" and _INTEGER.fullmatch(text):
            value = int(text)
        elif field["type"] == "number" and _NUMBER.fullmatch(text):
            value = float(text)
        elif field["type"] == "boolean" and text in ("true", "false"):
            value = text == "true"
        if not _fits(field, value):
            raise Problem(
                400,
                f"{name}: expected {expected(field)} in the query, "
                f"got {short(json.dumps(text))}.",
            )
        values[name] = value
    return values


def expected(schema: Schema) -> str:
    """A schema in words: "a whole number from 1 to 5"."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    low, high = schema.get("minimum"), schema.get("maximum")
    match schema["type"]:
        case "object" if "properties" not in schema:
            return "an object that holds strings"
        case "object":
            return "an object with " + ", ".join(schema["properties"])
        case "array":
            few, many = schema["minItems"], schema["maxItems"]
            return f"a list of {few} to {many} items, each {expected(schema['items'])}"
        case "boolean":
            return "true or false"
        case ["integer", "null"]:
            return f"a whole number from {low}, or null"
        case "integer":
            bounds = f"from {low}" if high is None else f"from {low} to {high}"
            return f"a whole number {bounds}"
        case "number" if low is None:
            return f"a number above {schema['exclusiveMinimum']} and up to {high}"
        case "number":
            return f"a number from {low} to {high}"
    if "description" in schema:
        return f"a string ({schema['description'].rstrip('.')})"
    return f"a string of {schema['minLength']} to {schema['maxLength']} characters"


def _fits(schema: Schema, value: Any) -> bool:
    match schema["type"]:
        case "object":
            return isinstance(value, dict)
        case "array":
            if not isinstance(value, list):
                return False
            few: int = schema["minItems"]
            return few <= len(value) <= schema["maxItems"]
        case "boolean":
            return isinstance(value, bool)
        case "integer" | "number" | ["integer", "null"]:
            kinds = (int, float) if schema["type"] == "number" else int
            return (
                isinstance(value, kinds)
                and not isinstance(value, bool)
                and value >= schema.get("minimum", value)
                and value <= schema.get("maximum", value)
                and ("exclusiveMinimum" not in schema or value > 0)
            )
    if not isinstance(value, str):
        return False
    long_enough = len(value) >= schema.get("minLength", 0)
    short_enough = len(value) <= schema.get("maxLength", len(value))
    # `$` means the very end here, as in JavaScript.
    fits = "pattern" not in schema or bool(re.fullmatch(schema["pattern"], value))
    return long_enough and short_enough and fits
