"""The show as data: phases, and the timeline that a table expands to.

A phase says what load runs and which P:D ratio it wants. Because a worker needs ``worker_start_s``
to start, growth is ordered that long ahead and may reach into the phase before. `Timeline` does
that arithmetic once; the conductor, the planner and the validator all read its segments.
This module must not know clocks, clusters or how load is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from gtc_spec.errors import UsageError
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix


class PhaseName(StrEnum):
    """States of auto mode, in the order of the show: one entry a phase.

    Attributes:
        colour: Key in `gtc_spec.colours` of its stretch on the boards.
        stresses: Whether it overloads a pool on purpose, so that a guard may end it early.
    """

    colour: str
    stresses: bool

    def __new__(cls, name: str, colour: str, stresses: bool = False) -> Self:
        """The name, with what is told beside it."""
        made = str.__new__(cls, name)
        made._value_, made.colour, made.stresses = name, colour, stresses
        return made

    IDLE = "IDLE", "line"
    BALANCED = "BALANCED", "action"
    KV_CACHE_DEMO = "KV_CACHE_DEMO", "action"
    PREFILL_STRESS = "PREFILL_STRESS", "alarm", True
    PREFILL_RECOVERY = "PREFILL_RECOVERY", "prefill"
    DECODE_STRESS = "DECODE_STRESS", "alarm", True
    DECODE_RECOVERY = "DECODE_RECOVERY", "decode"
    FULL_LOAD = "FULL_LOAD", "warning"
    COOLDOWN = "COOLDOWN", "muted"


def phase_title(name: str) -> str:
    """A phase for people: ``PREFILL_STRESS`` becomes ``Prefill stress``."""
    return name.replace("_", " ").capitalize().replace("Kv ", "KV ")


EPSILON_S = 1e-6
"""Instants closer than this are one: sums of scaled lengths differ in their last digits."""


def _parsed(parse: Any) -> BeforeValidator:
    """Let a field take its written form; a broken one becomes a pydantic problem."""

    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except UsageError as error:
            raise ValueError(error.message) from error

    return BeforeValidator(convert)


Mix = Annotated[WorkloadMix, _parsed(WorkloadMix.parse), PlainSerializer(str)]
Ratio = Annotated[PDRatio, _parsed(PDRatio.parse), PlainSerializer(str)]


class Settle(BaseModel):
    """Quiet end of a phase: clears queues and statistics windows before the next one."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True
    )

    duration_s: float = Field(gt=0)
    rps: float = Field(ge=0)
    mix: Mix
    ratio: Ratio


