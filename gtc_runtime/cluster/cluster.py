"""The demo's cluster in one hand: its pools, KEDA, the Lease, the stored state, and a steady look.

`Cluster.connect` opens everything that the conductor needs; `Watch` reads pools, KEDA and the
Lease once a second, so that pages never wait for Kubernetes. It must not know phases or load.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.pools import PoolState
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.cluster.state import StateStore
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.kinds import DGD
from gtc_spec.pools import PDRatio, Role

log = logging.getLogger(__name__)

REHEARSAL = "Rehearsal"
LOOK_S = 1.0
LOOK_STALE_S = 5.0
"""A look at the cluster older than this says nothing about now."""


@dataclass(frozen=True)
class Look:
    """What was seen at one moment.

    Attributes:
        at_s: When, monotonic seconds.
        pools: Both pools.
        keda: Both scalers.
    """

    at_s: float
    pools: Mapping[Role, PoolState]
    keda: KedaStatus

    @property
    def ready(self) -> PDRatio:
        """Ready workers of both pools."""
        return PDRatio(self.pools["prefill"].ready, self.pools["decode"].ready)

    @property
    def desired(self) -> PDRatio | None:
        """Desired workers; None when an adapter is missing."""
        prefill, decode = self.pools["prefill"].desired, self.pools["decode"].desired
        return None if prefill is None or decode is None else PDRatio(prefill, decode)


class Watch:
    """Looks at the cluster once a second and remembers the newest answer.

    Args:
        scaling, keda: What to look at.
        clock: Monotonic seconds.
    """

    def __init__(
        self, scaling: Scaling, keda: Keda, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._scaling, self._keda, self._clock = scaling, keda, clock
        self.newest: Look | None = None
        self.problem = ""

    @property
    def age_s(self) -> float | None:
        """Age of the newest look; None before the first one."""
        return None if self.newest is None else self._clock() - self.newest.at_s

    @property
    def fresh(self) -> Look | None:
        """The newest look; None when it says nothing about now."""
        age_s = self.age_s
        return None if age_s is None or age_s > LOOK_STALE_S else self.newest

    async def look(self) -> Look:
        """Look now.

        Raises:
            GtcError: The cluster does not answer or refuses.
        """
        pools, keda = await asyncio.gather(self._scaling.read(), self._keda.status())
        self.newest = Look(self._clock(), pools, keda)
        return self.newest

    async def run(self) -> None:
        """Look for ever; a failure is remembered in ``problem`` and the look before stays."""
        while True:
            try:
                await self.look()
                self.problem = ""
            except GtcError as error:
                if error.message != self.problem:
                    log.warning("%s", error.message)
                self.problem = error.message
            await asyncio.sleep(LOOK_S)


@dataclass(frozen=True)
class Cluster:
    """Everything of one cluster that the conductor touches."""

    kube: Kube
    scaling: Scaling
    keda: Keda
    lease: Lease
    state: StateStore
    watch: Watch
    title: str
    """What the cluster calls itself: ``Rehearsal`` or ``Live``."""

    @property
    def rehearsal(self) -> bool:
        """Whether it is the one on localhost."""
        return self.title == REHEARSAL

    @classmethod
    async def connect(cls, environment: Environment, kubeconfig: str, role: str) -> Cluster:
        """Open the client and everything that stands on it.

        Args:
            environment: For the number of slots.
            kubeconfig: File to use; empty takes the pod's service account.
            role: What this process is to the demo, one word; part of its Lease identity.

        Raises:
            GtcError: No configuration, or the cluster does not answer.
        """
        kube = await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig or None)
        lease = Lease(kube, own_identity(role))
        scaling = Scaling(kube, environment.slots, may_write=lambda: lease.held)
        keda = Keda(kube, may_write=lambda: lease.held)
        try:
            dgd = await kube.get(DGD, names.DEMO)
            labels = dgd["metadata"].get("labels") or {}
            title = REHEARSAL if labels.get(names.LABEL_REHEARSAL) == "true" else "Live"
        except GtcError:
            await kube.close()
            raise
        return cls(kube, scaling, keda, lease, StateStore(kube), Watch(scaling, keda), title)
