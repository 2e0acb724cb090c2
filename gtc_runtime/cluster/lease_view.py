"""What can be known about a Lease by polling it: who holds it, and whether the holder lives.

Expiry is judged by what was seen to change on one's own monotonic clock. This module must not
know how a Lease is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gtc_runtime.cluster.api.kube import Json, resource_version


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
    """What an observer knows.

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


class Observer:
    """Remembers what was polled, to tell a silent holder from a live one.

    Args:
        times: Times of the Lease.
        clock: Monotonic seconds.
    """

    def __init__(self, times: LeaseTimes, clock: Callable[[], float]) -> None:
        self._times = times
        self._clock = clock
        self._seen: tuple[str, ...] | None = None
        self._seen_s = -math.inf
        self._polled_s = -math.inf

    def judge(self, found: Json | None) -> LeaseView:
        """What the Lease as found now, None for none, says together with the polls before."""
        now = self._clock()
        holder = "" if found is None else holder_of(found)
        seen = None
        if found is not None:
            seen = (holder, str(spec_of(found).get("renewTime")), resource_version(found))
        blind = now - self._polled_s > self._times.duration_s / 2
        if blind or seen != self._seen:
            self._seen, self._seen_s = seen, now
        self._polled_s = now
        unchanged_s = now - self._seen_s
        expired = unchanged_s >= self._times.duration_s
        return LeaseView(found is not None, holder, unchanged_s, expired)


def spec_of(lease: Json | None) -> Json:
    """The spec of a Lease, empty when it has none."""
    spec = (lease or {}).get("spec")
    return spec if isinstance(spec, dict) else {}


def holder_of(lease: Json) -> str:
    """Who holds a Lease; empty when nobody does."""
    return str(spec_of(lease).get("holderIdentity") or "")


def transitions_of(lease: Json) -> int:
    """How often a Lease has changed hands; the epoch of its holder."""
    transitions = spec_of(lease).get("leaseTransitions")
    return transitions if isinstance(transitions, int) else 0
