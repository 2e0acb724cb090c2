"""The demo's objects in memory, on a clock that only a test turns.

The runtime's own client stands on it. Requests take no time and none fails, unless a test meddles
with one. Tests are plain functions: `TurnedCluster.run` runs a coroutine to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from gtc_runtime.cluster.api.errors import refusal
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.api.transport import Answer, Request
from gtc_runtime.cluster.keda_status import scaler_state
from gtc_spec import names
from gtc_spec.kinds import CONFIG_MAP, DGDSA, HPA, LEASE, POD, SCALED_OBJECT
from gtc_spec.pools import ROLES, PDRatio, Role
from tests.chaos.simulated.loop import VirtualLoop
from tests.chaos.simulated.server import Json, Server

T = TypeVar("T")
BEGIN_S = 100.0
RATIO = PDRatio(2, 3)
KINDS = frozenset(kind.plural for kind in (CONFIG_MAP, DGDSA, HPA, LEASE, POD, SCALED_OBJECT))
REQUESTS_MAX = 1000


@dataclass(frozen=True)
class Asked:
    """One request: when, how, and for what, as ``leases/gtc-demo``."""

    at_s: float
    method: str
    path: str


@dataclass
class _Meddling:
    method: str
    path: str
    do: Callable[[], object]
    times: int
    after: bool


class TurnedCluster:
    """An API with both pools and KEDA's objects; it stands where the transport of a client does.

    Attributes:
        asked: Every request so far.
        ended_s: When what was run last ended.
        keda_late_s: How long KEDA takes to follow a pause or a resume; None while it is away.
    """

    def __init__(self, ratio: PDRatio = RATIO) -> None:
        self.loop = VirtualLoop()
        self.loop.now_s = self.ended_s = BEGIN_S
        self.asked: list[Asked] = []
        self.keda_late_s: float | None = None
        self._meddling: list[_Meddling] = []
        self.server = Server(KINDS, self._wrote)
        for role in ROLES:
            self.make(DGDSA.plural, names.pool_dgdsa(role), {"spec": {"replicas": ratio.of(role)}})
            self.make(SCALED_OBJECT.plural, names.scaler(role), {})
            self.make(HPA.plural, names.hpa(names.scaler(role)), {})
        self.keda_late_s = 0.7
        self.kube = Kube(self, names.NAMESPACE_WORKLOAD)  # type: ignore[arg-type]

    # -- what a client needs of its transport ------------------------------------------------------

    def clock(self) -> float:
        """The time."""
        return self.loop.now_s

    async def send(self, request: Request) -> Answer:
        """Answer a request, and let tests meddle with it."""
        path = "/".join(request.path)
        self.asked.append(Asked(self.loop.now_s, request.method, path))
        assert len(self.asked) < REQUESTS_MAX, "it asks without end"
        await asyncio.sleep(0)
        await request.fence()
        await self._meddle(request.method, path, after=False)
        reply = self.server.answer(request.method, path, request.params, request.body)
        await self._meddle(request.method, path, after=True)
        if reply.status_code >= 400:
            raise refusal(request.action, reply.status_code, reply.content)
        return Answer(reply.status_code, reply.content)

    # -- what a test does --------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, T], longest_s: float = 300.0) -> T:
        """Run something to its end, and no further."""
        task = self.loop.spawn(None, work)
        give_up_s = self.loop.now_s + longest_s
        self.loop.run_until(self.loop.now_s)
        while not task.done() and self.loop.now_s < self.loop.next_s < give_up_s:
            self.loop.run_until(self.loop.next_s)
        self.ended_s = self.loop.now_s
        result: T = task.result()
        return result

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.run_until(self.loop.now_s + seconds)

    def meddle(
        self,
        method: str,
        path: str,
        do: Callable[[], object],
        times: int = 1,
        *,
        after: bool = False,
    ) -> None:
        """Do something when such a request arrives, or after it was done; it may raise or wait."""
        self._meddling.append(_Meddling(method, path, do, times, after))

    def fail(
        self, method: str, path: str, error: Exception, times: int = 1, *, after: bool = False
    ) -> None:
        """Let requests fail; their method, and what their path contains."""

        def do() -> None:
            raise error

        self.meddle(method, path, do, times, after=after)

    def delay(self, method: str, path: str, seconds: float) -> None:
        """Let one request be done so much later."""
        self.meddle(method, path, lambda: asyncio.sleep(seconds))

    def make(self, plural: str, name: str, document: Json) -> None:
        """Make an object."""
        metadata = {"name": name, **document.get("metadata", {})}
        self.server.create(plural, document | {"metadata": metadata})

    def desired(self, role: Role) -> int:
        """Workers that are ordered for a pool."""
        return int(self._object(DGDSA.plural, names.pool_dgdsa(role))["spec"]["replicas"])

    def order(self, role: Role, workers: int) -> None:
        """Somebody else scales a pool."""
        self.server.patch(DGDSA.plural, names.pool_dgdsa(role), {"spec": {"replicas": workers}})

    def annotations(self, role: Role) -> dict[str, str]:
        """Those of a ScaledObject."""
        metadata = self._object(SCALED_OBJECT.plural, names.scaler(role))["metadata"]
        return dict(metadata.get("annotations") or {})

    def annotate(self, role: Role, annotations: dict[str, str | None]) -> None:
        """Somebody else writes annotations of a ScaledObject."""
        change = {"metadata": {"annotations": annotations}}
        self.server.patch(SCALED_OBJECT.plural, names.scaler(role), change)

    def lease(self) -> Json:
        """The spec of the Lease."""
        return dict(self._object(LEASE.plural, names.LEASE)["spec"])

    def write_lease(self, spec: Json) -> None:
        """Somebody else writes the Lease."""
        self.server.patch(LEASE.plural, names.LEASE, {"spec": spec})

    def written(self) -> list[Asked]:
        """Every request to write so far."""
        return [each for each in self.asked if each.method != "GET"]

    # -- inside ------------------------------------------------------------------------------------

    def _object(self, plural: str, name: str) -> Json:
        found = self.server.get(plural, name)
        assert found is not None, f"{plural}/{name} does not exist"
        return found

    async def _meddle(self, method: str, path: str, *, after: bool) -> None:
        for each in self._meddling:
            if each.times and each.after is after and each.method == method and each.path in path:
                each.times -= 1
                waiting = each.do()
                if asyncio.iscoroutine(waiting):
                    await waiting

    def _wrote(self, plural: str, *_: object) -> None:
        if plural == SCALED_OBJECT.plural and self.keda_late_s is not None:
            self.loop.call_later(self.keda_late_s, self._follow)

    def _follow(self) -> None:
        """KEDA's part: an HPA for every ScaledObject that is not paused."""
        if self.keda_late_s is None:
            return
        for role in ROLES:
            hpa = names.hpa(names.scaler(role))
            scaler = self.server.get(SCALED_OBJECT.plural, names.scaler(role))
            there = self.server.get(HPA.plural, hpa) is not None
            wanted = scaler is not None and not scaler_state(scaler, hpa_present=there).pause
            if there and not wanted:
                self.server.delete(HPA.plural, hpa)
            elif wanted and not there:
                self.make(HPA.plural, hpa, {})
