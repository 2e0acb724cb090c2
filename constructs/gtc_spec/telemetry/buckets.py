"""Bucket bounds of the latency histograms: set on the frontend, copied by our exporter.

The frontend's defaults (...0.22, 0.47, 1.0 s and ...24, 45, 84 ms) straddle every goal of the demo:
a true p95 of 535 ms reads as 745 ms. These are 20 bounds a decade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DECADE_DIGITS: Final = 2
"""Dynamo rounds every bound to two significant figures (metrics.rs, generate_log_buckets)."""


@dataclass(frozen=True)
class Buckets:
    """Logarithmic bounds as the frontend makes them.

    Attributes:
        min_s: First step of the scale, seconds; the bound itself is written as 0.
        max_s: Last finite bound, seconds; a quantile can never read higher.
        bounds: How many finite bounds, the 0 included (at most 512).
    """

    min_s: float
    max_s: float
    bounds: int

    @property
    def upper_bounds_s(self) -> tuple[float, ...]:
        """Finite upper bounds in ascending order, seconds."""
        ratio = self.max_s / self.min_s
        steps = (self.min_s * ratio ** (i / (self.bounds - 1)) for i in range(1, self.bounds))
        return (0.0, *(float(f"{step:.{DECADE_DIGITS}g}") for step in steps))


TTFT_BUCKETS: Final = Buckets(min_s=0.05, max_s=50, bounds=61)
"""Has a bound at exactly 0.5 s and reaches past every queue that the guard allows."""
ITL_BUCKETS: Final = Buckets(min_s=0.005, max_s=0.5, bounds=41)
"""Has a bound at exactly 0.05 s."""


def frontend_env() -> dict[str, str]:
    """Environment variables that give the frontend these bounds.

    Dynamo documents ``DYN_METRICS_*`` and reads ``DYN_HISTOGRAM_DYN_METRICS_*`` (0.8.x by its
    source, 1.4.2 as tried); later releases read the documented name. Both are set.
    """
    wanted = {"TTFT": TTFT_BUCKETS, "ITL": ITL_BUCKETS}
    documented = {
        f"DYN_METRICS_{name}_{key}": f"{value:g}"
        for name, buckets in wanted.items()
        for key, value in (
            ("MIN", buckets.min_s), ("MAX", buckets.max_s), ("COUNT", buckets.bounds),
        )
    }  # fmt: skip
    return documented | {f"DYN_HISTOGRAM_{name}": value for name, value in documented.items()}
