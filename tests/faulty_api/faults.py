"""Faults that a test can put in front of the API: slow answers, refusals, cut watches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from gtc_rehearsal.kube_api.errors import ApiError


@dataclass
class Fault:
    """What happens to matching requests.

    Attributes:
        method: HTTP method; empty for any.
        path: Part of the URL path; empty for any.
        status: HTTP status to answer with; 0 to answer as usual.
        latency_s: Seconds to wait first.
        retry_after_s: Seconds in a Retry-After header; 0 for none.
        body: Answered in place of a Status object when not empty.
        after: True to carry the request out before the status is answered.
        times: How many requests are left to hit; -1 for all.
    """

    method: str = ""
    path: str = ""
    status: int = 0
    latency_s: float = 0.0
    retry_after_s: int = 0
    body: str = ""
    after: bool = False
    times: int = 1

    def hits(self, method: str, path: str) -> bool:
        """Whether the fault is due for a request."""
        return bool(self.times) and self.method in ("", method) and self.path in path

    def answer(self) -> web.Response:
        """The response that takes the place of the real one."""
        headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s else {}
        if self.body:
            return web.Response(status=self.status, text=self.body, headers=headers)
        refusal = ApiError(self.status, _REASONS.get(self.status, ""), "fault injected by a test")
        return web.json_response(refusal.status(), status=self.status, headers=headers)


_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class Faults:
    """The faults of one server."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._watches: set[asyncio.Transport] = set()

    def add(self, fault: Fault) -> Fault:
        """Put a fault in front; the first one that hits a request takes it."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    async def take(self, method: str, path: str) -> Fault | None:
        """The fault for a request, after its latency; None for a healthy one."""
        for fault in self._faults:
            if fault.hits(method, path):
                fault.times -= 1 if fault.times > 0 else 0
                await asyncio.sleep(fault.latency_s)
                return fault if fault.status else None
        return None

    @contextmanager
    def watching(self, request: web.Request) -> Iterator[None]:
        """Keep the connection of a running watch where `cut_watches` finds it."""
        transport = request.transport
        if transport is None or request.query.get("watch") not in ("true", "1"):
            yield
            return
        self._watches.add(transport)
        try:
            yield
        finally:
            self._watches.discard(transport)

    def cut_watches(self) -> int:
        """Reset the connection of every running watch; returns how many there were."""
        running = list(self._watches)
        for transport in running:
            transport.abort()
        return len(running)
