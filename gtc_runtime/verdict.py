"""A judged statement: what was found, whether that is good, and what to do when it is not.

One value for every question that the demo can answer for itself: before money flows, before a show,
by real requests, about boards, and about the story that a cycle tells. This module must not know
any question, nor how answers are found or shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

State = Literal["green", "red", "not-applicable", "not-permitted"]
STATES: Final[tuple[State, ...]] = ("red", "not-permitted", "not-applicable", "green")
"""Every state, the one that needs a person first."""


@dataclass(frozen=True)
class Verdict:
    """What one question came to.

    Attributes:
        name: One to three words; given by whoever asks, so that answers need not know it.
        state: ``not-applicable`` when the thing does not exist here or its cause is red already;
            ``not-permitted`` when our account may not look.
        found: What is there, or why nothing can be said; one line.
        expected: What should be there; empty where ``found`` says it all.
        hint: What to do, when red.
        took_s: Seconds from the question to the answer.
    """

    name: str
    state: State
    found: str
    expected: str = ""
    hint: str = ""
    took_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain containers for ``--json`` and for REST."""
        return asdict(self)


class NotApplicable(Exception):  # noqa: N818 - an answer, not a failure
    """There is nothing to look at here.

    Args:
        reason: Why, one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RestsOn(NotApplicable):
    """Nothing can be said because something else is broken, which another check tells.

    Args:
        cause: Name of that check.
        why: What is broken, one line; told by that check itself.
    """

    def __init__(self, cause: str, why: str = "") -> None:
        super().__init__(f"see {cause}")
        self.cause, self.why = cause, why


def green(found: str, expected: str = "") -> Verdict:
    """All is well."""
    return Verdict("", "green", found, expected)


def red(found: str, expected: str, hint: str) -> Verdict:
    """Somebody has to act."""
    return Verdict("", "red", found, expected, hint)


def judge(good: bool, found: str, expected: str, hint: str) -> Verdict:
    """Green or red; the hint is for red only."""
    return green(found, expected) if good else red(found, expected, hint)


def not_applicable(reason: str) -> Verdict:
    """There is nothing to look at here."""
    return Verdict("", "not-applicable", reason)


def not_permitted(found: str) -> Verdict:
    """Our account may not look."""
    return Verdict("", "not-permitted", found)


@dataclass(frozen=True)
class Report:
    """The verdicts of one run.

    Attributes:
        checks: Every verdict, in the order of its questions.
        took_s: Seconds for all of them.
    """

    checks: tuple[Verdict, ...]
    took_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing is red."""
        return not self.of("red")

    def of(self, *states: State) -> Sequence[Verdict]:
        """The verdicts in one of these states."""
        return [check for check in self.checks if check.state in states]

    def to_json(self) -> dict[str, Any]:
        """Plain containers for ``--json`` and for REST."""
        return {
            "passed": self.passed,
            "took_s": round(self.took_s, 2),
            "checks": [check.to_json() for check in self.checks],
        }

    @property
    def summary(self) -> str:
        """How many checks are in each state, those that need a person first."""
        counted = {state: len(self.of(state)) for state in STATES}
        told = ", ".join(f"{number} {state}" for state, number in counted.items() if number)
        return f"{told} in {self.took_s:.1f} s"
