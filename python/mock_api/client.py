"""Steer a running mock API: a private scenario, its rules and its log.

`javascript/helpers.js` says the same with the same words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from mock_api.log import LogEntry

__all__ = ["LogEntry", "MockApi", "scenario"]


class MockApi:
    """A scenario: a base URL with its own state, delays, faults and log.

    In every rule `path` may hold `*`, and a method may stand in front of it:
    "/users/*/picture", "GET *". What the API refuses raises RuntimeError with
    what the API says was wrong.
    """

    def __init__(self, url: str, control: httpx.AsyncClient) -> None:
        self.url = url
        self._control = control

    async def hold(self, path: str) -> None:
        """Keep the responses of `path` back until `release`."""
        await self._post("hold", path=path)

    async def release(self, path: str) -> None:
        """Let the held responses of `path` go, those to come too."""
        await self._post("release", path=path)

    async def saw(self, request: str, times: int = 1) -> None:
        """Wait until `request` ("GET /posts") has arrived `times` times."""
        await self._post("saw", request=request, times=times)

    async def ended(self, request: str, times: int = 1) -> None:
        """Wait until `times` such requests have been answered, given up or dropped."""
        await self._post("ended", request=request, times=times)

    async def rendezvous(self, path: str, n: int) -> None:
        """Answer `path` only once `n` such requests are in flight together.

        Where they do not meet, each answers 504 and says how many arrived.
        """
        await self._post("rendezvous", path=path, n=n)

    async def fail(self, path: str, statuses: list[int]) -> None:
        """Answer the next requests of `path` with `statuses`, one each."""
        await self._post("fail", path=path, statuses=statuses)

    async def answer(
        self,
        path: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        body: str = "",
        cut: int | None = None,
    ) -> None:
        """Answer `path` from now on with a status, headers and body of your choice.

        After `cut` bytes of the body the API closes the connection, although
        Content-Length promises all of them.
        """
        chosen = {"status": status, "headers": headers or {}, "body": body, "cut": cut}
        await self._post("answer", path=path, **chosen)

    async def drop(self, path: str) -> None:
        """Close the connection of each request of `path` without an answer."""
        await self._post("drop", path=path)

    async def delay(self, path: str, seconds: float) -> None:
        """Let `path` take this many seconds, whatever a request asks for."""
        await self._post("delay", path=path, seconds=seconds)

    async def log(self, *, settled: bool = True) -> list[LogEntry]:
        """The requests so far, in order of arrival.

        By default this first waits until none is in flight any more, so that
        every entry has its ending.
        """
        answer = await self._checked(
            self._control.get("log", params={"settled": str(settled).lower()})
        )
        return [LogEntry(**entry) for entry in answer.json()]

    async def endings(self, *, settled: bool = True) -> dict[str, str | None]:
        """How the request of each path has ended; of several the last one counts."""
        log = await self.log(settled=settled)
        return {entry.path: entry.ending for entry in log}

    async def _post(self, rule: str, **rest: object) -> None:
        await self._checked(self._control.post(rule, json=rest))

    async def _checked(self, asking: Any) -> httpx.Response:
        answer: httpx.Response = await asking
        if answer.is_error:
            problem = answer.json()
            raise RuntimeError(f"{problem['title']}: {problem['detail']}")
        return answer


@asynccontextmanager
async def scenario(
    server_url: str, *, delays: bool = True, limit: float = 10
) -> AsyncIterator[MockApi]:
    """A fresh scenario on a running server, gone when the block ends.

    `delays=False` answers at once where no rule says otherwise. `limit`
    (seconds) is how long a held response, `saw` and the like wait at most.
    """
    async with httpx.AsyncClient(
        base_url=server_url, timeout=limit + 10, trust_env=False, verify=False
    ) as server:
        answer = await server.post(
            "/scenarios", json={"delays": delays, "limit": limit}
        )
        answer.raise_for_status()
        made = answer.json()
        server.base_url = httpx.URL(made["control"])
        try:
            yield MockApi(made["url"], server)
        finally:
            await server.delete(made["control"])
