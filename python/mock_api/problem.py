"""An answer that says what was wrong: a problem document (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from mock_api.responses import Response, json_response

# The names of RFC 9110. Before Python 3.13 some of `http` are older.
PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


class Problem(Exception):  # noqa: N818 - its name in RFC 9457
    """It is raised wherever something is wrong, and becomes the answer."""

    ending = "completed"  # what the log says, once the answer has been sent

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
        response = json_response(
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
        response.ending = self.ending
        return response


class HeldTooLong(Problem):
    """The API itself kept a response back until the scenario's limit."""

    ending = "held too long"

    def __init__(self, detail: str, *, title: str = "Held too long") -> None:
        super().__init__(504, detail, title=title)


def phrase(status: int) -> str:
    """The usual words for `status`, the same on every Python: "Not Found"."""
    return PHRASES.get(status, f"Status {status}")


def short(text: str) -> str:
    """`text`, cut where it is too long to be repeated in a message."""
    return text if len(text) <= 200 else text[:200] + "…"
