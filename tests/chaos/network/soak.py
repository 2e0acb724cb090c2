"""Streamed requests by the hundred thousand through a network with faults: are the books right?

    python -m tests.chaos.network.soak --requests 100000 --seed 1

The load is that of `gtc load`: its session, its forked load process, its statistics. The server and
the proxy are a process of their own, and the witnesses: no answer may be called whole that the
server never gave, and no request may fail without a fault.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from subprocess import PIPE
from typing import IO, Any, Final

from gtc_cli.load.run import Plan, Run
from gtc_cli.load.session import Session, forked
from gtc_runtime.load.demand.forms import Streams
from gtc_runtime.load.figures.request_log import path_of, read
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.forked import ForkedWorker
from gtc_runtime.load.settings import LoadSettings, Timeouts, settings_from
from gtc_spec.environment import load
from gtc_spec.workloads import WorkloadMix
from tests.chaos.parts import Figure, Size, at_least, at_most, equal

STREAMS = 64
SAMPLE_S = 1.0
REQUESTS: Final[Mapping[Size, int]] = {"full": 100_000, "slice": 5_000}
RSS_SHARE = 0.05
KEPT_KIB_PER_S = 20
"""What the books of a run may keep of each second, for its report, once the first are packed."""
LONG = 50_000
"""Requests; a run with fewer is all warm-up, and says nothing of memory."""
SLACK = 2
"""Files and tasks that come and go between two samples; what leaks lifts the middle one too."""
_SHAPES: dict[str, object] = {
    "workloads.chat.context_tokens": [60, 120],
    "workloads.chat.reply_tokens": [5, 9],
    "workloads.chat.think_s": [0.01, 0.02],
    "workloads.summarization.prompt_tokens": [200, 300],
    "workloads.reasoning.output_tokens": [10, 20],
}


@dataclass(frozen=True)
class Held:
    """What a process held at one moment."""

    rss_kib: int
    files: int
    tasks: int


@dataclass(frozen=True)
class Sample:
    """After so many requests: the process that sends, and the one that keeps the books."""

    due: int
    load: Held
    books: Held


@dataclass
class Report:
    """What a soak showed; `wrong` is empty when all was well."""

    requests: int
    seconds: float = 0.0
    due: int = 0
    open: int = 0
    snapshots: int = 0
    differences: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Requests that did not end well."""
        return sum(count for name, count in self.outcomes.items() if name not in ("ok", "shed"))

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"soak: {self.due} requests in {self.seconds:.0f} s, {self.outcomes}"
        yield f"soak: {self.snapshots} snapshots, {self.differences} did not add up"
        yield f"soak: the other side says {self.server}"
        for process in ("load", "books"):
            held: list[Held] = [getattr(each, process) for each in self.samples]
            spans = ", ".join(
                f"{what} {min(values)} to {max(values)}"
                for what in ("rss_kib", "files", "tasks")
                if (values := [getattr(each, what) for each in held[len(held) // 20 :]])
            )
            yield f"soak: {process} held {spans}"
        for each in self.wrong:
            yield f"soak: WRONG: {each}"


class CheckedRun(Run):
    """A run that holds its books against the engine's own count with every snapshot."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.snapshots = self.differences = 0

    def take(self, snapshot: Snapshot) -> None:
        super().take(snapshot)
        self.snapshots += 1
        self.differences += self.book.totals()["all"].open != snapshot.gauges.in_flight


def soak(requests: int, seed: int) -> Report:
    """Send so many requests; call it in a program without threads, as `gtc load` is one."""
    report = Report(requests)
    with tempfile.TemporaryDirectory() as name, _server(seed) as server:
        folder = Path(name)
        assert server.stdin
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        settings = settings_from(load("prod", _SHAPES), url, seed=seed, request_log=name)
        patience = Timeouts(connect_s=2, first_token_s=2, stall_s=2, whole_s=20)
        settings = settings.model_copy(update={"timeouts": patience})
        signal.signal(signal.SIGUSR1, lambda *_: _write_tasks(folder))
        workers = forked(settings)
        asyncio.run(_drive(settings, workers, server.stdin, folder, report))
        server.stdin.close()
        report.server = json.loads(server.stdout.readline())
        logged = read(path_of(folder, 0))
    report.logged = dict(Counter(each["outcome"] for each in logged))
    tokens = Counter(each["tokens"] for each in logged if each["outcome"] == "ok")
    report.wrong += [*_wrong_books(report), *_wrong_answers(report, tokens), *_growth(report)]
    return report


@contextmanager
def _server(seed: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.chaos.network.sse_server", str(seed)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def _drive(
    settings: LoadSettings,
    workers: Sequence[ForkedWorker],
    faults: IO[str],
    folder: Path,
    report: Report,
) -> None:
    demand = Streams(streams=STREAMS, mix=WorkloadMix(30, 20, 50), requests=report.requests)
    run = CheckedRun(Plan(settings, demand, duration_s=float("inf")))
    async with Session(settings, workers) as session:
        faults.write("begin\n")
        faults.flush()
        sampler = asyncio.create_task(_sample(run, workers[0].pid, folder, report.samples))
        from_s = time.monotonic()
        await session.measure(run)
        report.seconds = time.monotonic() - from_s
        sampler.cancel()
        with suppress(asyncio.CancelledError):
            await sampler
    everything = run.book.totals()["all"]
    report.outcomes = {"ok": everything.ok, "shed": everything.shed, **everything.failed}
    report.due, report.open = everything.due, everything.open
    report.snapshots, report.differences = run.snapshots, run.differences
    if run.problem:
        report.wrong.append(run.problem)


async def _sample(run: Run, pid: int, folder: Path, samples: list[Sample]) -> None:
    while True:
        os.kill(pid, signal.SIGUSR1)
        await asyncio.sleep(SAMPLE_S)
        load = Held(_rss_kib(pid), _files(pid), int((folder / "tasks").read_text()))
        ours = os.getpid()
        books = Held(_rss_kib(ours), _files(ours), len(asyncio.all_tasks()))
        samples.append(Sample(run.book.totals()["all"].due, load, books))


def _write_tasks(folder: Path) -> None:
    """In the load process, which got this handler from its parent: how many tasks it has."""
    (folder / "tasks").write_text(str(len(asyncio.all_tasks())))


def _rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def _files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _wrong_books(report: Report) -> Iterator[str]:
    if report.due != report.requests or report.open:
        yield f"due {report.due} of {report.requests}, open at the end {report.open}"
    if report.differences:
        yield f"{report.differences} of {report.snapshots} snapshots did not add up"
    ended = {name: count for name, count in report.outcomes.items() if count}
    if ended != report.logged:
        yield f"ended {ended}, in the log of requests {report.logged}"


def _wrong_answers(report: Report, tokens: Counter[int]) -> Iterator[str]:
    """What the other side of the network says to it."""
    given = {int(each): count for each, count in report.server["answered"].items()}
    for each, count in tokens.items():
        if count > given.get(each, 0):
            yield f"{count} whole answers of {each} tokens, the server gave {given.get(each, 0)}"
    cut = sum(report.server["struck"].values()) + report.server["faults"].get("Down", 0)
    silent = report.server["faults"].get("Timeout", 0)
    refused = report.outcomes.get("refused", 0)  # a closed port refuses again and again
    if report.failed - refused > cut + silent:
        yield f"{report.failed - refused} requests failed by {cut} cuts and {silent} silences"


def _growth(report: Report) -> Iterator[str]:
    """Files and tasks after the first twentieth."""
    steady = [each for each in report.samples if each.due >= report.requests / 20]
    if len(steady) < 2:
        yield f"only {len(steady)} samples"
        return
    half = len(steady) // 2
    for process in ("load", "books"):
        held: list[Held] = [getattr(each, process) for each in steady]
        for what in ("files", "tasks"):
            first = [getattr(each, what) for each in held[:half]]
            then = [getattr(each, what) for each in held[half:]]
            if all(of(then) > of(first) + SLACK for of in (max, median)):
                yield f"{what} of {process} grew from {first} to {then}"


def run(size: Size, seed: int) -> list[Figure]:
    """The part of `make chaos`."""
    report = soak(REQUESTS[size], seed)
    print("\n".join(report.lines()))  # noqa: T201
    faults = sum(count for name, count in report.server["faults"].items() if name != "Down")
    return [
        equal("streamed requests", report.due, REQUESTS[size]),
        at_least("faults in 100 requests", 100 * faults / report.due, 5),
        equal("snapshots in which issued is not ok + failed + in flight", report.differences, 0),
        equal("requests open at the end", report.open, 0),
        equal("requests that are not in the log", report.due - sum(report.logged.values()), 0),
        *_memory(report),
        equal("things that are wrong, files and tasks included", len(report.wrong), 0),
    ]


def _memory(report: Report) -> list[Figure]:
    """How far memory went from where it was after the first twentieth.

    The books keep each second of a run for its report, packed, and the newest few as they are:
    they grow with the time that a run takes, so that they have a figure of their own.
    """
    steady = [each for each in report.samples if each.due >= report.requests / 20]
    if report.requests < LONG or not steady:
        return []
    sends = [each.load.rss_kib for each in steady]
    both = [each.load.rss_kib + each.books.rss_kib for each in steady]
    books = [each.books.rss_kib for each in report.samples]
    quarter = len(books) // 4
    kept = (books[-1] - books[quarter]) / (report.seconds * 3 / 4)
    return [
        at_most("memory of the process that sends went by, percent", _went(sends), 100 * RSS_SHARE),
        at_most("the books grow by, KiB a second", round(kept, 1), KEPT_KIB_PER_S),
        Figure("memory of both went by, percent", f"{_went(both):g}"),
    ]


def _went(held: Sequence[int]) -> float:
    return round(100 * max(abs(each - held[0]) for each in held) / held[0], 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    asked = parser.parse_args()
    report = soak(asked.requests, asked.seed)
    print(json.dumps(asdict(report)) if asked.json else "\n".join(report.lines()))  # noqa: T201
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
