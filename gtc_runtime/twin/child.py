"""The process that plays the twin: an environment on its input, a prediction on its output.

Of the lowest priority, because a show may run beside it: ``-m gtc_runtime.twin.child SEEDS``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.twin.course import Course, courses
from gtc_runtime.twin.predicted import predicted
from gtc_spec.environment import Environment

LOWEST = 19


def play(
    environment: Environment, seeds: int
) -> Iterator[tuple[list[Course], list[dict[str, Any]]]]:
    """Cycles of the seeds 1, 2, …, see `predicted`."""
    hardware = Hardware.of(environment)
    for seed in range(1, seeds + 1):
        simulation = Simulation(environment, hardware, seed)
        phases = simulation.run()
        yield courses(simulation), phases


def main(seeds: int) -> None:
    """Play what is asked for."""
    os.nice(LOWEST)
    environment = Environment.model_validate(json.load(sys.stdin.buffer))
    sys.stdout.buffer.write(predicted(list(play(environment, seeds))).to_json())


if __name__ == "__main__":
    main(int(sys.argv[1]))
