"""The dead-man's switch: ends our pause of KEDA when the process that paused it is gone.

A process of its own with a tiny Role. It takes the Lease before it acts, un-pauses, and writes
down what it did; it sets nothing else. This module must not know phases, pools or load.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NoReturn

from gtc_runtime.cluster.api.errors import Denied, KubeError, NotFound
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.keda import HpaLate, Keda
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.state import StateStore, with_event

_log = logging.getLogger(__name__)

POLL_INTERVAL_S: Final = 2.0
"""The Lease lapses 15 s after the last renewal that was seen, so a dead
panel's pause ends within 15 + 2 * 2 s and the time KEDA needs to act: inside the 30 s promised."""


class Guardian:
    """Polls the pause and the Lease.

    Args:
        kube: A client of the namespace of both.
        times: Times of the Lease.
        now: The time, for pauses that end at one.
    """

    def __init__(
        self,
        kube: Kube,
        times: LeaseTimes = TIMES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._keda = Keda(kube, kube.clock)
        self._state = StateStore(kube)
        self._lease = Lease(kube, own_identity("guardian"), times, kube.clock)

    async def poll(self) -> str:
        """Poll once and act if needed.

        Returns:
            What was done, for a person; empty when nothing was.

        Raises:
            KubeError: Kubernetes does not answer or refuses; poll again later.
        """
        lease = await self._lease.poll()
        status = await self._keda.status()
        if not (status.paused_by_us and lease.free) or status.held_at(self._now()):
            return ""
        over = f"the time of the pause by {status.holder} was over" if status.until else ""
        why = over or f"{status.holder} was gone with keda paused"
        floor = await self._stored_epoch()
        try:
            if not await self._lease.acquire(epoch_floor=floor):
                return ""
        except (Denied, NotFound):
            if lease.present:
                raise
            # No Lease and no right to make one: nobody else can hold it either.
            return await self._end_pause(why, floor)
        async with self._lease.kept():
            return await self._end_pause(why, self._lease.epoch)

    async def _end_pause(self, why: str, epoch: int) -> str:
        did = f"{why}; the guardian resumed keda"
        try:
            await self._keda.resume()
        except HpaLate as late:
            did = f"{did}, but {late.message}"
        _log.warning("%s", did)
        try:
            await self._state.update(epoch, lambda document: with_event(document, "keda", did))
        except KubeError as error:
            # The record is for people; the resume has been done.
            _log.warning("the guardian's event could not be stored: %s", error)
        return did

    async def _stored_epoch(self) -> int:
        try:
            return (await self._state.read()).epoch
        except KubeError as error:
            _log.warning("the stored state could not be read: %s", error)
            return 0


async def guard(
    kube: Kube, interval_s: float = POLL_INTERVAL_S, times: LeaseTimes = TIMES
) -> NoReturn:
    """Poll every ``interval_s`` seconds until cancelled; no answer from Kubernetes ends it.

    Args:
        kube: A client of the workload's namespace.
        interval_s: Seconds between two polls, less than half of the Lease's duration.
        times: Times of the Lease.
    """
    guardian = Guardian(kube, times)
    complaint = ""
    while True:
        try:
            await guardian.poll()
            if complaint:
                _log.info("kubernetes answers the guardian again")
            complaint = ""
        except KubeError as error:
            if error.message != complaint:
                _log.warning("the guardian is blind: %s", error)
            complaint = error.message
        await asyncio.sleep(interval_s)
