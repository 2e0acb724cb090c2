"""What acts inside the simulated cluster: the operator, KEDA, its HPAs, and people.

Pods start and drain in their time; an HPA goes and comes a moment after a pause and a resume,
unless KEDA's operator is down; while it is there it scales as it likes. It must not know panels or
faults.
"""

from __future__ import annotations

import random
from typing import Any, Final

from gtc_runtime.cluster.keda_status import scaler_state
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.kinds import CONFIG_MAP, DGDSA, HPA, LEASE, POD, SCALED_OBJECT
from gtc_spec.pools import ROLES, PDRatio, Role
from tests.chaos.simulated.loop import VirtualLoop
from tests.chaos.simulated.server import Json, Server

KINDS: Final = frozenset(
    kind.plural for kind in (CONFIG_MAP, DGDSA, HPA, LEASE, POD, SCALED_OBJECT)
)
DRAIN_S: Final = 20.0
HPA_SYNC_S: Final = 15.0


class Cluster:
    """The objects of the demo and those who look after them.

    Attributes:
        keda_up: Whether KEDA's operator runs; HPAs stay as they are while it does not.
        keda_late_s: How long KEDA takes to follow an annotation.
        places: Pods beyond so many stay Pending.
        reverting: How many of the next scales the operator puts back.
    """

    def __init__(
        self, server: Server, loop: VirtualLoop, env: Environment, chance: random.Random
    ) -> None:
        self._server, self._loop, self._env, self._chance = server, loop, env, chance
        self.keda_up = True
        self.keda_late_s = 0.5
        self.places = env.slots
        self.reverting = 0
        self._made = 0

    def seed(self) -> None:
        """The state of a fresh deployment, with all its workers ready."""
        initial = self._env.initial_ratio
        for role in ROLES:
            service = names.service(role)
            adapter = {"replicas": initial.of(role), "dgdRef": {"name": names.DEMO}}
            self._server.create(
                DGDSA.plural, _object(names.pool_dgdsa(role), {"spec": adapter | {"s": service}})
            )
            scaler = {"spec": {"minReplicaCount": 1}, "status": {"hpaName": _hpa(role)}}
            self._server.create(SCALED_OBJECT.plural, _object(names.scaler(role), scaler))
            for _ in range(initial.of(role)):
                self._add_pod(role, 0.0)
        self._server.create(LEASE.plural, _object(names.LEASE, {"spec": {}}))
        self._server.create(CONFIG_MAP.plural, _object(names.STATE_CONFIG_MAP, {}))
        self._loop.run_until(0.001)
        self._follow_pauses()
        self._loop.call_later(HPA_SYNC_S, self._hpa_syncs)

    # -- questions ---------------------------------------------------------------------------------

    def desired(self) -> PDRatio | None:
        """What the adapters say; None when one is missing."""
        found = [self._server.get(DGDSA.plural, names.pool_dgdsa(role)) for role in ROLES]
        if any(each is None for each in found):
            return None
        return PDRatio(*(each["spec"]["replicas"] for each in found if each))

    # -- reactions to writes -----------------------------------------------------------------------

    def wrote(self, plural: str, name: str, before: Json | None, after: Json | None) -> None:
        """Somebody has changed an object; those whose object it is react a moment later."""
        if plural == SCALED_OBJECT.plural:
            self._loop.call_later(self.keda_late_s, self._follow_pauses)
        if plural == DGDSA.plural and after is not None:
            if before is not None and self.reverting and before["spec"] != after["spec"]:
                self.reverting -= 1
                spec = {"spec": {"replicas": before["spec"]["replicas"]}}
                self._loop.call_later(0.3, self._put_back, name, spec)
            self._loop.call_later(0.2, self._follow_adapters)

    def follow(self) -> None:
        """KEDA's operator looks again, as after its restart."""
        self._follow_pauses()

    def _put_back(self, name: str, spec: Json) -> None:
        if self._server.get(DGDSA.plural, name) is not None:
            self._server.patch(DGDSA.plural, name, spec)

    def _follow_pauses(self) -> None:
        if not self.keda_up:
            return
        for role in ROLES:
            scaler = self._server.get(SCALED_OBJECT.plural, names.scaler(role))
            there = self._server.get(HPA.plural, _hpa(role)) is not None
            wanted = scaler is not None and not scaler_state(scaler, hpa_present=there).pause
            if there and not wanted:
                self._server.delete(HPA.plural, _hpa(role))
            elif wanted and not there:
                self._server.create(HPA.plural, _object(_hpa(role), {"spec": {}}))

    def _hpa_syncs(self) -> None:
        self._loop.call_later(HPA_SYNC_S, self._hpa_syncs)
        for role in ROLES:
            if self._chance.random() < 0.1 and self._server.get(HPA.plural, _hpa(role)):
                self.scale(role, self._chance.randint(1, 4))

    def scale(self, role: Role, replicas: int) -> None:
        """An HPA or a person orders workers."""
        if self._server.get(DGDSA.plural, names.pool_dgdsa(role)) is not None:
            spec = {"spec": {"replicas": replicas}}
            self._server.patch(DGDSA.plural, names.pool_dgdsa(role), spec)

    def _follow_adapters(self) -> None:
        for role in ROLES:
            adapter = self._server.get(DGDSA.plural, names.pool_dgdsa(role))
            if adapter is None:
                continue
            here = [pod for pod in self._pods(role) if "deletionTimestamp" not in pod["metadata"]]
            wanted = adapter["spec"]["replicas"]
            for pod in here[wanted:]:
                gone = {"metadata": {"deletionTimestamp": "now"}}
                name = pod["metadata"]["name"]
                self._server.patch(POD.plural, name, gone)
                self._loop.call_later(DRAIN_S, self._server.delete, POD.plural, name)
            for _ in range(wanted - len(here)):
                self._add_pod(role, self._env.worker_start_s * self._chance.uniform(0.8, 1.3))

    def _pods(self, role: Role) -> list[Json]:
        labels = names.pod_labels(names.service(role))
        return [
            pod
            for pod in self._server.all(POD.plural)
            if labels.items() <= pod["metadata"]["labels"].items()
        ]

    def _add_pod(self, role: Role, start_s: float) -> None:
        self._made += 1
        name = f"{role}-{self._made}"
        pod = _object(name, {"status": {"phase": "Pending"}})
        pod["metadata"]["labels"] = dict(names.pod_labels(names.service(role)))
        self._server.create(POD.plural, pod)
        self._loop.call_later(start_s, self._start_pod, name)

    def _start_pod(self, name: str) -> None:
        if self._server.get(POD.plural, name) is None:
            return
        if len(self._server.all(POD.plural)) > self.places:
            self._loop.call_later(5.0, self._start_pod, name)
            return
        ready = [{"type": "Ready", "status": "True"}]
        self._server.patch(POD.plural, name, {"status": {"phase": "Running", "conditions": ready}})


def _hpa(role: Role) -> str:
    return names.hpa(names.scaler(role))


def _object(name: str, rest: dict[str, Any]) -> Json:
    return {"metadata": {"name": name}, **rest}
