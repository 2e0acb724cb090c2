"""A small show for tests of the scenario: a guard, a gate, a settle tail and a ramp."""

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
