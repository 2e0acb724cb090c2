"""Flags of a rehearsal on GPUs: which workers, whose weights, how many on one GPU."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gtc_rehearsal.dynamo.real import gpus
from gtc_rehearsal.dynamo.real.workers import START_DEADLINE_S, RealPlan, refuse
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError

MOST_SHARE = 4

_FLAGS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--workers",
        type=click.Choice(["simulated", "vllm"]),
        default="simulated",
        show_default=True,
        help="Simulated workers, or real ones: vLLM on the NVIDIA GPUs of this machine.",
    ),
    click.option(
        "--gpu-share",
        type=click.IntRange(1, MOST_SHARE),
        default=None,
        help="With --workers vllm: so many workers on one GPU, for a functional trial. [1]",
    ),
    click.option(
        "--weights",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="With --workers vllm: folder of the checkpoint.",
    ),
    click.option(
        "--random-weights",
        is_flag=True,
        help="With --workers vllm: the model's shapes filled with random numbers: real times,"
        " answers without sense.",
    ),
)


def flags(command: Any) -> Any:
    """Adds them to a command."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


@dataclass(frozen=True)
class Asked:
    """What the flags said; names as theirs."""

    workers: str
    gpu_share: int | None
    weights: Path | None
    random_weights: bool

    def refuse_odd(self) -> None:
        """Refuse flags that make no sense together.

        Raises:
            UsageError: Some do not.
        """
        given = {
            "--gpu-share": self.gpu_share is not None,
            "--weights": self.weights is not None,
            "--random-weights": self.random_weights,
        }
        named = [flag for flag, is_given in given.items() if is_given]
        if self.workers != "vllm" and named:
            raise UsageError(f"{named[0]} needs --workers vllm")
        if self.workers == "vllm" and (self.weights is not None) == self.random_weights:
            raise UsageError(
                "--workers vllm needs --weights DIR or --random-weights, one of the two"
            )
        if self.weights is not None and not self.weights.is_dir():
            raise UsageError(f"no checkpoint: there is no directory {self.weights}")

    @property
    def panel_flags(self) -> tuple[str, ...]:
        """What the panel is told of real workers; nothing for simulated ones."""
        return ("--real-starts",) if self.workers == "vllm" else ()

    def planned(self, env: Environment, python: str) -> dict[str, Any]:
        """What the supervisor is told of real workers; nothing for simulated ones.

        Raises:
            GtcError: This machine cannot run them.
        """
        if self.workers != "vllm":
            return {}
        weights = self.weights.resolve() if self.weights else None
        plan = RealPlan(python or sys.executable, self.gpu_share or 1, weights)
        refuse(plan, env, gpus.found(os.environ))
        return {
            "cluster_flags": ("--real", plan.text),
            "workers": self.workers,
            "workers_start_s": START_DEADLINE_S,
        }
