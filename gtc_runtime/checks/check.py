"""What a check says, and the two ways in which it cannot say anything.

One fault turns one check red. A check that rests on something that is broken says so and stays out
of the way: it is not applicable until its cause is mended. This module must not know any check.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

State = Literal["green", "red", "not-applicable", "not-permitted"]
STATES: Final[tuple[State, ...]] = ("red", "not-permitted", "not-applicable", "green")
"""Every state, the one that needs a person first."""


@dataclass(frozen=True)
class Finding:
    """What one look came to.

    Attributes:
        state: ``not-applicable`` when the thing does not exist here or its cause is red already;
            ``not-permitted`` when our account may not look.
        found: What is there, or why nothing can be said; one line.
        expected: What should be there; empty where ``found`` says it all.
        hint: What to do, when red.
    """

    state: State
    found: str
    expected: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Check:
    """A finding with its name and the time it took; meanings as in `Finding`.

    Attributes:
        name: One to three words, see `gtc_runtime.checks.preflight.PROBES`.
        took_s: Seconds from its start to its answer.
    """

    name: str
    state: State
    found: str
    expected: str
    hint: str
    took_s: float

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


def green(found: str, expected: str = "") -> Finding:
    """All is well."""
    return Finding("green", found, expected)


def red(found: str, expected: str, hint: str) -> Finding:
    """Somebody has to act."""
    return Finding("red", found, expected, hint)


def judge(good: bool, found: str, expected: str, hint: str) -> Finding:
    """Green or red; the hint is for red only."""
    return green(found, expected) if good else red(found, expected, hint)
