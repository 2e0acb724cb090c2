"""What `--slo` says: goals of a single request, and goals of a whole run.

goals = goal ("," goal)*        goal = name "=" value
of a request: ttft, itl         seconds; behind goodput
of a run:     any figure that has a better and a worse side, such as ttft_p95 or goodput
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gtc_cli.load import words
from gtc_cli.load.judge.conditions import number
from gtc_cli.load.judge.names import Named, named
from gtc_runtime.load.settings import RequestGoals
from gtc_spec.errors import UsageError

FORM: Final = "ttft=2,itl=0.05 (seconds; either may be left out)"
OF_A_RUN: Final = "--slo ttft_p95=2,itl_p95=0.03,goodput=0.95"
_OF_A_REQUEST: Final = ("ttft", "itl")


@dataclass(frozen=True)
class Goal:
    """A goal of a run.

    Attributes:
        figure: What is judged.
        limit: The worst value that is good enough, in the unit of the figure.
    """

    figure: Named
    limit: float

    def __str__(self) -> str:
        sign = "≤" if self.figure.figure.better == "less" else "≥"
        return f"{self.figure} {sign} {words.in_unit(self.limit, self.figure.figure.unit)}"

    def missed(self, document: Mapping[str, Any]) -> str:
        """Why a run misses it, in a few words; empty when it does not. No data misses it."""
        value = self.figure.of(document)
        if value is None:
            return f"{self.figure} has no data"
        better = self.figure.figure.better
        if (value <= self.limit) if better == "less" else (value >= self.limit):
            return ""
        return f"{self.figure} {words.in_unit(value, self.figure.figure.unit)}"


def parse(text: str, default: RequestGoals) -> RequestGoals:
    """The goals of a request; one that is left out follows a percentile of it, else `default`.

    Raises:
        UsageError: The text holds something else, or a limit is not above 0.
    """
    found: dict[str, float] = {}
    percentiles: dict[str, float] = {}
    for name, value in _pairs(text):
        if name in _OF_A_REQUEST:
            found[f"{name}_s"] = _seconds(name, value)
        else:
            goal = _goal(text, name, value)
            measure = name.partition("_")[0]
            if measure in _OF_A_REQUEST and goal.figure.key == "all":
                percentiles[f"{measure}_s"] = goal.limit
    return default.model_copy(update=percentiles | found)


def of_a_run(text: str) -> list[Goal]:
    """The goals of a run.

    Raises:
        UsageError: There is none, or the text holds something else.
    """
    pairs = _pairs(text) if text else []
    goals = [_goal(text, name, value) for name, value in pairs if name not in _OF_A_REQUEST]
    if not goals:
        raise UsageError("a search needs goals of a run", OF_A_RUN)
    return goals


def _pairs(text: str) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for part in text.split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name or name in found:
            raise UsageError(f"not goals of a request: {text!r}, allowed: {FORM}", OF_A_RUN)
        found[name] = value
    return list(found.items())


def _goal(text: str, name: str, value: str) -> Goal:
    figure = named(name)
    if figure.figure.better is None:
        raise UsageError(f"{name} is no goal: more of it is neither better nor worse", OF_A_RUN)
    return Goal(figure, number(text, value, figure.figure.unit))


def _seconds(name: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UsageError(f"{name}={value} is not a goal, allowed: seconds above 0", f"--slo {FORM}")
    return seconds
