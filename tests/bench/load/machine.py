"""What the machine does while a row is taken: who runs where, and who else runs there.

Both sides get a core, a session and therefore a scheduler group of their own, and the highest
priority; what other programs take of the client's core all the same is measured and reported.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

CLIENT_CORE, SERVER_CORE = 0, 1
NICE = -19
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cores_are_there() -> bool:
    """Whether this process may use both cores."""
    return {CLIENT_CORE, SERVER_CORE} <= os.sched_getaffinity(0)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Children that are started inside run on this core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def start(words: Sequence[str], core: int, **how: object) -> subprocess.Popen[bytes]:
    """Start a program on a core, in a session of its own, preferred to all others."""
    with on_core(core):
        process = subprocess.Popen(list(words), start_new_session=True, **how)  # type: ignore[call-overload]
    prefer(process.pid)
    return process  # type: ignore[no-any-return]


def prefer(pid: int) -> None:
    """Give a process and its scheduler group the highest priority, where we may."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICE)
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE))


def tree(pid: int) -> list[int]:
    """A process and all its descendants that live."""
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found.extend(parents.get(each, ()))
    return found


def cpu_s(pids: Sequence[int]) -> float:
    """CPU time of processes so far, and of their children that have ended."""
    ticks = 0
    for pid in pids:
        if fields := _stat(pid):
            ticks += sum(int(field) for field in fields[11:15])
    return ticks * TICK_S


def rss_bytes(pids: Sequence[int]) -> int:
    """Resident memory; what processes share counts once for each (see `pss_bytes`)."""
    pages = 0
    for pid in pids:
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * PAGE


def pss_bytes(pids: Sequence[int]) -> int:
    """Resident memory; what processes share is divided among them."""
    kib = 0
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
    return kib * 1024


@dataclass(frozen=True)
class CoreTime:
    """What a core did since the machine started, seconds."""

    at_s: float
    busy_s: float
    steal_s: float

    @classmethod
    def now(cls, core: int) -> CoreTime:
        """Interrupts are left out: they serve whoever sent the packet."""
        for line in Path("/proc/stat").read_text().splitlines():
            name, *fields = line.split()
            if name == f"cpu{core}":
                ticks = [int(field) for field in fields]
                busy = (ticks[0] + ticks[1] + ticks[2]) * TICK_S
                return cls(time.monotonic(), busy, ticks[7] * TICK_S)
        raise RuntimeError(f"the machine has no core {core}")


def foreign_share(before: CoreTime, after: CoreTime, ours_s: float) -> float:
    """Share of a core that went to neither side of the benchmark, 0..1."""
    wall_s = max(after.at_s - before.at_s, TICK_S)
    return max(0.0, (after.busy_s - before.busy_s - ours_s) / wall_s)


def steal_share(before: CoreTime, after: CoreTime) -> float:
    """Share of a core that the host gave to other machines, 0..1."""
    return (after.steal_s - before.steal_s) / max(after.at_s - before.at_s, TICK_S)


def described() -> dict[str, object]:
    """The machine in a few words, for the report."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cores": os.cpu_count(),
        "cpu": model,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; empty when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()
