"""The Lease that makes one process the writer of replicas and pause.

Expiry is judged by what this process has seen change, on its own monotonic clock; time stamps of
others are never compared. The holder fences itself before anybody else may take over. This module
must not know what the holder does with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from gtc_runtime.cluster.api.errors import Conflict, KubeError, NotFound, Unreachable
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.identity import is_dead
from gtc_runtime.cluster.lease_view import (
    TIMES,
    LeaseTimes,
    LeaseView,
    Observer,
    holder_of,
    spec_of,
    transitions_of,
)
from gtc_spec import names
from gtc_spec.kinds import LEASE

_log = logging.getLogger(__name__)

_RACES_MAX = 5


class Lease:
    """Our hold on the Lease, or our view of the hold of somebody else.

    Args:
        kube: A client of the namespace of the Lease.
        holder: Our identity; see `gtc_runtime.cluster.identity`.
        times: Durations.
        clock: Monotonic seconds.
        name: Name of the Lease.
    """

    def __init__(
        self,
        kube: Kube,
        holder: str,
        times: LeaseTimes = TIMES,
        clock: Callable[[], float] = time.monotonic,
        name: str = names.LEASE,
    ) -> None:
        self.holder = holder
        self._kube = kube
        self._times = times
        self._clock = clock
        self._name = name
        self._ours: Json | None = None
        self._renewed_s = -math.inf
        self._observer = Observer(times, clock)
        self._asked_epoch: int | None = None
        self.rival = ""
        """Who else held it when we tried to take it last; empty once it was ours."""
        self.before = ""
        """Who held it when we took it; of several in a row one that may live. Empty: nobody."""

    @property
    def held(self) -> bool:
        """Whether we may act now; False from ``fence_s`` after the last renewal on."""
        return self._ours is not None and self._clock() - self._renewed_s < self._times.fence_s

    @property
    def epoch(self) -> int:
        """Number of our holding; every later holder has a higher one. 0 when never held."""
        return 0 if self._ours is None else transitions_of(self._ours)

    async def poll(self) -> LeaseView:
        """Read the Lease and judge whether its holder lives.

        Polls must not be further apart than half the duration, or the judgement starts anew:
        who was away or cut off from Kubernetes knows nothing about the holder.

        Raises:
            KubeError: Kubernetes does not answer or refuses.
        """
        return self._observer.judge(await self._get())

    async def acquire(self, *, force: bool = False, epoch_floor: int = 0) -> bool:
        """Try once to take the Lease.

        It is taken when nobody holds it, when it has expired, and when its holder was a process
        of this host that has died.

        Args:
            force: Take it from a live holder, who notices at its next renewal.
            epoch_floor: Our epoch is above this; give the epoch of the stored state, so that a
                Lease that was deleted and made anew does not fence its holders off for ever.

        Returns:
            Whether we hold it.

        Raises:
            KubeError: Kubernetes does not answer or refuses.
        """
        self.before = ""
        for _ in range(_RACES_MAX if force else 1):
            # our time counts from before the request: who sees it written starts counting later,
            # so our fence falls first
            started_s = self._clock()
            found = await self._get()
            view = self._observer.judge(found)
            if view.holder != self.holder and (not self.before or is_dead(self.before)):
                self.before = view.holder
            taken = force or view.free or view.holder == self.holder or is_dead(view.holder)
            if not taken:
                self.rival = view.holder
                return False
            epoch = max(transitions_of(found or {}), epoch_floor) + 1
            with contextlib.suppress(Conflict):
                self._asked_epoch = epoch
                await self._put(found, self._spec(epoch), started_s)
                self._asked_epoch, self.rival = None, ""
                return True
        return False

    async def renew(self) -> bool:
        """Show a sign of life.

        Returns:
            Whether the Lease is ours; False once somebody else has taken it.

        Raises:
            Unreachable: No answer; we may still hold it.
            KubeError: Kubernetes refuses.
        """
        if self._ours is None:
            return False
        started_s = self._clock()
        try:
            await self._put(self._ours, self._spec(self.epoch), started_s)
        except Conflict:
            return await self._renew_after_conflict(started_s)
        except NotFound:
            self._ours = None
        return self._ours is not None

    async def release(self) -> None:
        """Give the Lease back, so that the next holder need not wait; errors are only logged."""
        ours, self._ours = self._ours, None
        if ours is None and self._asked_epoch is not None:
            # We were cut off while we took it, and it may be ours all the same.
            await self._free_what_is_ours(self._asked_epoch)
        if ours is None:
            return
        try:
            await self._free(ours)
        except Conflict:
            # A renewal that was cancelled on its way may have arrived all the same.
            await self._free_what_is_ours(transitions_of(ours))
        except KubeError as error:
            _log.info("the lease was not given back and will expire: %s", error)

    async def keep(self) -> None:
        """Renew until somebody else has the Lease; returns then. Watch `held` meanwhile.

        A renewal that failed is tried again soon: whoever takes the Lease by force waits for us to
        notice, and not until our fence falls.
        """
        while True:
            wait_s = self._times.renew_s
            try:
                if not await self.renew():
                    return
            except KubeError as error:
                _log.warning("the lease could not be renewed: %s", error)
                wait_s /= 4
            await asyncio.sleep(wait_s)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew in the background while the block runs, and give the Lease back after it."""
        keeper = asyncio.create_task(self.keep(), name="lease keeper")
        try:
            yield
        finally:
            keeper.cancel()
            try:
                # not awaited itself: whoever cancels us meanwhile would be taken for that
                await asyncio.wait({keeper})
            finally:
                await self.release()
            if not keeper.cancelled():
                keeper.result()

    async def _free(self, ours: Json) -> None:
        spec = spec_of(ours) | {"holderIdentity": "", "leaseDurationSeconds": 1}
        try:
            async with asyncio.timeout(self._times.call_s):
                await self._kube.replace(LEASE, ours | {"spec": spec})
        except TimeoutError as error:
            raise Unreachable("the lease could not be written in time") from error

    async def _free_what_is_ours(self, epoch: int) -> None:
        try:
            found = await self._get()
            if found is not None and self._is_ours(found, epoch):
                await self._free(found)
        except KubeError as error:
            _log.info("the lease was not given back and will expire: %s", error)

    def _is_ours(self, found: Json, epoch: int) -> bool:
        return holder_of(found) == self.holder and transitions_of(found) == epoch

    async def _renew_after_conflict(self, started_s: float) -> bool:
        """Somebody wrote the Lease: it may have been a renewal of ours without an answer."""
        self._renewed_s = -math.inf  # until we know
        found = await self._get()
        if found is None or not self._is_ours(found, self.epoch):
            self._ours = None
            return False
        await self._put(found, self._spec(self.epoch), started_s)
        return True

    async def _get(self) -> Json | None:
        try:
            async with asyncio.timeout(self._times.call_s):
                return await self._kube.get(LEASE, self._name)
        except NotFound:
            return None
        except TimeoutError as error:
            raise Unreachable("the lease could not be read in time") from error

    async def _put(self, found: Json | None, spec: Json, started_s: float) -> None:
        """Write our record over exactly what was found; the sign of life dates from the start."""
        try:
            async with asyncio.timeout(self._times.call_s):
                if found is None:
                    fresh = {
                        **LEASE.type_meta,
                        "metadata": {"name": self._name},
                        "spec": spec,
                    }
                    self._ours = await self._kube.create(LEASE, fresh)
                else:
                    self._ours = await self._kube.replace(LEASE, found | {"spec": spec})
        except TimeoutError as error:
            raise Unreachable("the lease could not be written in time") from error
        self._renewed_s = started_s

    def _spec(self, epoch: int) -> Json:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        renewed = self._ours is not None and transitions_of(self._ours) == epoch
        acquired = spec_of(self._ours).get("acquireTime", now) if renewed else now
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": math.ceil(self._times.duration_s),
            "acquireTime": acquired,
            "renewTime": now,
            "leaseTransitions": epoch,
        }
