"""What a recorded cycle came to, as plain values for a page: phases, claims, figures, events.

Everything is read off the views that were shown, so a page says what the screen said. It must not
know HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gtc_runtime.recording.cycles import Cycle
from gtc_runtime.recording.reader import Recording
from gtc_runtime.told import ClaimView, ComparedView
from gtc_runtime.twin.fidelity import off
from gtc_runtime.view import DemoView, EventView, Light, Quantiles
from gtc_spec.cloud.nodes import hardware
from gtc_spec.errors import UsageError
from gtc_spec.phases import phase_title

_AFTER_S: Final = 60.0
"""What happens so long after a cycle still belongs to it: KEDA gets its pools back."""

Seen = list[tuple[float, DemoView]]


@dataclass(frozen=True)
class Act:
    """One phase as it was played.

    Attributes:
        name: For people.
        start_s, length_s: Seconds of the cycle, its settle tail included.
        workers: Ready at the end of its main part: ``4P:3D``; empty when not known.
        rps: Rate at that time.
        mix: Shares of chat, summarization and reasoning: ``40/30/30``.
        ttft, itl: Quantiles of the 30 s before that time.
    """

    name: str
    start_s: float
    length_s: float
    workers: str
    rps: float
    mix: str
    ttft: Quantiles
    itl: Quantiles


@dataclass(frozen=True)
class Story:
    """One cycle.

    Attributes:
        number: Counted from 1 in its recording, of how many.
        of: How many there are.
        whole: Whether it was played from its beginning to its end.
        views: Time in the cycle and view, a second apart.
        claims: As they stood when it was over.
        acts: Its phases.
        events: What happened, with the second of the cycle.
        lights: Share of the seconds at which the client's light showed each colour.
        hardware: What the workers ran on.
        simulated: Whether that was simulated.
        twin: Its figures beside those that a simulation predicted; empty without a prediction.
    """

    number: int
    of: int
    whole: bool
    views: Seen
    claims: tuple[ClaimView, ...]
    acts: tuple[Act, ...]
    events: tuple[tuple[float, EventView], ...]
    lights: dict[Light, float]
    hardware: str
    simulated: bool
    twin: tuple[ComparedView, ...]

    @property
    def off(self) -> float | None:
        """The median of how far the simulation was off, as a share; None without figures."""
        return off(self.twin)

    @property
    def first(self) -> DemoView:
        """The view with which it begins."""
        return self.views[0][1]


def story(recording: Recording, number: int | None) -> Story:
    """One cycle of a recording.

    Args:
        recording: Where it is.
        number: Counted from 1; None takes the last whole one, or the last of all.

    Raises:
        UsageError: There is no such cycle.
    """
    cycles = recording.cycles
    if not cycles:
        raise UsageError("there is no show in this recording", "gtc replay plays it all the same")
    if number is None:
        whole = [place for place, cycle in enumerate(cycles, 1) if cycle.whole]
        number = whole[-1] if whole else len(cycles)
    if not 1 <= number <= len(cycles):
        raise UsageError(f"cycle {number}, allowed: 1 to {len(cycles)}")
    cycle = cycles[number - 1]
    played = list(_played(recording, cycle))
    after_s = min(cycle.told_s, cycle.end_s + _AFTER_S)
    return Story(
        number,
        len(cycles),
        cycle.whole,
        played,
        _claims(recording.view(cycle.told_s)) or _claims(recording.view(after_s)),
        tuple(_acts(played)),
        tuple(
            (at_s - cycle.start_s, event)
            for at_s, event in recording.events
            if cycle.start_s <= at_s <= after_s
        ),
        _lights(played),
        hardware(recording.environment.nodes),
        played[0][1].simulated(recording.environment),
        _twin(recording, cycle, played),
    )


def _played(recording: Recording, cycle: Cycle) -> Iterator[tuple[float, DemoView]]:
    for at_s, view in recording.views(cycle.start_s):
        if at_s > cycle.end_s:
            return
        yield at_s - cycle.start_s, view


def _claims(view: DemoView) -> tuple[ClaimView, ...]:
    """Those of the cycle: after its end the view may have others, made by hand."""
    return tuple(claim for claim in view.claims if not claim.by_hand)


def _twin(recording: Recording, cycle: Cycle, played: Seen) -> tuple[ComparedView, ...]:
    """What was compared of the cycle: its last phase is, when the next one has begun."""
    number = played[0][1].phase.cycle
    found: tuple[ComparedView, ...] = ()
    for at_s, view in recording.views(cycle.start_s):
        if at_s > cycle.told_s + _AFTER_S:
            break
        if view.twin.cycle == number:
            found = view.twin.compared
    return found


def _lights(played: Seen) -> dict[Light, float]:
    lights = [view.load.light for _, view in played]
    return {light: lights.count(light) / len(lights) for light in dict.fromkeys(lights)}


def _acts(played: Seen) -> list[Act]:
    groups: dict[str, Seen] = {}
    for at_s, view in played:
        if view.phase.index is not None:  # the show was not stopped for a moment
            groups.setdefault(view.phase.name, []).append((at_s, view))
    return [_act(name, group) for name, group in groups.items()]


def _act(name: str, group: Seen) -> Act:
    main = [view for _, view in group if view.phase.kind == "main"] or [group[-1][1]]
    last, start_s, end_s = main[-1], group[0][0], group[-1][0]
    every = last.workloads.get("all")
    return Act(
        phase_title(name),
        start_s,
        end_s - start_s + 1,
        _ready(last),
        last.load.rps,
        "/".join(str(share) for share in last.load.mix.values()),
        every.ttft if every else Quantiles(),
        every.itl if every else Quantiles(),
    )


def _ready(view: DemoView) -> str:
    ready: dict[str, Any] = {pool.role: pool.ready for pool in view.pools}
    if None in ready.values() or len(ready) < 2:
        return ""
    return f"{ready['prefill']}P:{ready['decode']}D"
