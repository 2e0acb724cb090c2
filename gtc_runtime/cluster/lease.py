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
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gtc_runtime.cluster.errors import Conflict, KubeError, NotFound, Unreachable
from gtc_runtime.cluster.identity import is_dead
from gtc_runtime.cluster.kinds import LEASE
from gtc_runtime.cluster.kube import Json, Kube, resource_version
from gtc_spec import names

_log = logging.getLogger(__name__)

_RACES_MAX = 5


@dataclass(frozen=True)
class LeaseTimes:
    """The times of the Lease, seconds.

    Attributes:
        duration_s: A holder that shows no sign of life for this long has lost it.
        renew_s: Between two signs of life.
        fence_s: A holder whose last renewal is older than this must not act.
        call_s: Longest wait for one read or write of the Lease.
    """

    duration_s: float = 15.0
    renew_s: float = 3.0
    fence_s: float = 10.0
    call_s: float = 4.0


TIMES: Final = LeaseTimes()


@dataclass(frozen=True)
class LeaseView:
    """What an onlooker knows.

    Attributes:
        present: Whether the Lease exists.
        holder: Who holds it; empty when nobody does.
        unchanged_s: For how long we have watched it without a sign of life.
        expired: Whether that is longer than its duration.
    """

    present: bool
    holder: str
    unchanged_s: float
    expired: bool

    @property
    def free(self) -> bool:
        """Whether anybody may take it."""
        return not self.holder or self.expired


class Lease:
    """Our hold on the Lease, or our look at the one of somebody else.

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
        self._seen: tuple[str, ...] | None = None
        self._seen_s = -math.inf
        self._looked_s = -math.inf

    @property
    def held(self) -> bool:
        """Whether we may act now; False from ``fence_s`` after the last renewal on."""
        return self._ours is not None and self._clock() - self._renewed_s < self._times.fence_s

    @property
    def epoch(self) -> int:
        """Number of our holding; every later holder has a higher one. 0 when never held."""
        return 0 if self._ours is None else _transitions(self._ours)

    async def look(self) -> LeaseView:
        """Read the Lease and judge whether its holder lives.

        Looks must not be further apart than half the duration, or the judgement starts anew:
        who was away or cut off from Kubernetes knows nothing about the holder.

        Raises:
            KubeError: Kubernetes does not answer or refuses.
        """
        return self._judge(await self._get())

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
        for _ in range(_RACES_MAX if force else 1):
            started_s = self._clock()
            found = await self._get()
            view = self._judge(found)
            taken = force or view.free or view.holder == self.holder or is_dead(view.holder)
            if not taken:
                return False
            epoch = max(_transitions(found) if found else -1, epoch_floor) + 1
            with contextlib.suppress(Conflict):
                await self._put(found, self._spec(epoch), started_s)
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
        if ours is None:
            return
        spec = dict(ours["spec"]) | {"holderIdentity": "", "leaseDurationSeconds": 1}
        try:
            async with asyncio.timeout(self._times.call_s):
                await self._kube.replace(LEASE, ours | {"spec": spec})
        except (KubeError, TimeoutError) as error:
            _log.info("the lease was not given back and will expire: %s", error)

    async def keep(self) -> None:
        """Renew until somebody else has the Lease; returns then. Watch `held` meanwhile."""
        while True:
            try:
                if not await self.renew():
                    return
            except KubeError as error:
                _log.warning("the lease could not be renewed: %s", error)
            await asyncio.sleep(self._times.renew_s)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew in the background while the block runs, and give the Lease back after it."""
        keeper = asyncio.create_task(self.keep(), name="lease keeper")
        try:
            yield
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
            await self.release()

    async def _renew_after_conflict(self, started_s: float) -> bool:
        """Somebody wrote the Lease: it may have been a renewal of ours without an answer."""
        found = await self._get()
        if found is None or _holder(found) != self.holder or _transitions(found) != self.epoch:
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
                        "apiVersion": LEASE.api_version,
                        "kind": LEASE.kind,
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
        renewed = self._ours is not None and _transitions(self._ours) == epoch
        acquired = _spec_of(self._ours).get("acquireTime", now) if renewed else now
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": math.ceil(self._times.duration_s),
            "acquireTime": acquired,
            "renewTime": now,
            "leaseTransitions": epoch,
        }

    def _judge(self, found: Json | None) -> LeaseView:
        now = self._clock()
        holder = "" if found is None else _holder(found)
        seen = None
        if found is not None:
            renewed = str(_spec_of(found).get("renewTime"))
            seen = (holder, renewed, resource_version(found))
        blind = now - self._looked_s > self._times.duration_s / 2
        if blind or seen != self._seen:
            self._seen, self._seen_s = seen, now
        self._looked_s = now
        unchanged_s = now - self._seen_s
        return LeaseView(
            found is not None, holder, unchanged_s, unchanged_s >= self._times.duration_s
        )


def _spec_of(lease: Json | None) -> Json:
    spec = (lease or {}).get("spec")
    return spec if isinstance(spec, dict) else {}


def _holder(lease: Json) -> str:
    return str(_spec_of(lease).get("holderIdentity") or "")


def _transitions(lease: Json) -> int:
    transitions = _spec_of(lease).get("leaseTransitions")
    return transitions if isinstance(transitions, int) else 0
