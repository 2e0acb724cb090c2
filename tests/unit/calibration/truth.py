"""Runs whose truth is known: the twin plays them on a profile that was changed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from gtc_runtime.calibration.beside import as_seen
from gtc_runtime.calibration.live_run import Answered, LiveRun
from gtc_runtime.calibration.refit import Refit
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.topology import Topology
from gtc_runtime.planning.trace import Recorded, replay
from gtc_spec.environment import Environment, load
from gtc_spec.profiles.profile import Profile


@dataclass(frozen=True)
class Truth:
    """What a run is made from: factors on the profile, and what lies beside its steps.

    Attributes:
        name: The profile.
        gap_s: From one request to the next; long enough for each to have its worker alone.
        rps: In place of the gap: requests come at random at this rate.
    """

    name: str = "llama-3.1-70b.h200.fp8"
    prefill: float = 1.0
    decode: float = 1.0
    request_ms: float | None = None
    link_gb_s: float | None = None
    gap_s: float = 9.0
    rps: float = 0.0

    @property
    def profile(self) -> Profile:
        """The packaged one."""
        return Profile.load(self.name)

    @property
    def environment(self) -> Environment:
        """The environment of its model."""
        return load("prod" if "-70b." in self.name else "dev")

    @property
    def hardware(self) -> Hardware:
        """What the run is played on."""
        changed = Refit(self.prefill, self.decode, self.request_ms, self.link_gb_s, None, 0, 0, 0)
        return Hardware.of(self.environment, changed.applied(self.profile, self.name, "made up"))

    def run(self, requests: int = 60, seed: int = 1, noise: float = 0.0) -> LiveRun:
        """Prompts of 245 to 20,000 tokens for one prefill and one decode worker."""
        draws, due_s, trace = random.Random(seed), 0.0, list[Recorded]()
        for _ in range(requests):
            prompt, answer = round(math.exp(draws.uniform(5.5, 9.9))), draws.randint(40, 300)
            trace.append(Recorded(due_s, "reasoning", prompt, answer, "", 0.0, None))
            due_s += draws.expovariate(self.rps) if self.rps else self.gap_s
        seen = as_seen(replay(self.hardware, Topology(1, 1), trace))
        return LiveRun(tuple(_later(each, draws.gauss(0, noise)) for each in seen), (), ())


def _later(each: Answered, share: float) -> Answered:
    late_s = share * (each.first_s - each.send_s)
    return replace(each, first_s=each.first_s + late_s, last_s=each.last_s + late_s)
