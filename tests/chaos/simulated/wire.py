"""The stand-in for a connection to Kubernetes: latency, faults, and requests that outlive a client.

The real `Transport` stands on it, with its retries, time limits and errors. A request that is on
its way arrives although whoever sent it dies. It must not know what the objects mean.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextvars import Context
from types import SimpleNamespace
from typing import Any

import httpx

from gtc_runtime.cluster.api.transport import Limits, Transport
from tests.chaos.simulated.faults import Fault, Faults
from tests.chaos.simulated.loop import Process, VirtualLoop
from tests.chaos.simulated.server import Reply, Server, status

LATE_S = 3.5
"""An answer after this finds nobody who waits for it; the request was done at half of it."""
_OUTSIDE = Context()


class Network:
    """Between all clients and the server.

    Args:
        server: Answers.
        faults: Decide.
        sent: Called with every request, before it is sent: process, method and path.
        arrived: Called around every request at the server: process, method, path and the work.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        server: Server,
        faults: Faults,
        chance: random.Random,
        sent: Callable[[Process, str, str], None],
        arrived: Callable[[Process, str, str, Callable[[], Reply]], Reply],
    ) -> None:
        self.loop, self.server, self.faults, self.chance = loop, server, faults, chance
        self.sent, self.arrived = sent, arrived

    def transport(self, process: Process) -> Transport:
        """The real client of one process over this network."""
        reads, writes = Wire(self, process), Wire(self, process)
        clock = lambda: self.loop.now_s + process.skew_s  # noqa: E731
        return Transport(reads, writes, Limits(), clock)  # type: ignore[arg-type]


class Wire:
    """One connection of one process, as far as the transport uses kr8s."""

    def __init__(self, network: Network, process: Process) -> None:
        self._network, self._process = network, process
        self._session = None
        self.auth = SimpleNamespace(token="", server="simulated", reauthenticate=self._renew)
        self._revoked = False

    async def _renew(self) -> None:
        self._revoked = False

    def call_api(self, method: str, **request: Any) -> _Call:
        return _Call(self, method, request)

    async def _exchange(self, method: str, request: dict[str, Any]) -> Reply:
        network = self._network
        if not self._process.alive:
            raise httpx.ConnectError("a dead process sends nothing")
        path = request["url"]
        network.sent(self._process, method, path)
        plural = path.partition("/")[0]
        fault: Fault | None = "unauthorised"
        if not self._revoked or network.faults.down is not None:
            fault = network.faults.pick(method, plural)
        if fault is None and method == "GET":
            return await self._read(path, request["params"] or {})
        if fault == "unauthorised":
            self._revoked = True
        if fault is None and network.faults.denies(method, plural):
            fault = "forbidden"
        return await self._deliver(fault, method, path, request)

    async def _read(self, path: str, params: dict[str, str]) -> Reply:
        """The usual case, quickly."""
        network, loop = self._network, self._network.loop
        answered: asyncio.Future[Reply] = loop.create_future()

        def arrive() -> None:
            if not answered.done():
                answered.set_result(network.server.answer("GET", path, params, None))

        at_s = loop.now_s + 0.001 + 0.02 * network.chance.random()
        loop.call_at(at_s, arrive, context=_OUTSIDE)
        return await answered

    async def _deliver(
        self, fault: Fault | None, method: str, path: str, request: dict[str, Any]
    ) -> Reply:
        network, loop = self._network, self._network.loop
        latency_s = 0.001 + 0.02 * network.chance.random()
        if fault in _LOST:
            await asyncio.sleep(latency_s if fault != "hang" else 3600.0)
            raise _LOST[fault]("connection lost")
        if fault in _REFUSALS:
            await asyncio.sleep(latency_s)
            return _REFUSALS[fault]
        if fault == "slow":
            latency_s = network.chance.uniform(0.5, 2.8)
        if fault == "late":
            latency_s = LATE_S
        answered: asyncio.Future[Reply] = loop.create_future()
        params, body = request["params"] or {}, request["content"]
        process = self._process

        def arrive() -> None:
            work = lambda: network.server.answer(method, path, params, body)  # noqa: E731
            reply = network.arrived(process, method, path, work)
            if method == "GET":
                tell(reply)
            else:
                loop.call_later(latency_s / 2, tell, reply, context=_OUTSIDE)

        def tell(reply: Reply) -> None:
            if not answered.done():
                answered.set_result(reply)

        loop.call_later(latency_s if method == "GET" else latency_s / 2, arrive, context=_OUTSIDE)
        return await _spoilt(await answered, fault)


async def _spoilt(reply: Reply, fault: Fault | None) -> Reply:
    """What becomes of an answer on its way back."""
    match fault:
        case "reset after":
            raise httpx.ReadError("connection reset")
        case "hang after":
            await asyncio.sleep(3600.0)
        case "error after":
            return _REFUSALS["error"]
        case "gateway after":
            return _REFUSALS["gateway"]
        case "garbage":
            return Reply(200, b"[1, 2]")
        case "cut":
            return Reply(200, reply.content[: len(reply.content) // 2])
    return reply


class _Call:
    """One request, in the form of the context manager that kr8s returns."""

    __slots__ = ("_method", "_request", "_wire")

    def __init__(self, wire: Wire, method: str, request: dict[str, Any]) -> None:
        self._wire, self._method, self._request = wire, method, request

    async def __aenter__(self) -> Reply:
        return await self._wire._exchange(self._method, self._request)

    async def __aexit__(self, *_: object) -> None:
        return None


_LOST: dict[Fault | None, type[httpx.TransportError]] = {
    "refused": httpx.ConnectError,
    "reset": httpx.ReadError,
    "hang": httpx.ReadTimeout,
}
_REFUSALS: dict[Fault | None, Reply] = {
    "conflict": status(409, "Operation cannot be fulfilled: the object has been modified"),
    "busy": status(429, "too many requests", {"Retry-After": "1"}),
    "busy for long": status(429, "too many requests", {"Retry-After": "60"}),
    "error": status(500, "etcdserver: request timed out"),
    "gateway": Reply(502, b"<html><body>Bad Gateway</body></html>", {}),
    "unavailable": status(503, "apiserver not ready"),
    "forbidden": status(403, 'admission webhook "policy.example" denied the request: not now'),
    "unauthorised": status(401, "Unauthorized"),
}
