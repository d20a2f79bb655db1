"""What goes in and out of an endpoint: a call, an answer or a problem."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from mock_api.scenarios import Scenario


@dataclass(slots=True)
class Call:
    """One request, its body already read. `path` is without the scenario's prefix."""

    scenario: "Scenario"
    method: str
    path: str
    query: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    origin: str  # http://127.0.0.1:PORT
    # What the path, the query and the body say, once they have been checked:
    params: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    json: Any = None


class Problem(Exception):  # noqa: N818 - its name in RFC 9457
    """An answer that says what was wrong, as a problem document (RFC 9457)."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or phrase(status)
        self.headers = headers

    def response(self) -> Response:
        """The document, with its status and headers."""
        return json_response(
            {
                "type": "about:blank",
                "title": self.title,
                "status": self.status,
                "detail": self.detail,
            },
            self.status,
            headers=self.headers,
            media_type="application/problem+json",
        )


def json_response(
    content: object,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """`content` as JSON. ASCII only, so that no string at all can fail to encode."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return Response(body, status, headers, media_type)


def phrase(status: int) -> str:
    """The usual words for `status`: "Not Found"."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def short(text: str) -> str:
    """`text`, cut where it is too long to be repeated in a message."""
    return text if len(text) <= 200 else text[:200] + "…"
