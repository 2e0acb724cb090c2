"""One cycle of a show, played for an answer.

The only place that starts a `Simulation`, so that every answer plays the same one. It must not know
what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_spec.environment import Environment

JSON = dict[str, Any]


@dataclass(frozen=True)
class Show:
    """What is played.

    Attributes:
        environment: Facts, with the phase table to play.
        hardware: What it is played on.
    """

    environment: Environment
    hardware: Hardware

    @classmethod
    def of(cls, environment: Environment) -> Self:
        """The show of an environment on its own hardware.

        Raises:
            UsageError: It names a profile that does not exist.
        """
        return cls(environment, Hardware.of(environment))


@dataclass(frozen=True)
class Cycle:
    """What one cycle came to.

    Attributes:
        phases: Its phases in report form.
    """

    phases: list[JSON]


def play(show: Show, seed: int) -> Cycle:
    """Play one cycle; equal seeds give equal cycles."""
    return Cycle(Simulation(show.environment, show.hardware, seed).run())
