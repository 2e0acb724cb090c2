"""One run of one client as a row of figures, with the conditions under which it was taken."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.load import machine
from tests.bench.load.machine import CoreTime
from tests.bench.load.server import MockServer

FOREIGN_MAX = 0.15
"""A row during which others took more of the client's core than this is not counted."""
LATE_MAX_MS = 5.0
"""Nor is one during which the server itself was later than this (p99)."""
SAMPLE_S, MEMORY_EVERY = 0.25, 8
"""Looking at memory takes longer, so it is looked at less often."""
RUN_MAX_S = 75.0
STEADY = (0.1, 0.9)
"""CPU for each frame is taken between these shares of the frames: start-up is another figure."""


@dataclass(frozen=True)
class Bench:
    """Where rows are taken: the server, and a folder for what clients write."""

    server: MockServer
    scratch: Path


@dataclass(frozen=True)
class Conditions:
    """What disturbed a run.

    Attributes:
        foreign_share: Share of the client's core that others took.
        steal_share: Share of the client's core that the host took.
        late_p99_ms: Lateness of the server; None where it sends as fast as it can.
        blocked: Sends that a client's full socket did not take whole.
    """

    foreign_share: float
    steal_share: float
    late_p99_ms: float | None
    blocked: int

    @property
    def trouble(self) -> str:
        """Why the row does not count; empty when it does."""
        if self.foreign_share > FOREIGN_MAX:
            return f"others took {self.foreign_share:.0%} of the client's core"
        if self.late_p99_ms is not None and self.late_p99_ms > LATE_MAX_MS:
            return f"the server was {self.late_p99_ms:.1f} ms late"
        return ""


@dataclass(frozen=True)
class Row:
    """A run: which client did what, how it went, and whether to believe it."""

    case: str
    client: str
    figures: Mapping[str, float]
    conditions: Conditions
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"trouble": self.conditions.trouble}


@dataclass
class Sample:
    """Where a client was at a moment."""

    at_s: float
    cpu_s: float
    frames: int


@dataclass
class Run:
    """A client program that ran to its end.

    Attributes:
        started_s: CLOCK_MONOTONIC at which it was started.
        wall_s, cpu_s: Of the program and everything that it started.
        samples: Taken while it ran.
        pss_bytes: The most memory that was seen.
        processes: The most processes that were seen.
        conditions: What disturbed it.
    """

    started_s: float
    wall_s: float = 0.0
    cpu_s: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    pss_bytes: int = 0
    processes: int = 0
    conditions: Conditions = Conditions(0, 0, None, 0)

    def cpu_ms_per_1000(self) -> float:
        """CPU for 1,000 frames while frames flow; NaN when the run was too short to say."""
        total = self.samples[-1].frames if self.samples else 0
        inside = [
            sample
            for sample in self.samples
            if STEADY[0] * total <= sample.frames <= STEADY[1] * total
        ]
        if len(inside) < 2 or inside[-1].frames == inside[0].frames:
            return float("nan")
        first, last = inside[0], inside[-1]
        return (last.cpu_s - first.cpu_s) * 1e6 / (last.frames - first.frames)


def run(
    words: Sequence[str],
    server: MockServer,
    log: Path,
    env: Mapping[str, str] | None = None,
    paced: bool = True,
) -> Run:
    """Run a client program on the client's core and watch it.

    Args:
        words: The command.
        server: What it talks to.
        log: Where its output goes.
        env: Environment.
        paced: The server keeps a pace, so that its lateness says something.

    Raises:
        RuntimeError: It failed, or did not end in time.
    """
    before = CoreTime.now(machine.CLIENT_CORE)
    started_s = time.monotonic()
    with log.open("wb") as output:
        process = machine.start(
            words,
            machine.CLIENT_CORE,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
        )
        done = Run(started_s)
        _watch(process, server, done)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    done.wall_s = time.monotonic() - started_s
    done.cpu_s = used.ru_utime + used.ru_stime
    after = CoreTime.now(machine.CLIENT_CORE)
    if process.returncode != 0:
        tail = log.read_bytes()[-500:].decode(errors="replace")
        raise RuntimeError(f"{Path(words[0]).name} failed ({process.returncode}): {tail}")
    done.conditions = conditions(before, after, done.cpu_s, server, paced)
    return done


def conditions(
    before: CoreTime, after: CoreTime, client_cpu_s: float, server: MockServer, paced: bool
) -> Conditions:
    """What disturbed a run between two moments."""
    stats = server.stats()
    return Conditions(
        foreign_share=round(machine.foreign_share(before, after, client_cpu_s), 4),
        steal_share=round(machine.steal_share(before, after), 4),
        late_p99_ms=stats["late_p99_ms"] if paced else None,
        blocked=stats["blocked"],
    )


def _watch(process: subprocess.Popen[bytes], server: MockServer, done: Run) -> None:
    """Sample until it has ended; it stays to be waited for.

    Raises:
        RuntimeError: It did not end in time; it and what it started are gone.
    """
    give_up_s = time.monotonic() + RUN_MAX_S
    known = {process.pid}
    try:
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() > give_up_s:
                raise RuntimeError(f"a client did not end within {RUN_MAX_S:g} s")
            _sample(machine.tree(process.pid), known, server, done)
            time.sleep(SAMPLE_S)
    except BaseException:
        for pid in {process.pid, *machine.tree(process.pid)}:
            _kill(pid)
        process.wait()
        raise


def _sample(pids: list[int], known: set[int], server: MockServer, done: Run) -> None:
    """Write down where a client is; a child in a session of its own is preferred like the rest."""
    for pid in set(pids) - known:
        machine.prefer(pid)
    known.update(pids)
    if len(done.samples) % MEMORY_EVERY == 0:
        done.pss_bytes = max(done.pss_bytes, machine.pss_bytes(pids))
    done.processes = max(done.processes, len(pids))
    cpu_s, frames = machine.cpu_s(pids), server.stats()["frames"]
    done.samples.append(Sample(time.monotonic(), cpu_s, frames))


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def best_of(take: Callable[[], Row], tries: int) -> tuple[Row, list[Row]]:
    """Take a row again while something disturbs it.

    Returns:
        The row to use (its `trouble` says if it should not count) and those that were rejected.
    """
    rejected: list[Row] = []
    for _ in range(tries):
        row = take()
        if not row.conditions.trouble:
            return row, rejected
        rejected.append(row)
    least = min(rejected, key=lambda each: each.conditions.foreign_share)
    rejected.remove(least)
    return least, rejected
