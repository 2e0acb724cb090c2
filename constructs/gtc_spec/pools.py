"""Worker pools, the P:D ratio and scale rules.

This module must not know phases, nodes, Kubernetes or metrics: it is the arithmetic of who works.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gtc_spec.arguments import plainly
from gtc_spec.errors import UsageError

Role = Literal["prefill", "decode"]
ROLES: tuple[Role, ...] = ("prefill", "decode")

Mode = Role | Literal["aggregated"]
"""What a worker does: one leg of a request, or both."""

Trigger = Literal["queued_requests", "decode_streams", "ttft_p95_ms", "itl_p95_ms"]
"""What a scaler watches; what is asked for each is in `gtc_spec.telemetry.promql`."""
MetricType = Literal["AverageValue", "Value"]
"""How the HPA reads a number: divided by the replicas, or as it is."""
METRIC_TYPES: Final[Mapping[Trigger, MetricType]] = {
    "queued_requests": "AverageValue",
    "decode_streams": "AverageValue",
    "ttft_p95_ms": "Value",
    "itl_p95_ms": "Value",
}
"""A total is shared by the workers; a latency is not."""

_RATIO = re.compile(r"(\d{1,2})P:(\d{1,2})D")


@dataclass(frozen=True, order=True)
class PDRatio:
    """Desired prefill and decode workers, always absolute; written ``2P:3D``."""

    prefill: int
    decode: int

    @classmethod
    def parse(cls, text: str) -> PDRatio:
        """Read ``2P:3D``; each pool keeps at least one worker.

        Raises:
            UsageError: The text is not a ratio, or a pool would be empty. A pool at 0 evicts
                the whole gang, frontend included (ai-dynamo/grove#676).
        """
        match = _RATIO.fullmatch(text)
        if match is None:
            raise UsageError(f"not a P:D ratio: {text!r}, allowed: like 2P:3D")
        ratio = cls(int(match[1]), int(match[2]))
        if min(ratio.prefill, ratio.decode) < 1:
            raise UsageError(f"P:D ratio {text} empties a pool, allowed: at least 1P:1D")
        return ratio

    def __str__(self) -> str:
        """The written form, ``2P:3D``."""
        return f"{self.prefill}P:{self.decode}D"

    @property
    def total(self) -> int:
        """Slots that the ratio needs, one a worker."""
        return self.prefill + self.decode

    def of(self, role: Role) -> int:
        """Desired workers of one pool."""
        return self.prefill if role == "prefill" else self.decode

    def at_least(self, other: PDRatio) -> PDRatio:
        """The larger of the two, pool by pool."""
        return PDRatio(max(self.prefill, other.prefill), max(self.decode, other.decode))

    def at_most(self, other: PDRatio) -> PDRatio:
        """The smaller of the two, pool by pool."""
        return PDRatio(min(self.prefill, other.prefill), min(self.decode, other.decode))


@plainly
class ScaleRule(BaseModel):
    """When KEDA scales one pool, and between which limits (they bind KEDA only, not phases)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trigger: Trigger
    """What is watched."""
    threshold: float = Field(gt=0)
    """Requests or streams per worker, or milliseconds for a latency trigger; above 0."""
    min: int = Field(ge=1)
    """Fewest workers, at least 1."""
    max: int = Field(ge=1)
    """Most workers, at least 1."""

    @property
    def metric_type(self) -> MetricType:
        """How the HPA reads the number of its trigger."""
        return METRIC_TYPES[self.trigger]


class Pool(BaseModel):
    """One pool of identical workers, one slot each."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    initial: int = Field(ge=1)
    """Workers at rest; part of the initial ratio."""
    drain_s: float = Field(ge=0, le=600)
    """Longest time that a removed worker keeps its slot while it finishes what it started."""
    scale: ScaleRule


class Pools(BaseModel):
    """The two pools of disaggregated serving."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prefill: Pool
    decode: Pool

    def of(self, role: Role) -> Pool:
        """One pool by its role."""
        return self.prefill if role == "prefill" else self.decode

    @property
    def initial_ratio(self) -> PDRatio:
        """The ratio that every demo starts and ends with."""
        return PDRatio(self.prefill.initial, self.decode.initial)
