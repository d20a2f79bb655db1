"""A request, as an endpoint gets it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mock_api.scenarios import Scenario


@dataclass(slots=True)
class Call:
    """One request, its body already read. `path` is without the scenario's prefix."""

    scenario: Scenario
    method: str
    path: str
    query: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    origin: str  # http://127.0.0.1:PORT
    # The parameters of the query, but for a delay, which is the API's own.
    asked: Sequence[tuple[str, str]] = ()
    # What the path, the query and the body say, once they have been checked:
    params: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    json: Any = None