class Phase(BaseModel):
    """One act of the show."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True
    )

    name: PhaseName
    duration_s: float = Field(gt=0)
    """Length; with a gate it counts from the moment that the gate opened."""
    rps: float = Field(ge=0)
    mix: Mix
    ratio: Ratio
    """Workers that the phase wants, absolute."""
    ramp_to_rps: float | None = Field(default=None, ge=0)
    """Where the rate ends when it changes linearly over the phase."""
    gate: Literal["ready"] | None = None
    """``ready``: the length counts once every desired worker is Ready."""
    max_s: float | None = None
    """Longest that a gated phase may take before its settle tail."""
    guard_queued: int | None = Field(default=None, ge=1)
    """A stress phase ends early when more requests than this wait for their first token."""
    settle: Settle | None = None
    narration: str
    """What it is about, twelve words at most; what is seen is told beside it, from the figures."""


class PhaseTable(BaseModel):
    """One complete cycle."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    lead_s: float | None = Field(default=None, ge=0)
    """How long ahead growth is ordered; empty means ``worker_start_s``."""
    phases: tuple[Phase, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Order:
    """At ``at_s`` after the start of its segment the ratio becomes ``ratio``."""

    at_s: float
    ratio: PDRatio


@dataclass(frozen=True)
class Segment:
    """A stretch with one load: the main part of a phase or its settle tail.

    Attributes:
        phase: The phase it belongs to.
        kind: ``main`` or ``settle``.
        nominal_s: Planned length; counts from the gate when there is one.
        max_s: Longest length; equals ``nominal_s`` without a gate.
        rps, ramp_to_rps, mix: The load; the rate is linear between both ends.
        ratio: Workers that it wants.
        gate, guard_queued: See `Phase`.
        orders: Ratios to order during it, the first one at 0 s, growth of later segments included.
    """

    phase: Phase
    kind: Literal["main", "settle"]
    nominal_s: float
    max_s: float
    rps: float
    ramp_to_rps: float
    mix: WorkloadMix
    ratio: PDRatio
    gate: Literal["ready"] | None
    guard_queued: int | None
    orders: tuple[Order, ...] = ()

    def rps_at(self, elapsed_s: float) -> float:
        """Rate after ``elapsed_s`` of the segment, requests per second."""
        share = min(1.0, max(0.0, elapsed_s / self.nominal_s))
        return self.rps + (self.ramp_to_rps - self.rps) * share

    def ratio_at(self, elapsed_s: float) -> PDRatio:
        """Ratio that is ordered after ``elapsed_s`` of the segment."""
        return [order.ratio for order in self.orders if order.at_s <= elapsed_s + EPSILON_S][-1]


class Timeline:
    """A phase table expanded into segments with the orders of every worker.

    Args:
        phases: The phases of one cycle; the cycle repeats.
        lead_s: How long before a segment its additional workers are ordered.
    """

    def __init__(self, phases: tuple[Phase, ...], lead_s: float) -> None:
        bare = [segment for phase in phases for segment in _segments(phase)]
        self.lead_s = lead_s
        self.cycle_s = sum(segment.nominal_s for segment in bare)
        starts = _running_sum([segment.nominal_s for segment in bare])
        self.starts_s = tuple(starts)
        self.segments = tuple(
            _with_orders(segment, start, bare, starts, lead_s, self.cycle_s)
            for segment, start in zip(bare, starts, strict=True)
        )

    def instants(self) -> Iterator[tuple[float, PDRatio]]:
        """Every planned change of the ratio in one cycle: (seconds since its start, ratio)."""
        for start, segment in zip(self.starts_s, self.segments, strict=True):
            for order in segment.orders:
                yield start + order.at_s, order.ratio


def _segments(phase: Phase) -> Iterator[Segment]:
    ramp = phase.rps if phase.ramp_to_rps is None else phase.ramp_to_rps
    longest = phase.max_s if phase.gate and phase.max_s else phase.duration_s
    yield Segment(
        phase, "main", phase.duration_s, longest, phase.rps, ramp, phase.mix, phase.ratio,
        phase.gate, phase.guard_queued,
    )  # fmt: skip
    if phase.settle is not None:
        tail = phase.settle
        yield Segment(
            phase, "settle", tail.duration_s, tail.duration_s, tail.rps, tail.rps, tail.mix,
            tail.ratio, None, None,
        )  # fmt: skip


def _running_sum(lengths: list[float]) -> list[float]:
    starts, at = [], 0.0
    for length in lengths:
        starts.append(at)
        at += length
    return starts


def _with_orders(
    segment: Segment,
    start: float,
    bare: list[Segment],
    starts: list[float],
    lead_s: float,
    cycle_s: float,
) -> Segment:
    """Add the orders: at every instant the ratio is the largest one wanted within the lead."""
    laps = [
        (at + lap * cycle_s, other)
        for lap in (0, 1)
        for at, other in zip(starts, bare, strict=True)
    ]
    end = start + segment.nominal_s
    ahead = (at - lead_s for at, _ in laps)
    points = {start} | {at for at in ahead if start + EPSILON_S < at < end - EPSILON_S}
    orders: list[Order] = []
    for point in sorted(points):
        ratio = segment.ratio
        for at, other in laps:
            if point + EPSILON_S < at <= point + lead_s + EPSILON_S:
                ratio = ratio.at_least(other.ratio)
        if not orders or orders[-1].ratio != ratio:
            orders.append(Order(point - start, ratio))
    return Segment(**{**segment.__dict__, "orders": tuple(orders)})
