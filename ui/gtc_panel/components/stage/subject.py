"""What is to be looked at now: the one figure that the running phase is about.

Derived from the phase table (which pool is overloaded, which one grows) and not from names, so that
a table of somebody's own works as well. It must not know widgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from gtc_runtime.view import DemoView
from gtc_spec.phases import Phase
from gtc_spec.pools import ROLES, Role
from gtc_spec.workloads import SUMMED

Subject = Literal["ttft", "itl", "turns", "tokens"]
DECIDES: Final[Mapping[Role, Subject]] = {"prefill": "ttft", "decode": "itl"}
"""The latency that a pool decides."""


def cured(phases: tuple[Phase, ...], place: int) -> Role | None:
    """The pool that a phase helps out after the phase before has overloaded it; None if none."""
    before, phase = phases[place - 1] if place else None, phases[place]
    if before is None or not before.name.stresses or phase.name.stresses:
        return None
    grown = [role for role in ROLES if phase.ratio.of(role) > before.ratio.of(role)]
    return grown[0] if grown else None


def subject_of(phases: tuple[Phase, ...], place: int) -> Subject:
    """What the phase at a place of the strip is about."""
    stressed = phases[place].name.stresses and place + 1 < len(phases)
    pool = cured(phases, place + 1 if stressed else place)
    if pool is not None:
        return DECIDES[pool]
    shares: dict[str, int] = dict(phases[place].mix.items())
    return "turns" if only_conversations(shares) else "tokens"


def subject_by_hand(view: DemoView) -> Subject:
    """What is worth looking at while a person drives: what misses its goal, else the load."""
    every, goals = view.workloads.get("all"), view.goals
    if every is not None and (every.ttft.p95_ms or 0) > goals.ttft_p95_ms:
        return "ttft"
    if every is not None and (every.itl.p95_ms or 0) > goals.itl_p95_ms:
        return "itl"
    return "turns" if only_conversations(view.load.mix) else "tokens"


def only_conversations(shares: Mapping[str, int]) -> bool:
    """Whether every request is a turn of a conversation."""
    sent: Iterable[str] = [each for each, share in shares.items() if share > 0]
    return bool(sent) and all(each in SUMMED for each in sent)
