"""Malformed inputs by the thousand: each is one line or counted, none a traceback, none a hang.

    python -m tests.chaos.malformed.run --each 1000 --seed 1
    python -m tests.chaos.malformed.run --kind phases --seed 1 --number 17

The second form replays one input and shows its traceback.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

from gtc_spec.errors import GtcError
from tests.chaos.malformed import (
    command_lines,
    configurations,
    files,
    kubernetes,
    panel,
    sockets,
    streams,
)
from tests.chaos.malformed.kinds import Kind, Try, check_words
from tests.chaos.parts import Figure, Size, at_least, equal

LIMIT_S = 2.0
_WAITED: Final = Path("/proc/self/schedstat")
EACH: Final[Mapping[Size, int]] = {"full": 1000, "slice": 60}
KINDS: tuple[Kind, ...] = (
    *configurations.KINDS,
    *files.KINDS,
    *streams.KINDS,
    *kubernetes.KINDS,
    *panel.KINDS,
    *sockets.KINDS,
    *command_lines.KINDS,
)


class Hang(BaseException):
    """A case took longer than `LIMIT_S`."""


@dataclass
class Report:
    """What became of the inputs of one kind.

    Attributes:
        outcomes: How many were taken, refused in one line, counted…
        faults: Number of the input, and what went wrong.
    """

    kind: str
    seconds: float = 0.0
    longest_s: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def lines(self, seed: int) -> Iterator[str]:
        """For people."""
        told = ", ".join(f"{count} {word}" for word, count in self.outcomes.most_common())
        longest = f"longest {self.longest_s:.2f} s"
        yield f"malformed: {self.kind}: {sum(self.outcomes.values())} inputs: {told}; {longest}"
        for number, words in self.faults:
            replay = f"--kind {self.kind} --seed {seed} --number {number}"
            yield f"malformed: {self.kind}: FAULT: {words} ({replay})"


def attempts(kind: Kind, numbers: Sequence[int], seed: int) -> Report:
    """Try the inputs of a kind with these numbers; each number is one input for ever."""
    report = Report(kind.name)
    began_s = time.monotonic()
    with kind.prepared() as attempt:
        for number in numbers:
            from_s = time.monotonic()
            try:
                with _limited():
                    word = _outcome(attempt, Random(f"{seed}/{kind.name}/{number}"))
                report.outcomes[word] += 1
            except (Exception, Hang, SystemExit) as error:
                report.outcomes["fault"] += 1
                report.faults.append((number, _words(error)))
            report.longest_s = max(report.longest_s, time.monotonic() - from_s)
    report.seconds = time.monotonic() - began_s
    return report


def _outcome(attempt: Try, random: Random) -> str:
    try:
        return attempt(random)
    except GtcError as error:
        check_words(error)
        return "refused"


def _words(error: BaseException) -> str:
    where = traceback.extract_tb(error.__traceback__)
    ours = [each for each in where if "/tests/" not in each.filename] or list(where)
    own = [each for each in ours if "site-packages" not in each.filename and "gtc" in each.filename]
    at = (own or ours)[-1]
    said = " ".join(str(error).split())[:160]
    return f"{type(error).__name__}: {said} at {at.filename.rpartition('/')[2]}:{at.lineno}"


@contextmanager
def _limited() -> Iterator[None]:
    """Stop what takes too long; seconds in which this process waited for a core do not count."""
    from_s = time.monotonic() - _waited_s()

    def stop(_number: int, _frame: FrameType | None) -> None:
        left_s = LIMIT_S - (time.monotonic() - _waited_s() - from_s)
        if left_s <= 0:
            raise Hang(f"not over after {LIMIT_S:g} s")
        signal.setitimer(signal.ITIMER_REAL, max(left_s, 0.001))

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _waited_s() -> float:
    """How long this process was ready to run and the machine had no core for it."""
    return int(_WAITED.read_text().split()[1]) / 1e9


def run(size: Size, seed: int) -> list[Figure]:
    """The part of `make chaos`."""
    logging.disable(logging.CRITICAL)
    each = EACH[size]
    reports = [attempts(kind, range(each), seed) for kind in KINDS]
    for report in reports:
        print("\n".join(report.lines(seed)))  # noqa: T201
    figures = [
        equal(f"faults in {each} inputs: {report.kind}", len(report.faults), 0)
        for report in reports
    ]
    total = sum(sum(report.outcomes.values()) for report in reports)
    return [at_least("malformed inputs", total, each * len(KINDS)), *figures]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=1000, help="inputs of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=[kind.name for kind in KINDS])
    parser.add_argument("--number", type=int, help="this input alone, with its traceback")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    chosen = [kind for kind in KINDS if asked.kind in (None, kind.name)]
    if asked.number is not None:
        with chosen[0].prepared() as attempt:
            print(attempt(Random(f"{asked.seed}/{chosen[0].name}/{asked.number}")))  # noqa: T201
        return 0
    reports = [attempts(kind, range(asked.each), asked.seed) for kind in chosen]
    for report in reports:
        print("\n".join(report.lines(asked.seed)))  # noqa: T201
    total = sum(sum(report.outcomes.values()) for report in reports)
    faults = sum(len(report.faults) for report in reports)
    seconds = sum(report.seconds for report in reports)
    print(f"malformed: {total} inputs, {faults} faults, {seconds:.0f} s, seed {asked.seed}")  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
