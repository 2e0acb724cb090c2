"""Which workers serve: prefill and decode apart, or both in one."""

from __future__ import annotations

from dataclasses import dataclass

from gtc_spec.errors import UsageError
from gtc_spec.pools import PDRatio


@dataclass(frozen=True)
class Topology:
    """Workers that serve one load, one GPU each.

    Attributes:
        prefill, decode: Workers of disaggregated serving.
        aggregated: Workers that do both; then there are none of the others.

    Raises:
        UsageError: The workers cannot serve a request.
    """

    prefill: int = 0
    decode: int = 0
    aggregated: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot serve."""
        disaggregated = self.prefill >= 1 and self.decode >= 1 and self.aggregated == 0
        aggregated = self.aggregated >= 1 and self.prefill == self.decode == 0
        if not (disaggregated or aggregated):
            raise UsageError(
                f"topology {self.prefill}P:{self.decode}D and {self.aggregated} aggregated serves"
                " nothing, allowed: prefill and decode workers, or aggregated ones"
            )

    @classmethod
    def of(cls, ratio: PDRatio) -> Topology:
        """The pools of a P:D ratio."""
        return cls(ratio.prefill, ratio.decode)

    @property
    def gpus(self) -> int:
        """GPUs that it takes."""
        return self.prefill + self.decode + self.aggregated

    def __str__(self) -> str:
        """``1P:1D``, or ``2 aggregated``."""
        if self.aggregated:
            return f"{self.aggregated} aggregated"
        return f"{self.prefill}P:{self.decode}D"
