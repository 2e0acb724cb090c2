"""Our engine in a process of the benchmark: `python -m tests.bench.load.driver MODE URL ...`.

`open` runs the whole engine at a rate and keeps the time of every arrival. `closed` keeps a number
of streams open over the same transport, parser and statistics, as the other clients do; with
`--stamps` it keeps arrivals too. `--busy` adds a thread that holds the interpreter 40 ms of every
100: what a dashboard in the same process would do. What was seen goes into one file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from array import array
from pathlib import Path
from threading import Thread
from typing import Any

import uvloop

from gtc_runtime.load.asking.dialect import Dialect
from gtc_runtime.load.conversations.followups import CannedFollowUps
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.engine import Engine
from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.prompts.prompt import Prompt, RequestWriter
from gtc_runtime.load.records import Outcome, RequestRecord
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.load.wire.transports import transport_for
from tests.bench.load import shape
from tests.bench.load.shape import FIREHOSE, MIX

BUSY_S, IDLE_S = 0.04, 0.06
SETTLE_S = 0.5
DRAIN_S = 20.0


def main() -> None:
    """Run one mode and write what was seen."""
    words = argparse.ArgumentParser()
    words.add_argument("mode", choices=["open", "closed"])
    words.add_argument("url")
    words.add_argument("--rps", type=float, default=0)
    words.add_argument("--seconds", type=float, default=0)
    words.add_argument("--streams", type=int, default=0)
    words.add_argument("--requests", type=int, default=0)
    words.add_argument("--stamps", action="store_true")
    words.add_argument("--busy", action="store_true")
    words.add_argument("--out", type=Path)
    chosen = words.parse_args()
    if chosen.busy:
        Thread(target=_keep_busy, daemon=True).start()
    if chosen.mode == "open":
        records, more = uvloop.run(_open(chosen.url, chosen.rps, chosen.seconds))
    else:
        records, more = uvloop.run(
            _closed(chosen.url, chosen.streams, chosen.requests, chosen.stamps)
        )
    if chosen.out:
        chosen.out.write_text(json.dumps({"records": [_plain(each) for each in records], **more}))


def _keep_busy() -> None:
    while True:
        until = time.monotonic() + BUSY_S
        while time.monotonic() < until:
            pass
        time.sleep(IDLE_S)


async def _open(url: str, rps: float, seconds: float) -> tuple[list[RequestRecord], dict[str, Any]]:
    """The engine at a constant rate, then until the last answer has ended."""
    settings = shape.settings(url, FIREHOSE, keep_arrivals=True)
    records: list[RequestRecord] = []
    engine = Engine(
        settings, transport_for(url, settings.timeouts), CannedFollowUps(), on_record=records.append
    )
    engine.start()
    await asyncio.sleep(SETTLE_S)
    engine.set_load(Rate(rps=rps, mix=MIX, pacing="constant"))
    await asyncio.sleep(seconds)
    engine.set_load(Rate(rps=0, mix=MIX, pacing="constant"))
    async with asyncio.timeout(DRAIN_S):
        while engine.snapshot().gauges.in_flight:
            await asyncio.sleep(0.05)
    source = engine.snapshot().quality.stamp_source
    await engine.stop()
    return records, {"stamp_source": source}


async def _closed(
    url: str, streams: int, requests: int, stamps: bool
) -> tuple[list[RequestRecord], dict[str, Any]]:
    """A number of streams, each begun when another has ended."""
    settings = shape.settings(url, FIREHOSE)
    transport = transport_for(url, settings.timeouts)
    recorder = SliceRecorder(settings.slo)
    meter = QualityMeter(transport.stamp_source, time.monotonic())
    transport.start(meter)
    writer = RequestWriter(settings.url, settings.model, Dialect(ignore_eos=False))
    request = writer.write(Prompt([{"role": "user", "content": "say something"}], 2, 10, 100))
    records: list[RequestRecord] = []
    over = asyncio.get_running_loop().create_future()
    started = 0

    def begin() -> None:
        nonlocal started
        started += 1
        record = RequestRecord("reasoning", 1, time.monotonic())
        if stamps:
            record.arrivals_s, record.arrivals_tokens = array("d"), array("l")
        recorder.due(record)
        transport.send(Exchange(record, request, recorder, meter, ended))

    def ended(exchange: Exchange) -> None:
        records.append(exchange.record)
        if len(records) == requests:
            over.set_result(None)
        if started < requests:
            asyncio.get_running_loop().call_soon(begin)

    for _ in range(min(streams, requests)):
        begin()
    while not over.done():  # as the load process does for its snapshots
        await asyncio.wait([over], timeout=0.25)
        recorder.take()
        meter.judge(time.monotonic())
    await transport.close()
    return records, {"stamp_source": transport.stamp_source}


def _plain(record: RequestRecord) -> dict[str, Any]:
    return {
        "id": record.answer_id,
        "outcome": record.outcome,
        "ok": record.outcome is Outcome.OK,
        "tokens": record.tokens,
        "due_s": record.due_s,
        "sent_s": record.send_s,
        "first_s": record.first_s,
        "arrivals_s": list(record.arrivals_s or ()),
        "arrivals_tokens": list(record.arrivals_tokens or ()),
    }


if __name__ == "__main__":
    main()
