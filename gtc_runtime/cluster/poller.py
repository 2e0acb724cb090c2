"""Polls the cluster once a second and keeps the newest answer, so that pages never wait for it.

It must not know who holds the Lease, phases or load.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_runtime.cluster.pools import PoolState
from gtc_runtime.cluster.scaling import Scaling
from gtc_spec.errors import GtcError
from gtc_spec.pools import PDRatio, Role

log = logging.getLogger(__name__)

POLL_INTERVAL_S: Final = 1.0
STALE_S: Final = 5.0
"""A state of the cluster older than this says nothing about now."""


@dataclass(frozen=True)
class ClusterState:
    """What one poll has found.

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


class Poller:
    """Polls for ever and remembers the newest state.

    Args:
        scaling, keda: What to read.
        clock: Monotonic seconds.
    """

    def __init__(
        self, scaling: Scaling, keda: Keda, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._scaling, self._keda, self._clock = scaling, keda, clock
        self.newest: ClusterState | None = None
        self.problem = ""

    @property
    def age_s(self) -> float | None:
        """Age of the newest state; None before the first one."""
        return None if self.newest is None else self._clock() - self.newest.at_s

    @property
    def fresh(self) -> ClusterState | None:
        """The newest state; None when nothing may be decided by it."""
        return self.within(STALE_S)

    def within(self, most_s: float) -> ClusterState | None:
        """The newest state; None when it is older than that."""
        age_s = self.age_s
        return None if age_s is None or age_s > most_s else self.newest

    async def poll(self) -> ClusterState:
        """Read the cluster now.

        Raises:
            GtcError: The cluster does not answer or refuses.
        """
        pools = await self._scaling.read()
        keda = await self._keda.status()
        self.newest = ClusterState(self._clock(), pools, keda)
        return self.newest

    async def run(self) -> None:
        """Poll for ever; a failure is remembered in ``problem`` and the state before stays."""
        while True:
            try:
                await self.poll()
                self.problem = ""
            except GtcError as error:
                if error.message != self.problem:
                    log.warning("%s", error.message)
                self.problem = error.message
            except Exception as error:  # an answer that nobody foresaw is a failed poll as well
                problem = f"the cluster cannot be read: {type(error).__name__}"
                if problem != self.problem:
                    log.exception("%s", problem)
                self.problem = problem
            await asyncio.sleep(POLL_INTERVAL_S)
