"""What a check says, the two ways in which it cannot say anything, and how checks are asked.

One fault turns one check red. A check that rests on something that is broken says so and stays out
of the way: it is not applicable until its cause is mended. All are asked at the same time, each
with its deadline, and whatever happens inside one becomes its finding: no check can end or hold up
another one. This module must not know any check, nor what they look at.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from gtc_spec.errors import GtcError, UsageError

log = logging.getLogger(__name__)

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
        name: One to three words, the name of its probe.
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


DEADLINE_S: Final = 12.0
"""Longest time of one check, unless it says otherwise."""
Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Probe(Generic[Subject]):
    """One question.

    Attributes:
        name: What people call it.
        asks: The question, one line; the documents list it.
        look: Finds the answer.
        deadline_s: Longest time for it, seconds.
    """

    name: str
    asks: str
    look: Callable[[Subject], Awaitable[Finding]]
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True)
class Report:
    """One run.

    Attributes:
        checks: Every check, in the order of its probes.
        took_s: Seconds for all of them.
    """

    checks: tuple[Check, ...]
    took_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing is red."""
        return not any(check.state == "red" for check in self.checks)

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
        counted = {state: sum(c.state == state for c in self.checks) for state in STATES}
        told = ", ".join(f"{number} {state}" for state, number in counted.items() if number)
        return f"{told} in {self.took_s:.1f} s"


def chosen(probes: Sequence[Probe[Subject]], only: Sequence[str]) -> tuple[Probe[Subject], ...]:
    """The probes of these names; all of them without any.

    Raises:
        UsageError: There is none of such a name; all names are told.
    """
    known = {probe.name: probe for probe in probes}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise UsageError(f"unknown check '{unknown[0]}', allowed: {', '.join(known)}")
    return tuple(known[name] for name in only) or tuple(probes)


def _red(_name: str, error: GtcError) -> Finding:
    return red(error.message, "an answer", error.hint)


@dataclass(frozen=True)
class Round(Generic[Subject]):
    """How a kind of check is asked.

    Attributes:
        whole_s: Longest time of all together, seconds.
        hints: What to do when the very thing that a check is about does not answer, by its name.
        refused: What an error comes to; told the name of the check. Default: red.
    """

    whole_s: float
    hints: Mapping[str, str]
    refused: Callable[[str, GtcError], Finding] = _red

    async def ask(self, subject: Subject, probes: Sequence[Probe[Subject]]) -> Report:
        """Ask everything at the same time."""
        started = time.monotonic()
        checks = await asyncio.gather(*(self._check(subject, probe) for probe in probes))
        return Report(tuple(checks), time.monotonic() - started)

    async def _check(self, subject: Subject, probe: Probe[Subject]) -> Check:
        started = time.monotonic()
        finding = await self._finding(subject, probe)
        took_s = round(time.monotonic() - started, 3)
        hint = finding.hint if finding.state == "red" else ""
        return Check(probe.name, finding.state, finding.found, finding.expected, hint, took_s)

    async def _finding(self, subject: Subject, probe: Probe[Subject]) -> Finding:
        limit_s = min(probe.deadline_s, self.whole_s)
        try:
            async with asyncio.timeout(limit_s):
                return await probe.look(subject)
        except TimeoutError:
            found = f"no answer within {limit_s:g} s"
            return red(found, "an answer", "try again; then look by hand")
        except RestsOn as error:
            if error.cause == probe.name:
                return red(error.why, "an answer", self.hints.get(probe.name, ""))
            return Finding("not-applicable", error.reason)
        except NotApplicable as error:
            return Finding("not-applicable", error.reason)
        except GtcError as error:
            return self.refused(probe.name, error)
        except Exception as error:  # foreign documents of any shape; the other checks go on
            log.exception("the check %s failed", probe.name)
            told = f"{type(error).__name__}: {error}".split("\n", 1)[0]
            return red(f"could not be judged: {told}", "an answer", "look by hand")
