"""Linked sliders: whatever one is dragged to, the shares still add up to 100.

Pure arithmetic; it must not know widgets.
"""

from __future__ import annotations

from gtc_spec.workloads import Workload, WorkloadMix


def rebalance(mix: WorkloadMix, moved: Workload, percent: float) -> WorkloadMix:
    """Set one share and let the others give or take in proportion to what they had.

    Args:
        mix: The shares before the move.
        moved: The slider that was dragged; its share is exact.
        percent: Where it was dragged to; clamped to 0-100 and rounded.

    Returns:
        A mix whose moved share is ``percent``. When all others were 0 they share the rest evenly,
        the first ones taking the odd percents.
    """
    wanted = round(min(100.0, max(0.0, percent)))
    shares: dict[str, int] = {moved: wanted}
    others = [workload for workload in mix if workload != moved]
    left, before = 100 - wanted, 100 - mix[moved]
    while others:
        part = mix[others[0]] / before if before else 1 / len(others)
        shares[others[0]] = share = min(left, int(left * part + 0.5))
        left, before = left - share, before - mix[others.pop(0)]
    return WorkloadMix.of(shares)


class Slide:
    """One slider on its way: every step starts from the mix that the slider found.

    So a slider that is brought back brings the others back as well. A mix that came from elsewhere
    in between, or another slider, begins anew.
    """

    def __init__(self) -> None:
        self._moved: Workload | None = None
        self._found: WorkloadMix | None = None
        self._made: WorkloadMix | None = None

    def to(self, mix: WorkloadMix, moved: Workload, percent: float) -> WorkloadMix:
        """The mix after the next step.

        Args:
            mix: The shares that are shown now.
            moved: The slider that is dragged.
            percent: Where it is now.
        """
        if self._found is None or moved != self._moved or mix != self._made:
            self._found, self._moved = mix, moved
        self._made = rebalance(self._found, moved, percent)
        return self._made
