"""How checks are asked, at the same time or one after the other, each with its deadline.

One fault turns one check red. A check that rests on something that is broken says so and stays out
of the way: it is not applicable until its cause is mended. Whatever happens inside a check becomes
its verdict: none can end or hold up another one. This module must not know any check, nor what they
look at.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

from gtc_runtime.verdict import NotApplicable, Report, RestsOn, Verdict, not_applicable, red
from gtc_spec.errors import GtcError, UsageError

log = logging.getLogger(__name__)

DEADLINE_S: Final = 12.0
"""Longest time of one check, unless it says otherwise."""
Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Probe(Generic[Subject]):
    """One question.

    Attributes:
        name: What people call it.
        asks: The question, one line; the documents list it.
        look: Finds the answer; may raise `NotApplicable`, `RestsOn` and every error of ours.
        deadline_s: Longest time for it, seconds.
    """

    name: str
    asks: str
    look: Callable[[Subject], Awaitable[Verdict]]
    deadline_s: float = DEADLINE_S


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


def _refused(_name: str, error: GtcError) -> Verdict:
    return red(error.message, "an answer", error.hint)


def _rests(error: RestsOn) -> Verdict:
    return not_applicable(error.reason)


@dataclass(frozen=True)
class Round(Generic[Subject]):
    """How a kind of check is asked.

    Attributes:
        whole_s: Longest time of all together, seconds.
        hints: What to do when the very thing that a check is about does not answer, by its name.
        refused: What an error comes to; told the name of the check. Default: red.
        rests: What a check comes to whose cause is another one. Default: not applicable.
        late: What to do when there is no answer in time.
    """

    whole_s: float = math.inf
    hints: Mapping[str, str] = field(default_factory=dict)
    refused: Callable[[str, GtcError], Verdict] = _refused
    rests: Callable[[RestsOn], Verdict] = _rests
    late: str = "try again; then look by hand"

    async def ask_all(self, subject: Subject, probes: Sequence[Probe[Subject]]) -> Report:
        """Ask everything at the same time."""
        started = time.monotonic()
        checks = await asyncio.gather(*(self.ask(subject, probe) for probe in probes))
        return Report(tuple(checks), time.monotonic() - started)

    async def ask(self, subject: Subject, probe: Probe[Subject]) -> Verdict:
        """Ask one thing."""
        started = time.monotonic()
        verdict = await self._verdict(subject, probe)
        return replace(verdict, name=probe.name, took_s=round(time.monotonic() - started, 3))

    async def _verdict(self, subject: Subject, probe: Probe[Subject]) -> Verdict:
        limit_s = min(probe.deadline_s, self.whole_s)
        try:
            async with asyncio.timeout(limit_s):
                return await probe.look(subject)
        except TimeoutError:
            return red(f"no answer within {limit_s:g} s", "an answer", self.late)
        except RestsOn as error:
            if error.cause == probe.name:
                return red(error.why, "an answer", self.hints.get(probe.name, ""))
            return self.rests(error)
        except NotApplicable as error:
            return not_applicable(error.reason)
        except GtcError as error:
            return self.refused(probe.name, error)
        except Exception as error:  # foreign documents of any shape; the other checks go on
            log.exception("the check %s failed", probe.name)
            told = f"{type(error).__name__}: {error}".split("\n", 1)[0]
            return red(f"could not be judged: {told}", "an answer", "look by hand")
