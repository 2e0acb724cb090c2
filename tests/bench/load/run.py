"""The benchmark: `python -m tests.bench.load.run`, or `make bench-load`.

Takes all rows, interleaved, rejects and repeats those that something disturbed, and holds the
medians against the gates. Exit code 0 when every gate is passed, 1 when one is not, 2 when the
benchmark cannot run here.
"""

from __future__ import annotations

import argparse
import datetime
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.load import build, gates, machine, peers, steady
from tests.bench.load.measured import Bench, Row, best_of
from tests.bench.load.plan import Planned, Times, planned, rounds
from tests.bench.load.report import Report, verdict_table
from tests.bench.load.server import MockServer

RESULTS = Path(__file__).parents[3] / "docs" / "benchmarks"
REPEAT_MAX_S = 600.0
"""For all repetitions of disturbed rows together: a noisy machine does not get quiet by waiting."""


def main() -> int:
    """Run it. Returns the exit code."""
    chosen = _words()
    if (trouble := _cannot_run()) is not None:
        print(trouble, file=sys.stderr)  # noqa: T201
        return 2
    installed = [peers.install(each) for each in chosen.peers.split(",") if each]
    times = Times(chosen.reps, chosen.steady_reps, chosen.peer_reps)
    rows = planned(chosen.streams, times, installed)
    if chosen.gates == "steady":
        rows = [row for row in rows if row.steady]
    if chosen.only:
        rows = [row for row in rows if any(word in row.name for word in chosen.only)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # end what runs, then go
    os.sched_setaffinity(0, {machine.SERVER_CORE})
    begun_s = time.monotonic()
    with MockServer() as server, tempfile.TemporaryDirectory(prefix="gtc-bench-") as scratch:
        used, rejected = _take_all(Bench(server, Path(scratch)), rows, chosen.tries)
    verdicts = steady.judge(used)
    if chosen.gates == "all":
        verdicts += gates.judge(used, [each.client for each in installed])
    report = Report(
        datetime.datetime.now(datetime.UTC).date().isoformat(),
        machine.described(),
        (time.monotonic() - begun_s) / 60,
        used,
        rejected,
        verdicts,
    )
    paths = report.write(chosen.out)
    print(verdict_table(verdicts))  # noqa: T201
    print(f"{report.minutes:.1f} minutes, {' and '.join(map(str, paths))}")  # noqa: T201
    failed = [each.name for each in verdicts if not each.passed]
    for name in failed:
        print(f"gate not passed: {name}", file=sys.stderr)  # noqa: T201
    return 1 if failed else 0


def _take_all(bench: Bench, rows: Sequence[Planned], tries_max: int) -> tuple[list[Row], list[Row]]:
    """Rows to use and rows that were taken again."""
    used: list[Row] = []
    rejected: list[Row] = []
    spent_s = 0.0
    for number, row in rounds(rows):
        begun_s = time.monotonic()
        tries = tries_max if spent_s < REPEAT_MAX_S else 1
        try:
            taken, again = best_of(lambda row=row, number=number: row.take(bench, number), tries)
        except RuntimeError as error:
            print(f"{row.name}: no row: {error}", file=sys.stderr)  # noqa: T201
            continue
        took_s = time.monotonic() - begun_s
        spent_s += took_s * len(again) / (1 + len(again))
        used.append(taken)
        rejected += again
        note = f" ({taken.conditions.trouble})" if taken.conditions.trouble else ""
        print(f"{row.name}, round {number + 1}: {took_s:.0f} s{note}", flush=True)  # noqa: T201
    return used, rejected


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--peers", default=peers.DEFAULT, help="requirements, comma-separated")
    words.add_argument("--streams", default="50,500,1000", help="of paced rows, comma-separated")
    words.add_argument("--reps", type=int, default=3, help="repetitions of our rows and the limit")
    words.add_argument(
        "--steady-reps", type=int, default=10, help="of rows that must hold steadily"
    )
    words.add_argument("--peer-reps", type=int, default=1, help="repetitions of peers' rows")
    words.add_argument(
        "--gates", choices=("all", "steady"), default="all", help="steady: only those repeated most"
    )
    words.add_argument("--tries", type=int, default=3, help="for a row that something disturbs")
    words.add_argument("--quick", action="store_true", help="no peers, one repetition")
    words.add_argument("--only", action="append", help="rows whose name holds this; repeatable")
    words.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    chosen = words.parse_args()
    if chosen.quick:
        chosen.peers, chosen.reps, chosen.steady_reps = "", 1, 1
    if chosen.gates == "steady":
        chosen.peers = ""
    chosen.streams = [int(each) for each in chosen.streams.split(",")]
    return chosen


def _cannot_run() -> str | None:
    """One line that says why, None when all is there."""
    if sys.platform != "linux":
        return f"the benchmark runs on linux, this is {sys.platform}"
    if not machine.cores_are_there():
        return "the benchmark needs two cores: one for the server, one for the client"
    try:
        build.program("server")
        build.program("client")
    except (build.NoCompilerError, RuntimeError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
