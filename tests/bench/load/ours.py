"""Runs of our engine: the real load process at a rate, and the driver for what it does not tell."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.process import LoadProcess
from tests.bench.load import machine, shape
from tests.bench.load.machine import CoreTime
from tests.bench.load.measured import Bench, Row, Run, conditions, run
from tests.bench.load.server import MockServer
from tests.bench.load.shape import MIX, Shape
from tests.bench.load.truth import (
    Seen,
    quantile,
    realised_rps,
    schedule_errors_ms,
    serial_of,
    stamp_errors_ms,
    ttft_errors_ms,
)

CLIENT = "gtc engine"
COMMAND = "gtc load run"
RAMP_S = 0.5
"""Beyond the length of a stream: until as many end as begin."""
DRAIN_S = 20.0
SETTLE_S = 0.5


@dataclass
class Moment:
    """The load process at one of its snapshots."""

    at_s: float
    tokens: int
    cpu_s: float
    rss_bytes: int


@dataclass
class Watched:
    """What came out of a load process while it ran.

    Attributes:
        moments: One for each snapshot.
        totals: Everything counted, at the end.
        lights: Lights of the quality meter, of every snapshot.
        stamp_source, core: Where arrival times came from, and who counted.
        start_s: From the start of the process to the first request that the server received.
    """

    moments: list[Moment] = field(default_factory=list)
    totals: Tally = field(default_factory=Tally)
    lights: list[str] = field(default_factory=list)
    stamp_source: str = ""
    core: str = ""
    start_s: float = float("nan")

    def between(self, from_s: float, until_s: float) -> tuple[Moment, Moment]:
        """First and last moment inside."""
        inside = [each for each in self.moments if from_s <= each.at_s <= until_s]
        if len(inside) < 2:
            raise RuntimeError("the load process did not report often enough")
        return inside[0], inside[-1]


async def _drive(url: str, rps: float, wanted: Shape, seconds: float) -> Watched:
    """The real load process at a constant rate, then until its last answer has ended."""
    seen, book, process = Watched(), SliceBook(), LoadProcess()
    tokens = 0

    def take(snapshot: Snapshot) -> None:
        nonlocal tokens
        book.add(snapshot)
        tokens += sum(
            each.tokens for tallies in snapshot.slices.values() for each in tallies.values()
        )
        pids = [process.pid] if process.pid else []
        seen.moments.append(
            Moment(snapshot.at_s, tokens, machine.cpu_s(pids), machine.rss_bytes(pids))
        )
        seen.lights.append(snapshot.quality.light)
        seen.stamp_source, seen.core = snapshot.quality.stamp_source, snapshot.quality.core

    process.on_snapshot(take)
    with machine.on_core(machine.CLIENT_CORE):
        await process.start(shape.settings(url, wanted))
    try:
        machine.prefer(process.pid or 0)
        await process.set_load(Rate(rps=rps, mix=MIX, pacing="constant"))
        await asyncio.sleep(seconds)
        await process.set_load(Rate(rps=0, mix=MIX, pacing="constant"))
        async with asyncio.timeout(DRAIN_S):
            while book.totals()["all"].open:
                await asyncio.sleep(0.1)
    finally:
        await process.stop()
    seen.totals = book.totals()["all"]
    return seen


def process_run(
    bench: Bench, case: str, wanted: Shape, rps: float, seconds: float
) -> tuple[Row, Watched]:
    """The real load process at a rate: delivery, CPU, memory, rate and start, truth by the server.

    Args:
        bench: What it talks to.
        case: Name of the row.
        wanted: How the server answers.
        rps: Constant rate.
        seconds: How long the full number of streams is held.
    """
    server = bench.server
    server.answer_with(**wanted.server_settings())
    ramp_s = wanted.stream_s + RAMP_S
    before, begun_s = CoreTime.now(machine.CLIENT_CORE), time.monotonic()
    seen = asyncio.run(_drive(server.url, rps, wanted, ramp_s + seconds))
    after, log = CoreTime.now(machine.CLIENT_CORE), server.log()
    seen.start_s = log[0].received / 1e9 - begun_s
    first, last = seen.between(log[0].received / 1e9 + ramp_s, log[-1].received / 1e9)
    cpu_s, tokens = last.cpu_s - first.cpu_s, max(1, last.tokens - first.tokens)
    errors_ms = schedule_errors_ms(log, rps)
    figures = {
        "delivered": tokens / ((last.at_s - first.at_s) * rps * wanted.tokens),
        "chunks_per_s": tokens / (last.at_s - first.at_s),
        "cpu_ms_per_1000": cpu_s * 1e6 / tokens,
        "rss_mb": last.rss_bytes / 1e6,
        "start_s": seen.start_s,
        "rps": realised_rps(log),
        "schedule_error_p50_ms": quantile(errors_ms, 0.5),
        "schedule_error_p99_ms": quantile(errors_ms, 0.99),
        "failed": float(seen.totals.due - seen.totals.ok),
        "not_green": sum(light != "green" for light in seen.lights) / max(1, len(seen.lights)),
    }
    whole_cpu_s = max(each.cpu_s for each in seen.moments)  # the last ones come when it is gone
    row = Row(
        case,
        CLIENT,
        figures,
        conditions(before, after, whole_cpu_s, server, paced=wanted.itl_ms > 0),
        f"{seen.stamp_source} stamps, {seen.core} core",
    )
    return row, seen


def command_run(bench: Bench) -> Row:
    """`gtc load run` from the shell: how long until its first request, after its probe, is out."""
    server = bench.server
    server.answer_with(ttft=0, itl=0, ntok=5)
    words = {"url": server.url, "model": "mock", "rps": 50, "duration": 1, "mix": "0/0/100"}
    done = run(
        [
            *(str(Path(sys.executable).with_name("gtc")), "load", "run", "--no-live"),
            *(word for name, value in words.items() for word in (f"--{name}", str(value))),
        ],
        server,
        bench.scratch / "command.log",
        paced=False,
    )
    probed, first = server.log()[:2]
    figures = {
        "start_s": first.received / 1e9 - done.started_s,
        "probe_s": probed.received / 1e9 - done.started_s,
        "cpu_s": done.cpu_s,
    }
    return Row("command", COMMAND, figures, done.conditions)


def driver(bench: Bench, paced: bool, *words: str) -> tuple[Run, list[Seen]]:
    """Run `driver.py`; returns the run and what it saw of answers that ended well."""
    out = bench.scratch / "driver.json"
    done = run(
        [sys.executable, "-m", "tests.bench.load.driver", *words, "--out", str(out)],
        bench.server,
        bench.scratch / "driver.log",
        paced=paced,
    )
    records = json.loads(out.read_text())["records"]
    return done, [_seen(record) for record in records if record["ok"]]


def _seen(record: dict[str, object]) -> Seen:
    stamps_s = np.array(record["arrivals_s"], dtype=float)
    tokens = np.array(record["arrivals_tokens"], dtype=int)
    return Seen(
        serial_of(str(record["id"])),
        round(float(record["sent_s"]) * 1e9),  # type: ignore[arg-type]
        round(float(record["first_s"]) * 1e9),  # type: ignore[arg-type]
        np.repeat((stamps_s * 1e9).astype(np.int64), tokens),
    )


def errors_run(bench: Bench, streams: int, wanted: Shape, seconds: float, busy: bool) -> Row:
    """The engine at the rate that keeps `streams` open, with the time of every arrival."""
    server = bench.server
    server.answer_with(**wanted.server_settings(keep=True))
    rps, length = f"{wanted.rps_for(streams):g}", f"{seconds:g}"
    words = ["open", server.url, "--rps", rps, "--seconds", length, *(["--busy"] if busy else [])]
    done, seen = driver(bench, True, *words)
    case = f"paced {streams}{' busy' if busy else ''} errors"
    return Row(case, CLIENT, error_figures(server, seen), done.conditions)


def closed_run(bench: Bench, case: str, streams: int, requests: int, wanted: Shape) -> Row:
    """Closed loop over our transport and statistics, as the peers and the C client run."""
    server = bench.server
    server.answer_with(**wanted.server_settings())
    paced = wanted.itl_ms > 0
    words = ["closed", server.url, "--streams", str(streams), "--requests", str(requests)]
    done, _ = driver(bench, paced, *words)
    return Row(case, f"{CLIENT}, closed loop", loop_figures(server, done), done.conditions)


def error_figures(server: MockServer, seen: list[Seen]) -> dict[str, float]:
    """TTFT and stamp errors of a run with kept times."""
    answers = server.log()
    ttft_ms, stamps_ms = ttft_errors_ms(seen, answers), stamp_errors_ms(seen, server.times())
    return {
        "joined": len(ttft_ms) / max(1, len(answers)),
        "frames": float(len(stamps_ms)),
        "ttft_error_p50_ms": quantile(ttft_ms, 0.5),
        "ttft_error_p99_ms": quantile(ttft_ms, 0.99),
        "stamp_error_p50_ms": quantile(stamps_ms, 0.5),
        "stamp_error_p99_ms": quantile(stamps_ms, 0.99),
    }


def loop_figures(server: MockServer, done: Run) -> dict[str, float]:
    """Throughput, CPU and memory of a client program, throughput by the server's clock."""
    answers = server.log()
    frames = sum(answer.frames for answer in answers)
    span_s = (max(a.last for a in answers) - min(a.received for a in answers)) / 1e9
    return {
        "chunks_per_s": frames / span_s,
        "cpu_ms_per_1000": done.cpu_ms_per_1000(),
        "cpu_ms_per_1000_all": done.cpu_s * 1e6 / frames,
        "pss_mb": done.pss_bytes / 1e6,
        "processes": float(done.processes),
        "start_s": min(answer.received for answer in answers) / 1e9 - done.started_s,
        "wall_s": done.wall_s,
    }
