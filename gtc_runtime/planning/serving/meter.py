"""What the GPUs of one pool have done so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """Sums over the workers of a pool.

    Attributes:
        busy_s: GPU seconds of computing.
    """

    busy_s: float = 0.0
