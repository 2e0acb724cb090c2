"""Which workload the next request belongs to: smooth weighted round robin.

Random choice would make the mix of twenty requests wander by tens of per cent, and the picture on
the wall with it. Here any 20 consecutive requests have the exact mix when shares are multiples of
5 %, and the workloads alternate as evenly as they can.
"""

from __future__ import annotations

from gtc_spec.workloads import WORKLOADS, Workload, WorkloadMix


class MixSequence:
    """An endless sequence of workloads in the given shares."""

    def __init__(self, mix: WorkloadMix) -> None:
        self._mix = mix
        self._credit = dict.fromkeys(WORKLOADS, 0)

    @property
    def mix(self) -> WorkloadMix:
        """The shares in force."""
        return self._mix

    def change(self, mix: WorkloadMix) -> None:
        """Use other shares from the next request on; equal shares change nothing."""
        if mix != self._mix:
            self._mix = mix
            self._credit = dict.fromkeys(WORKLOADS, 0)

    def next(self) -> Workload:
        """The workload of the next request."""
        for workload, share in self._mix.items():
            self._credit[workload] += share
        chosen = max(WORKLOADS, key=self._credit.__getitem__)
        self._credit[chosen] -= 100
        return chosen
