"""Answers of servers: a streamed completion, cut anywhere, and what the engine makes of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.figures.snapshot import Gauges, Snapshot
from gtc_runtime.load.records import RequestRecord
from gtc_runtime.load.wire.exchange import Exchange
from tests.chaos.malformed.damage import as_json, damaged, spoilt
from tests.chaos.malformed.kinds import Kind, Try

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def _frame(delta: object, finish: str | None = None, usage: object = None) -> dict[str, object]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "1", "object": "chat.completion.chunk", "choices": choices, "usage": usage}


_FRAMES = [
    _frame({"role": "assistant"}),
    *(_frame({"content": f"w{n} "}) for n in range(12)),
    _frame({}, "stop"),
    _frame(None, usage={"prompt_tokens": 9, "completion_tokens": 12}),
]


def _answer(random: Random) -> bytes:
    frames: list[object] = list(_FRAMES)
    if random.random() < 0.5:
        place = random.randrange(len(frames))
        frames[place] = spoilt(random, frames[place])
    events = [b"data: " + _compact(each) + b"\n\n" for each in frames] + [b"data: [DONE]\n\n"]
    if random.random() < 0.3:
        place = random.randrange(len(events))
        events[place] = damaged(random, events[place])
    whole = _HEAD + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in events) + b"0\r\n\r\n"
    return damaged(random, whole) if random.random() < 0.5 else whole


def _compact(value: object) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":")).encode()
    except RecursionError:
        return as_json(value)


def _pieces(random: Random, data: bytes) -> Iterator[bytes]:
    size = random.choice((1, 7, 100, 1500, 1 << 20))
    size = max(size, len(data) // 5000)
    for at in range(0, len(data), size):
        yield data[at : at + size]


@contextmanager
def _streams() -> Iterator[Try]:
    recorder = SliceRecorder()
    meter = QualityMeter("user", 0.0, "")
    clock = itertools.count(1.0, 0.001)

    def attempt(random: Random) -> str:
        record = RequestRecord("chat", 1, next(clock), max_tokens=random.choice((0, 12)))
        ended: list[Exchange] = []
        keep, suffices = random.random() < 0.5, random.random() < 0.2
        exchange = Exchange(record, b"", recorder, meter, ended.append, keep, suffices)
        recorder.due(record)
        exchange.sent(next(clock))
        for piece in _pieces(random, _answer(random)):
            if exchange.received(piece, next(clock)):
                break
        exchange.lost()
        assert len(ended) == 1
        assert record.outcome is not None
        told = Snapshot(next(clock), recorder.take(), Gauges(last_failure=record.detail))
        assert Snapshot.from_line(told.to_line()).to_line() == told.to_line()
        exchange.response.events.text()
        return str(record.outcome)

    yield attempt


KINDS = (Kind("sse", _streams),)
