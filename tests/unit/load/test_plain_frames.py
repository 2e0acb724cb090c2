"""The fast way and the exact way must never disagree."""

import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.answer.plain_frames import PlainFrames, plain_frames
from gtc_runtime.load.figures.quality import QualityMeter
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.records import Outcome, RequestRecord
from gtc_runtime.load.wire.exchange import Exchange

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
OPENING = b'"content":"'


def frame(text, finish=None, **more):
    data = {"choices": [{"delta": {"content": text}, "finish_reason": finish}], **more}
    return (
        b"data: " + json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"
    )


def chunk(payload):
    return b"%x\r\n%b\r\n" % (len(payload), payload)


TEXTS = [
    *"abc",
    " word",
    'say "hi"',
    "\\",
    "\n\n",
    "é😀",
    '"content":"',
    "data: {",
    '"error"',
    "x" * 2100,
]
ENDS = {
    Outcome.OK: [frame("", "stop"), b"data: [DONE]\n\n"],
    Outcome.TRUNCATED: [],
    Outcome.ERROR_IN_STREAM: [b'data: {"error":{"message":"kaput"}}\n\n'],
    Outcome.MALFORMED: [b"data: {nonsense\n\n"],
}


def draw(random):
    """(bytes, tokens, outcome): an answer in chunks that hold one frame, several or parts."""
    texts = random.choices(TEXTS, k=random.randint(0, 12))
    outcome = random.choice(list(ENDS))
    events = [frame(None, id="c-1"), *map(frame, texts), *ENDS[outcome]]
    if random.random() < 0.3:
        events.insert(random.randint(1, len(events)), b": ping\n\n")
    if outcome is Outcome.OK and random.random() < 0.5:
        usage = {"completion_tokens": len(texts), "prompt_tokens": 3}
        events.insert(
            -1, b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n"
        )
    payload = b"".join(events)
    style = random.random()
    if style < 0.5:
        pieces = events
    elif style < 0.8:
        pieces = [b"".join(events[at : at + 3]) for at in range(0, len(events), 3)]
    else:
        pieces = cut(random, payload, 12)
    return HEAD + b"".join(map(chunk, pieces)) + b"0\r\n\r\n", texts, outcome


def cut(random, data, most):
    cuts = {random.randint(1, len(data) - 1) for _ in range(random.randint(0, most))}
    return [data[a:b] for a, b in pairwise([0, *sorted(cuts), len(data)])]


def received(pieces, keep_text=True):
    ended = []
    recorder = SliceRecorder()
    record = RequestRecord("chat", 1, 0.0)
    exchange = Exchange(record, b"", recorder, QualityMeter("user", 0.0), ended.append, keep_text)
    exchange.sent(0.0)
    for number, piece in enumerate(pieces, start=1):
        exchange.received(piece, number * 0.01)
    exchange.lost()
    assert ended == [exchange]
    return exchange, recorder.take()


def check(random):
    raw, texts, outcome = draw(random)
    at_borders = raw.replace(b"\n\n\r\n", b"\n\n\r\n\0").split(b"\0")
    pieces = [p for p in at_borders if p] if random.random() < 0.4 else cut(random, raw, 30)
    exchange, slices = received(pieces)
    assert exchange.record.outcome is outcome
    assert exchange.record.tokens == len(texts)
    assert exchange.response.events.text() == "".join(texts)
    counted = [tally.tokens for tallies in slices.values() for tally in tallies.values()]
    assert sum(counted) == len(texts)


@given(st.integers(0, 2**32).map(Random))
@settings(max_examples=200, deadline=None)
def test_every_token_is_counted_and_every_end_told_wherever_reads_are_cut(random):
    check(random)


@pytest.mark.slow
@pytest.mark.timeout(240)
@given(st.integers(0, 2**32).map(Random))
@settings(max_examples=2000, deadline=None)
def test_the_same_for_two_thousand_streams(random):
    check(random)


@pytest.fixture(params=["fresh", "used"])
def plain(request, core):
    """Of either core; one that was used has learnt how the other frames begin and end."""
    plain = plain_frames(OPENING)
    assert isinstance(plain, PlainFrames) == (core == "python")
    if request.param == "used":
        assert plain.tokens(chunk(frame("first"))) == 1
    return plain


def test_reads_of_one_token_frame_are_plain(plain):
    for text in ["a", " word", 'say "hi"', "\\", "é😀", "first", "x" * 1500]:
        assert plain.tokens(chunk(frame(text))) == 1


def test_a_read_of_several_chunks_is_plain(plain):
    read = chunk(frame("a") + frame("b")) + chunk(frame("c"))
    assert plain.tokens(read) == plain.frames == 3


def test_a_stream_may_change_how_its_frames_look(plain):
    for more in ({"created": 1}, {"created": 2}, {"id": "x", "created": 3}, {}):
        read = chunk(frame("a", **more))
        assert plain.tokens(read) == 1
        assert plain.tokens(read) == 1


@pytest.mark.parametrize(
    "read",
    [
        chunk(frame("")),
        chunk(frame("a", "stop")),
        chunk(frame("a", error={"message": "x"})),
        chunk(frame("a", usage={"completion_tokens": 4})),
        chunk(frame("a"))[:-1],
        chunk(frame("a"))[1:],
        chunk(frame("a")[:-1]),
        chunk(frame("a")[:40]) + chunk(frame("a")[40:]),
        chunk(frame("a") + b": ping\n\n"),
        chunk(b"event: error\n" + frame("a")),
        chunk(frame("a")) + chunk(frame("")),
        chunk(frame("a")) + b"0\r\n\r\n",
        b"-5\r\n" + frame("a") + b"\r\n",
        chunk(b": ping\n\n"),
        chunk(b"data: [DONE]\n\n"),
        chunk(frame("a")[:-1] + b"\n: ping\n\n"),
        chunk(frame("a\0b").replace(b"\\u0000", b"\n")),
        chunk(frame("a\0b").replace(b"\\u0000", b"\r")),
        chunk(frame("a\0b").replace(b"\\u0000", b"\\\r")),
        b"",
    ],
)
def test_whatever_is_not_surely_plain_is_left_to_the_parser(plain, read):
    assert plain.tokens(read) == 0
