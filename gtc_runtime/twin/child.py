"""The process that plays the twin: an environment on its input, a prediction on its output.

Of the lowest priority, because a show may run beside it: ``-m gtc_runtime.twin.child SEEDS 0``, and
1 in the place of 0 for what a rehearsal simulates. Who asked may be killed at any moment: then it
ends, and says nothing.
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
    environment: Environment, hardware: Hardware, seeds: int
) -> Iterator[tuple[list[Course], list[dict[str, Any]]]]:
    """Cycles of the seeds 1, 2, …, see `predicted`."""
    for seed in range(1, seeds + 1):
        simulation = Simulation(environment, hardware, seed)
        phases = simulation.run()
        yield courses(simulation), phases


def main(seeds: int, *, simulated: bool) -> None:
    """Play what is asked for."""
    os.nice(LOWEST)
    asked = sys.stdin.buffer.readline()
    if not asked.endswith(b"\n"):
        return  # who asked was gone before all was said
    environment = Environment.model_validate(json.loads(asked))
    hardware = Hardware.of_target(environment, simulated=simulated)
    told = predicted(list(play(environment, hardware, seeds))).to_json()
    try:
        sys.stdout.buffer.write(told)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # nobody listens any more; at its end Python would try once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main(int(sys.argv[1]), simulated=sys.argv[2] == "1")
