"""What came of a panel's death, and what must not.

Limits are held without what a process waited for a core: on a busy machine that is not the panel's
time. Both are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gtc_runtime.cluster.lease_view import TIMES
from tests.chaos.parts import Figure, at_least, at_most, equal
from tests.chaos.processes.cases import Case
from tests.chaos.processes.signs import GOES_ON, Settled, Trace

RESTARTED_S, GUARDED_S, TERMINATED_S = 20.0, 30.0, 20.0
NEVER_S: Final = 999.0


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        where: Phase and step at which it died.
        settled: When all was well and how: since the kill (guarded), or since the start of the
            process that follows; None never.
        ended: How the process ended: its exit code, or minus the signal.
        traces: Of the dying panel, and of who acts then.
        wrong: One line each.
    """

    case: Case
    where: str = ""
    settled: Settled | None = None
    ended: int | None = None
    traces: list[Trace] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        words = "; ".join(self.wrong) or self.settled
        return f"{self.case} ({self.where}): {words} [{'; '.join(map(str, self.traces))}]"

    @property
    def ended_s(self) -> float:
        """How long the panel took to end."""
        return self.traces[0].seen["ended"] if self.ended is not None else NEVER_S

    def judge(self, log: str) -> None:
        """Say what is wrong; the waits for a core are the machine's matter and not counted."""
        case, settled, wrong = self.case, self.settled, self.wrong
        if self.ended is not None:
            if settled is None:
                wrong.append(f"not well within {2 * allowed_s(case):g} s")
            elif settled.own_s > allowed_s(case):
                wrong.append(f"{settled}, allowed: {allowed_s(case):g} s")
            elif case.goes_on and settled.how != GOES_ON and settled.after_s < TIMES.duration_s:
                wrong.append(f"{settled}; the show had to go on")
            if case.signal == "SIGTERM":
                if self.ended_s - self.traces[0].waited_s > TERMINATED_S:
                    wrong.append(f"ended after {self.ended_s:g} s, allowed: {TERMINATED_S:g} s")
                if self.ended:
                    wrong.append(f"ended with {self.ended}, allowed: 0")
        if "Traceback" in log:
            wrong.append("a traceback in the log")
        if wrong:
            wrong.append(f"the log ends with:\n{log[-4000:]}")


def allowed_s(case: Case) -> float:
    return RESTARTED_S if case.restart else GUARDED_S


def figures(outcomes: Sequence[Outcome], runs: int) -> list[Figure]:
    """What has to hold, and what is told of a busy machine."""
    wrong = sum(bool(each.wrong) for each in outcomes)
    ends = [each for each in outcomes if each.case.signal == "SIGTERM"]
    ended_s = [each.ended_s for each in ends]
    own_s = [each.ended_s - sum(trace.waited_s for trace in each.traces[:1]) for each in ends]
    return [
        at_least("real panels killed", len(outcomes), runs),
        equal("of them something was wrong", wrong, 0),
        *_longest("well after a restart", outcomes, restart=True),
        *_longest("well without one, by the guardian", outcomes, restart=False),
        at_most("s until ended by SIGTERM, the longest", round(max(own_s), 1), TERMINATED_S),
        Figure("the same with the waits for a core", f"{max(ended_s):.1f}"),
        Figure("distinct phases and requests", str(len({each.where for each in outcomes}))),
    ]


def _longest(what: str, outcomes: Sequence[Outcome], *, restart: bool) -> list[Figure]:
    never = Settled("", NEVER_S, 0.0)
    found = [each.settled or never for each in outcomes if each.case.restart is restart]
    own_s = max(round(each.own_s, 1) for each in found)
    limit_s = RESTARTED_S if restart else GUARDED_S
    with_waits = f"{max(each.after_s for each in found):.1f}"
    return [
        at_most(f"s until {what}, the longest", own_s, limit_s),
        Figure("the same with the waits for a core", with_waits),
    ]
