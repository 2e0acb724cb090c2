"""A small show for tests of the scenario: a guard, a gate, a settle tail and a ramp; its player."""

from typing import Self

from gtc_runtime.scenario import machine
from gtc_runtime.scenario.machine import Action, Entered, Observation, SetRatio
from gtc_spec.phases import Phase, PhaseName, Settle, Timeline
from gtc_spec.pools import PDRatio
from gtc_spec.workloads import WorkloadMix

CHAT = WorkloadMix(100, 0, 0)
DOCUMENTS = WorkloadMix(0, 100, 0)
EVEN = WorkloadMix(50, 0, 50)

STRESS = Phase(
    name=PhaseName.PREFILL_STRESS,
    duration_s=60,
    rps=2,
    mix=DOCUMENTS,
    ratio=PDRatio(2, 3),
    guard_queued=25,
    narration="documents queue",
)
RECOVERY = Phase(
    name=PhaseName.PREFILL_RECOVERY,
    duration_s=40,
    max_s=90,
    rps=2,
    mix=DOCUMENTS,
    ratio=PDRatio(4, 3),
    gate="ready",
    settle=Settle(duration_s=20, rps=1, mix=EVEN, ratio=PDRatio(2, 3)),
    narration="the queue drains",
)
COOLDOWN = Phase(
    name=PhaseName.COOLDOWN,
    duration_s=30,
    rps=3,
    ramp_to_rps=0,
    mix=CHAT,
    ratio=PDRatio(2, 3),
    narration="load fades",
)
LEAD_S = 50.0
SHOW = Timeline((STRESS, RECOVERY, COOLDOWN), LEAD_S)
STRESS_AT, RECOVERY_AT, SETTLE_AT, COOLDOWN_AT = range(4)
SMALL, LARGE = PDRatio(2, 3), PDRatio(4, 3)


class Show:
    """Plays a timeline; what it sees stays as it was set until it is set again."""

    def __init__(self, timeline: Timeline = SHOW, *, once: bool = False, at_s: float = 1000.0):
        self.timeline = timeline
        self.began_s = self.now_s = at_s
        self.ready: PDRatio | None = SMALL
        self.queued: int | None = 0
        self.state, self.actions = machine.start(timeline, at_s, once=once)
        self.told: list[tuple[float, Action]] = [(0.0, each) for each in self.actions]

    def seen(self) -> Observation:
        return Observation(self.now_s, self.ready, self.queued)

    def step(self, seconds: float = 1.0) -> list[Action]:
        self.now_s += seconds
        self.state, self.actions = machine.step(self.timeline, self.state, self.seen())
        self.told += [(self.now_s - self.began_s, each) for each in self.actions]
        return self.actions

    def to(self, second: float) -> Self:
        """Step once a second until this long after the start."""
        while self.now_s - self.began_s < second:
            self.step()
        return self

    def entered(self) -> list[tuple[float, int, str]]:
        return [(at, each.index, each.why) for at, each in self.told if isinstance(each, Entered)]

    def ordered(self) -> list[tuple[float, str]]:
        return [(at, str(each.ratio)) for at, each in self.told if isinstance(each, SetRatio)]

    def load(self) -> tuple[float, str] | None:
        found = machine.load_at(self.timeline, self.state, self.now_s)
        return None if found is None else (round(found[0], 6), str(found[1]))
