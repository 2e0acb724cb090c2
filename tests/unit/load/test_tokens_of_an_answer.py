"""How many tokens an answer had, and what the gaps between them were, whoever cut it how."""

import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.records import Outcome, RequestRecord
from gtc_runtime.load.settings import RequestGoals
from gtc_runtime.load.wire.exchange import Exchange
from gtc_runtime.metrics.exporter import Cumulative
from gtc_spec.telemetry.buckets import ITL_BUCKETS

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = b"data: [DONE]\n\n"
GOALS = RequestGoals(ttft_s=1.0, itl_s=0.05)


def event(data):
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def frame(text, finish=None, usage=None):
    data = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}
    return event(data | ({} if usage is None else {"usage": {"completion_tokens": usage}}))


def usage(tokens):
    return event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": tokens}})


def chunk(payload):
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def received(reads, goals=GOALS):
    """An exchange that got reads, each with its time, and everything that it counted."""
    recorder = SliceRecorder(goals)
    record = RequestRecord("reasoning", 1, 0.0, max_tokens=99)
    ended = []
    exchange = Exchange(record, b"", recorder, QualityMeter("user", 0.0), ended.append)
    recorder.due(record)
    exchange.sent(0.0)
    for at_s, data in reads:
        exchange.received(data, at_s)
    exchange.lost()
    assert ended == [exchange]
    book = SliceBook()
    book.add(Snapshot.from_line(Snapshot(at_s=1.0, slices=recorder.take()).to_line()))
    return record, book.totals()["reasoning"]


def every(gap_s, *frames):
    """Reads of one frame each, `gap_s` apart, and the end right behind the last."""
    reads = [(gap_s * (at + 1), HEAD * (at == 0) + chunk(each)) for at, each in enumerate(frames)]
    return [*reads, (gap_s * len(frames), chunk(DONE) + b"0\r\n\r\n")]


def answer(frames, told, gap_s=0.08):
    return every(gap_s, *([frame("w ")] * frames), frame("", "length") + usage(told))


def test_four_tokens_a_frame_are_24_tokens_of_20_ms_each():
    record, tally = received(answer(6, 24))
    assert record.tokens == tally.tokens == 24
    assert record.first_tokens == 4
    assert tally.itl.n == 23
    assert tally.itl.quantile(0.5) == pytest.approx(0.02, rel=0.006)
    assert record.tpot_s == pytest.approx(0.02, rel=0.001)
    assert (record.counted_by, record.itl_basis) == ("usage", "frame")
    assert tally.stall.n == 5


def test_running_usage_gives_the_same_figures_token_by_token():
    frames = [frame("a b c d ", usage=4 * n) for n in range(1, 7)]
    record, tally = received(every(0.08, *frames, frame("", "length", usage=24)))
    assert record.tokens == tally.tokens == 24
    assert tally.itl.n == 23
    assert tally.itl.quantile(0.5) == pytest.approx(0.02, rel=0.006)
    assert (record.counted_by, record.itl_basis) == ("usage", "token")


def test_running_usage_that_grows_without_text_is_a_token_when_it_came():
    frames = [frame("a", usage=1), frame("b", usage=2), frame("", "stop", usage=3)]
    record, tally = received(every(0.02, *frames))
    assert record.tokens == tally.tokens == 3
    assert record.last_s == pytest.approx(0.06)
    assert record.tpot_s == pytest.approx(0.02)


def test_one_token_without_a_frame_of_its_own_leaves_the_basis_at_token():
    record, tally = received(answer(20, 21, gap_s=0.02))
    assert record.tokens == tally.tokens == 21
    assert tally.itl.n == 20
    assert record.itl_basis == "token"


@pytest.mark.parametrize("told", [0, 3])
def test_usage_below_what_arrived_is_not_believed(told):
    record, tally = received(answer(10, told, gap_s=0.2))
    assert record.tokens == tally.tokens == 10
    assert record.counted_by == "chunks"
    assert record.tpot_s == pytest.approx(0.2)
    assert (tally.ok, tally.good) == (1, 0)  # 200 ms a token at a goal of 50


def test_of_several_usages_the_largest_counts():
    late = [frame("w ")] * 10 + [usage(10) + usage(3) + event({"usage": None, "choices": []})]
    assert received(every(0.02, *late, frame("", "stop")))[0].tokens == 10


@pytest.mark.parametrize(
    ("told", "tokens"), [(12.0, 12), (12.5, 10), (-3, 10), (True, 10), ("12", 10), (10**12, 10)]
)
def test_a_count_is_a_whole_number_of_tokens_or_none(told, tokens):
    assert received(answer(10, told))[0].tokens == tokens


def test_zeros_in_every_frame_are_no_running_usage():
    frames = [frame("w ", usage=0) for _ in range(10)]
    record, _ = received(every(0.02, *frames, frame("", "length") + usage(40)))
    assert record.tokens == 40
    assert record.itl_basis == "frame"


def test_everything_at_once_has_a_first_token_and_no_pace():
    whole = b"".join([frame("w ")] * 20) + frame("", "stop") + usage(20)
    record, tally = received(every(0.3, whole))
    assert record.first_tokens == record.tokens == 20
    assert record.tpot_s is None
    assert tally.itl.n == 19
    assert tally.itl.quantile(0.99) < 1e-5


