"""Three linked sliders: whatever one is dragged to, the three shares still add up to 100.

Pure arithmetic; it must not know widgets.
"""

from __future__ import annotations

from gtc_spec.phases import WorkloadMix
from gtc_spec.serving import WORKLOADS, Workload


def rebalance(mix: WorkloadMix, moved: Workload, percent: float) -> WorkloadMix:
    """Set one share and let the other two give or take in proportion to what they had.

    Args:
        mix: The shares before the move.
        moved: The slider that was dragged; its share is exact.
        percent: Where it was dragged to; clamped to 0-100 and rounded.

    Returns:
        A mix whose moved share is ``percent``. When both others were 0 they share the rest evenly,
        the first one taking the odd percent.
    """
    wanted = round(min(100.0, max(0.0, percent)))
    first, second = (workload for workload in WORKLOADS if workload != moved)
    rest = 100 - wanted
    before = mix.share(first) + mix.share(second)
    part = mix.share(first) / before if before else 0.5
    first_share = min(rest, int(rest * part + 0.5))
    return WorkloadMix(**{moved: wanted, first: first_share, second: rest - first_share})
