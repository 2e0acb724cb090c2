"""KEDA's and the HPA's part in the rehearsal: their controllers on one loop over the store."""

from __future__ import annotations

import time
from collections.abc import Callable

from gtc_rehearsal.autoscaling.hpa_controller import HpaController
from gtc_rehearsal.autoscaling.keda import Keda
from gtc_rehearsal.autoscaling.keda_metrics import Evaluate, KedaMetrics
from gtc_rehearsal.autoscaling.scale_loop import ScaleLoop
from gtc_rehearsal.kube_api.storage.store import Store

_RESYNC_S = 5.0
"""Longest sleep without a change; nothing depends on it but a clock that a test turns."""


class Autoscaler:
    """Acts on ScaledObjects as KEDA does, and on their HPAs as Kubernetes does.

    Args:
        store: The cluster.
        evaluate: Evaluates PromQL now; raises PromqlError.
        time_scale: Multiplies the polling interval, the HPA's sync period and the windows of
            `behavior`; the windows inside queries and the half second in which an HPA goes stay
            real.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        store: Store,
        evaluate: Evaluate,
        time_scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keda = Keda(store, clock)
        metrics = KedaMetrics(store, evaluate)
        self._hpas = HpaController(store, metrics, clock, time_scale)
        self._loop = ScaleLoop(store, metrics, clock, time_scale)

    def step(self) -> float:
        """Do everything that is due now.

        Returns:
            Seconds until the next thing is due, if nothing changes before.
        """
        due = [self._clock() + _RESYNC_S]
        parts = (self._keda, self._hpas, self._loop)
        due += [at for at in (part.reconcile() for part in parts) if at is not None]
        return max(0.0, min(due) - self._clock())

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            seen = self._store.revision
            wait_s = self.step()
            await self._store.changed(seen, wait_s)
