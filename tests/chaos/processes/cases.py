"""When and how a panel dies: each step of a show, every way to die in turn."""

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
FAST, SLOW = 0.06, 0.5
"""Time scales: a cycle of a minute; a first phase of a minute, longer than a restart takes."""
_WITHIN_FIRST_PHASE: Final = (6, 7)


@dataclass(frozen=True)
class Case:
    """How one panel dies.

    Attributes:
        step: It dies at the Nth of its requests that change something, the Lease left out.
        signal: What it is sent.
        after: The request is carried out first.
        restart: It is started again at once; else the guardian is alone.
        goes_on: Its phase lasts longer than the restart takes, so that the show has to go on,
            unless the guardian was first.
    """

    number: int
    step: int
    signal: Signal
    after: bool
    restart: bool
    goes_on: bool = False

    @property
    def time_scale(self) -> float:
        """How much the show is shortened."""
        return SLOW if self.goes_on else FAST

    def __str__(self) -> str:
        when = "after" if self.after else "before"
        then = "then restarted" if self.restart else "then guarded"
        return f"{self.signal} {when} step {self.step}, {then}"


def cases(runs: int, steps: int = STEPS) -> list[Case]:
    """Steps from the first one on, spread over so many, each way to die in turn.

    Where every step has its turn, more follow in which the show has to go on.
    """
    spread = [
        Case(number, 1 + number * steps // runs, *_WAYS[number % len(_WAYS)])
        for number in range(runs)
    ]
    kept = [(step, after) for step in _WITHIN_FIRST_PHASE for after in (False, True)]
    return spread + [
        Case(number, step, "SIGKILL", after, restart=True, goes_on=True)
        for number, (step, after) in enumerate(kept if runs >= steps else (), runs)
    ]
