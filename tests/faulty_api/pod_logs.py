"""The ``log`` subresource of pods: lines of text that a follower gets as they come."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from aiohttp import web

from gtc_rehearsal.kube_api.errors import ApiError

_PATH = re.compile(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/log")
_POLL_S = 0.05


@dataclass
class _Log:
    lines: list[str] = field(default_factory=list)
    ended: bool = False


class PodLogs:
    """What the containers of pods have said; whoever plays the kubelet fills it."""

    def __init__(self) -> None:
        self._logs: dict[tuple[str, str], _Log] = {}
        self._followers: set[asyncio.Transport] = set()

    def add(self, namespace: str, pod: str, line: str) -> None:
        """A container said a line; the first one opens the log."""
        self._logs.setdefault((namespace, pod), _Log()).lines.append(line)

    def end(self, namespace: str, pod: str) -> None:
        """The container ended: followers get what is left and then the end."""
        self._logs.setdefault((namespace, pod), _Log()).ended = True

    def cut(self) -> int:
        """Reset the connection of every follower; returns how many there were."""
        followers, self._followers = self._followers, set()
        for transport in followers:
            transport.abort()
        return len(followers)

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """The answer to a request for a log; None when it is a request for something else.

        Raises:
            ApiError: The container has not started.
        """
        found = _PATH.fullmatch(request.path)
        if found is None or request.method != "GET":
            return None
        log = self._logs.get((found[1], found[2]))
        if log is None:
            waits = f'container in pod "{found[2]}" is waiting to start: ContainerCreating'
            raise ApiError(400, "BadRequest", waits)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        transport = request.transport
        if transport is not None:
            self._followers.add(transport)
        try:
            await _send(response, log, request.query.get("follow") == "true")
        finally:
            self._followers.discard(transport)
        return response


async def _send(response: web.StreamResponse, log: _Log, follow: bool) -> None:
    sent = 0
    while True:
        ended = log.ended or not follow
        for line in log.lines[sent:]:
            await response.write(f"{line}\n".encode())
            sent += 1
        if ended:
            return
        await asyncio.sleep(_POLL_S)
