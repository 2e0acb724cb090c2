"""When and how a panel dies: one case a step of a show, every way to die in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Signal = Literal["SIGKILL", "SIGTERM"]
_WAYS: Final[tuple[tuple[Signal, bool, bool], ...]] = (
    ("SIGKILL", False, True), ("SIGTERM", True, False),
    ("SIGKILL", True, False), ("SIGTERM", False, True),
    ("SIGKILL", True, True), ("SIGTERM", False, False),
    ("SIGKILL", False, False), ("SIGTERM", True, True),
)  # fmt: skip
"""Signal, whether the request is carried out first, whether the panel is started again."""
STEPS: Final = 30
"""Of one cycle: pause, replicas, state of each phase, and the way back."""


@dataclass(frozen=True)
class Case:
    """How one panel dies.

    Attributes:
        step: It dies at the Nth of its requests that change something, the Lease left out.
        signal: What it is sent.
        after: The request is carried out first.
        restart: It is started again at once; else the guardian is alone.
    """

    number: int
    step: int
    signal: Signal
    after: bool
    restart: bool

    def __str__(self) -> str:
        when = "after" if self.after else "before"
        then = "then restarted" if self.restart else "then guarded"
        return f"{self.signal} {when} step {self.step}, {then}"


def cases(runs: int, steps: int = STEPS) -> list[Case]:
    """Steps from the first one on, spread over so many, each way to die in turn."""
    return [
        Case(number, 1 + number * steps // runs, *_WAYS[number % len(_WAYS)])
        for number in range(runs)
    ]