def test_tokens_belong_to_the_second_in_which_they_arrived_also_when_usage_adds_them():
    recorder = SliceRecorder()
    record = RequestRecord("reasoning", 1, 0.0, max_tokens=99)
    exchange = Exchange(record, b"", recorder, QualityMeter("user", 0.0), lambda _: None)
    exchange.sent(0.0)
    for at_s in (0.5, 1.5, 2.5):
        exchange.received((HEAD if at_s < 1 else b"") + chunk(frame("w ")), at_s)
    shipped = recorder.take()
    exchange.received(chunk(frame("", "stop") + usage(9) + DONE) + b"0\r\n\r\n", 3.5)
    added = recorder.take()
    for second in range(3):
        assert shipped[second]["reasoning"].tokens == 1
        assert added[second]["reasoning"].tokens == 2


def test_what_prometheus_sees_never_falls_when_gaps_are_shared():
    recorder = SliceRecorder()
    seen = Cumulative(ITL_BUCKETS.upper_bounds_s)
    exposed = []

    def expose():
        for tallies in recorder.take().values():
            for tally in tallies.values():
                seen.observe(tally.itl)
        exposed.append([*(count for _, count in seen.buckets), seen.sum_s])

    record = RequestRecord("reasoning", 1, 0.0, max_tokens=99)
    exchange = Exchange(record, b"", recorder, QualityMeter("user", 0.0), lambda _: None)
    exchange.sent(0.0)
    for number in range(1, 30):
        head = HEAD if number == 1 else b""
        exchange.received(head + chunk(frame("w ")), number * 0.037)
        expose()
    exchange.received(chunk(frame("", "stop") + usage(100) + DONE) + b"0\r\n\r\n", 1.2)
    expose()
    for before, after in pairwise(exposed):
        assert all(now >= then for then, now in zip(before, after, strict=True))
    assert exposed[-1][-2] == 99


def draw(random):
    """(bytes, frames of output, tokens told or None, outcome) of an answer in any style."""
    sizes = [random.choice([1, 1, 1, 2, 4, 7]) for _ in range(random.randint(0, 15))]
    style = random.choice(["end", "running", "none"])
    outcome, end = random.choice(
        [
            (Outcome.OK, frame("", random.choice(["stop", "length", "tool_calls", "EOS"]))),
            (Outcome.ABORTED, frame("", random.choice(["abort", "cancelled", "error"]))),
            (Outcome.ERROR_IN_STREAM, event({"object": "error", "message": "x"})),
            (Outcome.TRUNCATED, b""),
        ]
    )
    events, count = [event({"choices": [{"delta": {"role": "assistant"}}]})], 0
    for size in sizes:
        count += size
        events.append(frame("w " * size, usage=count if style == "running" else None))
    told = sum(sizes) if style != "none" and outcome is not Outcome.ERROR_IN_STREAM else None
    events += [end] if end else []
    if told is not None and style == "end" and outcome is not Outcome.TRUNCATED:
        events.append(usage(told))
    elif style == "end":
        told = None
    if outcome is not Outcome.TRUNCATED or random.random() < 0.3:
        events.append(DONE)
    if not sizes and outcome is Outcome.OK:
        outcome = Outcome.EMPTY
    if not sizes and outcome is Outcome.TRUNCATED and events[-1] == DONE:
        outcome = Outcome.EMPTY  # no frame that could have named a reason
    tokens = sum(sizes) if style == "running" else told
    return events, len(sizes), tokens, outcome


def reads(random, events):
    """The same bytes in chunks and reads that are cut anywhere, some at the same instant."""
    payload, size = b"".join(events), random.choice([1, 3])
    pieces = [b"".join(events[at : at + size]) for at in range(0, len(events), size)]
    if random.random() < 0.5:
        cuts = sorted({random.randint(1, len(payload) - 1) for _ in range(random.randint(1, 9))})
        pieces = [payload[a:b] for a, b in pairwise([0, *cuts, len(payload)])]
    raw = HEAD + b"".join(map(chunk, pieces)) + b"0\r\n\r\n"
    if random.random() < 0.5:
        bounds = [HEAD, *map(chunk, pieces), b"0\r\n\r\n"]
    else:
        cuts = sorted({random.randint(1, len(raw) - 1) for _ in range(random.randint(0, 30))})
        bounds = [raw[a:b] for a, b in pairwise([0, *cuts, len(raw)])]
    at_s = 0.0
    for piece in bounds:
        at_s += random.choice([0.0, 0.001, 0.02, 0.3])
        yield at_s, piece


@given(st.integers(0, 2**32).map(Random))
@settings(max_examples=300, deadline=None)
def test_for_any_cut_and_any_frame_size_tokens_are_usage_classes_exact_and_gaps_tokens_less_one(
    random,
):
    events, frames, told, outcome = draw(random)
    record, tally = received(reads(random, events))
    assert record.outcome is outcome
    assert record.tokens == tally.tokens == (frames if told is None else told)
    assert tally.itl.n == max(0, record.tokens - 1)
    assert min(tally.itl.buckets.values(), default=1) > 0
    assert tally.counted == (1 if frames else 0)
    assert tally.counted_by_usage == (1 if frames and told is not None else 0)
    if frames:
        gaps_s = record.last_s - record.first_s
        slack_s = 0.006 * gaps_s + 1.1e-6 * record.tokens
        assert tally.itl.sum_s == pytest.approx(gaps_s, abs=slack_s)
