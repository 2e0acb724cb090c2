import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.answer.event_lines import LINE_MAX
from gtc_runtime.load.answer.framing import HEAD_MAX
from gtc_runtime.load.answer.response import LARGE, StreamedResponse
from gtc_runtime.load.records import Outcome

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"


def data(value):
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def content(text, finish=None, **more):
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}], **more}


def chunked(pieces):
    body = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces)
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


def closing(payload):
    return OK + b"Connection: close\r\n\r\n" + payload


def feed(raw, cuts=(), *, close=False, keep_text=True):
    response = StreamedResponse(keep_text)
    edges = [0, *sorted(cuts), len(raw)]
    for start, end in pairwise(edges):
        if start < end and not response.complete:
            response.feed(raw[start:end])
    if close:
        response.close()
    return response


ALPHABET = 'abc é😀"\\\n\r\x00\u2028{}:'


def draw_stream(random):
    """(bytes, texts) of a well-formed answer in one of many styles.

    Drawn by one seeded generator and not piece by piece: thousands of streams cost seconds.
    """
    texts = [
        "".join(random.choices(ALPHABET, k=random.randint(1, 12)))
        for _ in range(random.randint(1, 20))
    ]
    separators = random.choice([(",", ":"), (", ", ": ")])
    ascii_only = random.random() < 0.5

    def line(value):
        return json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()

    prefix = random.choice([b"data: ", b"data:"])
    end = random.choice([b"\n\n", b"\r\n\r\n"])
    comment = random.choice([b"", b": ping\n\n", b"event: message\n", b"id: 3\r\n"])
    lines = [line({"choices": [{"delta": {"role": "assistant", "content": ""}}]})]
    lines += [line(content(text)) for text in texts]
    lines.append(line(content("", "stop")))
    lines.append(line({"choices": [], "usage": {"completion_tokens": 7, "prompt_tokens": 9}}))
    lines.append(b"[DONE]")
    payload = b"".join(comment + prefix + each + end for each in lines)
    if random.random() < 0.3:
        return closing(payload), texts
    return chunked(pieces(random, payload)), texts


def pieces(random, payload):
    """The payload cut at random places."""
    cuts = sorted(random.choices(range(1, len(payload)), k=random.randint(0, 30)))
    edges = [0, *dict.fromkeys(cuts), len(payload)]
    return [payload[start:end] for start, end in pairwise(edges)]


randoms = st.integers(0, 2**32).map(Random)


@given(randoms)
@settings(max_examples=400, deadline=None)
def test_tokens_are_exact_wherever_the_bytes_are_cut(random):
    raw, texts = draw_stream(random)
    response = feed(raw, random.choices(range(len(raw)), k=random.randint(0, 40)))
    assert response.outcome is Outcome.OK
    assert response.events.tokens == len(texts)
    assert response.events.usage() == {"completion_tokens": 7, "prompt_tokens": 9}


@given(randoms)
@settings(max_examples=200, deadline=None)
def test_frames_that_come_one_by_one_are_counted_as_exactly(random):
    raw, texts = draw_stream(random)
    ends = [at + 1 for at in range(len(raw)) if raw[at : at + 1] == b"\n"]
    response = feed(raw, ends)
    assert response.events.tokens == len(texts)
    assert response.events.text() == "".join(texts)


@given(randoms)
@settings(max_examples=50, deadline=None)
def test_bytes_that_come_one_by_one_give_the_same_text(random):
    raw, texts = draw_stream(random)
    assert feed(raw, range(len(raw))).events.text() == "".join(texts)


@given(randoms)
@settings(max_examples=400, deadline=None)
def test_a_stream_cut_short_is_never_a_success(random):
    raw, _ = draw_stream(random)
    finish = raw.find(b'"stop"') if b'"stop"' in raw else len(raw) // 3
    response = feed(raw[: random.randint(1, finish)], close=True)
    assert response.outcome in (Outcome.TRUNCATED, Outcome.MALFORMED)
    assert not response.reusable


@given(st.binary(max_size=300), st.sampled_from([b"", closing(b""), chunked([])[:-5]]))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_end_in_an_outcome_and_never_in_an_exception(noise, start):
    response = feed(start + noise, close=True)
    assert response.outcome is not None


def test_a_stream_that_ends_with_its_last_chunk_leaves_the_connection_reusable():
    response = feed(chunked([data(content("a", "stop")), data(b"[DONE]")]))
    assert response.outcome is Outcome.OK
    assert response.reusable


def test_a_stream_is_over_at_done_even_before_its_body_is():
    response = feed(chunked([data(content("a", "stop")), data(b"[DONE]")])[:-5])
    assert response.outcome is Outcome.OK
    assert not response.complete


def test_a_close_delimited_stream_without_finish_is_truncated():
    response = feed(closing(data(content("a")) * 3), close=True)
    assert response.outcome is Outcome.TRUNCATED
    assert response.events.tokens == 3


def test_a_finish_reason_suffices_when_done_never_comes():
    response = feed(closing(data(content("a", "length"))), close=True)
    assert response.outcome is Outcome.OK


def test_text_that_looks_like_protocol_is_only_text():
    tricky = '"content":"x" "finish_reason":"stop" "error" data: [DONE]\n\n'
    response = feed(closing(data(content(tricky))), close=True)
    assert response.events.tokens == 1
    assert response.outcome is Outcome.TRUNCATED
    assert response.events.text() == tricky


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_counts_as_output(field):
    part = {"choices": [{"delta": {"content": None, field: "hm"}, "finish_reason": None}]}
    assert feed(closing(data(part))).events.tokens == 1


def test_running_usage_counts_several_tokens_in_one_frame():
    usage = [{"completion_tokens": n} for n in (1, 4, 6)]
    raw = closing(b"".join(data(content("abc", usage=each)) for each in usage))
    response = feed(raw)
    assert response.events.frames == 3
    assert response.events.tokens == 6


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (data({"error": {"message": "no workers left", "code": 500}}), "no workers left"),
        (data({"error": "overloaded"}), "overloaded"),
        (b"event: error\n: engine died\n\n", "engine died"),
        (b"event: error\ndata: engine died\n\n", "engine died"),
        (b"event:error\r\ndata: {}\r\n\r\n", "{}"),
    ],
)
def test_an_error_inside_the_stream_is_told_in_the_servers_words(payload, words):
    response = feed(chunked([data(content("a")), payload]))
    assert response.outcome is Outcome.ERROR_IN_STREAM
    assert words in response.detail


@pytest.mark.parametrize(
    ("late", "tokens"),
    [
        ({"choices": [], "usage": {"completion_tokens": 9}}, 3),
        (content("a", usage={"completion_tokens": 9}), 9),
        (content(""), 3),
        (content("a", error={"message": "late"}), 4),
        ({"choices": [{"delta": {"content": None}, "finish_reason": None}]}, 3),
        (content('quote " and \\'), 4),
    ],
)
def test_a_frame_unlike_the_ones_before_is_looked_at_closely(late, tokens):
    def line(value):
        return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"

    response = feed(closing(line(content("a")) * 3 + line(late)))
    assert response.events.tokens == tokens
    assert (response.outcome is Outcome.ERROR_IN_STREAM) == ("error" in late)
    assert bool(response.events.usage()) == ("usage" in late)


@pytest.mark.parametrize(
    "odd",
    [
        content("a", error={"message": "half \ud800 a letter"}),
        content("a", {"type": "abort", "message": "\ud800" * 5_000}),
        content("a", "\udfff"),
    ],
)
def test_words_that_are_no_letters_can_be_told_all_the_same(odd):
    response = feed(chunked([data(content("a")), data(odd), data(b"[DONE]")]))
    assert response.outcome in (Outcome.ERROR_IN_STREAM, Outcome.ABORTED)
    assert len(response.detail.encode()) < 2_000


def test_an_error_field_that_is_null_is_no_error():
    response = feed(chunked([data(content("a", "stop", error=None)), data(b"[DONE]")]))
    assert response.outcome is Outcome.OK


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (503, b'{"error":{"message":"no instances"}}', "503: no instances"),
        (429, b'{"message":"slow down"}', "429: slow down"),
        (404, b"model not found", "404: model not found"),
        (500, b"\xff\xfe", "500: \\xff\\xfe"),
        (401, b"[1]", "401: [1]"),
        (502, b"", "502: no body"),
    ],
)
def test_an_http_error_is_refused_with_status_and_words(status, body, detail):
    raw = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
    response = feed(raw, close=True)
    assert response.outcome is Outcome.REFUSED
    assert response.detail == detail
    assert response.reusable


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        OK + b"Content-Length: twelve\r\n\r\n",
        OK + b"Content-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
        closing(b"data: not json\n\n"),
        closing(b"data: {broken}\n\n"),
        closing(b'data: {"half": \n\n'),
        closing(b"data: " + b"x" * (LINE_MAX + 1)),
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * HEAD_MAX,
    ],
)
def test_what_is_not_a_stream_of_events_is_malformed_with_a_sample(raw):
    response = feed(raw)
    assert response.outcome is Outcome.MALFORMED
    assert response.detail
    assert not response.reusable


def test_a_line_of_400_kilobytes_is_still_read():
    response = feed(closing(data(content("x" * 400_000))), range(0, 400_000, 1448))
    assert response.events.tokens == 1


def test_an_interim_response_is_skipped():
    response = feed(b"HTTP/1.1 100 Continue\r\n\r\n" + chunked([data(content("a", "stop"))]))
    assert response.outcome is Outcome.OK


def test_an_http_1_0_connection_is_not_reused():
    raw = b"HTTP/1.0 503 X\r\nContent-Length: 0\r\n\r\n"
    assert not feed(raw).reusable


def test_giving_up_after_the_finish_reason_is_still_a_success():
    response = feed(closing(data(content("a", "stop"))))
    response.give_up(Outcome.STALLED, "no output")
    assert response.outcome is Outcome.OK
    assert response.detail == ""


def test_giving_up_before_it_is_told_as_it_was_given():
    response = feed(closing(data(content("a"))))
    assert (response.outcome, response.detail) == (None, "")
    response.give_up(Outcome.STALLED, "no output for 30 s")
    assert (response.outcome, response.detail) == (Outcome.STALLED, "no output for 30 s")


def test_a_response_began_with_its_first_byte():
    response = StreamedResponse()
    assert response.began is False
    response.feed(b"H")
    assert response.began is True


def test_nobody_who_asks_for_nothing_gets_text_or_forgiveness():
    response = StreamedResponse()
    response.feed(closing(data(content("a")) + data(content("b", "stop"))))
    assert response.events.text() == ""
    response = StreamedResponse()
    response.feed(closing(data(content("", "stop")) + data(b"[DONE]")))
    assert response.outcome is Outcome.EMPTY
    response = StreamedResponse()
    response.feed(closing(data(content("a")) + data(b"[DONE]")))
    assert response.outcome is Outcome.TRUNCATED


def test_a_body_that_ends_with_the_connection_is_complete_then_and_not_before():
    response = feed(closing(data(content("a", "stop"))))
    assert not response.complete
    response.close()
    assert response.complete
    assert not feed(b"", close=True).complete


@pytest.mark.parametrize("separator", [b"\r\n\r\n", b"\n\n"])
def test_a_head_may_end_with_bare_line_ends(separator):
    body = b'{"message":"no instances"}'
    head = b"HTTP/1.1 503 X" + separator[: len(separator) // 2]
    raw = head + b"Content-Length: %d" % len(body) + separator + body
    assert feed(raw).detail == "503: no instances"


def test_the_first_empty_line_ends_the_head_whatever_line_ends_follow():
    head = b"HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n\n"
    body = b"\r\n\r\n".join([data(content("a", "stop")), b""])
    response = feed(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert response.outcome is Outcome.OK
    assert response.reusable


def test_a_head_of_just_the_allowed_length_is_waited_for_and_one_byte_more_is_not():
    raw = b"HTTP/1.1 200 OK\r\nX: ".ljust(HEAD_MAX, b"x")
    assert feed(raw).outcome is None
    assert feed(raw + b"x").outcome is Outcome.MALFORMED


def test_another_protocol_is_refused_at_the_first_byte_that_differs():
    assert feed(b"HTTP/1.").outcome is None
    assert feed(b"HTTP/1-").outcome is Outcome.MALFORMED


@pytest.mark.parametrize(("status", "outcome"), [(199, Outcome.OK), (200, Outcome.MALFORMED)])
def test_only_a_status_below_200_announces_another_response(status, outcome):
    start = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status
    assert feed(start + chunked([data(content("a", "stop"))])).outcome is outcome


def test_an_endless_line_behind_the_end_of_an_answer_costs_no_connection():
    frames = [data(content("a", "stop")), data(b"[DONE]"), b"x" * (LINE_MAX + 1)]
    response = feed(chunked(frames))
    assert response.outcome is Outcome.OK
    assert response.reusable


def test_a_last_frame_without_a_line_end_counts_when_the_stream_is_over():
    last = data(content("b", "stop")).rstrip()
    response = feed(closing(data(content("a")) + last))
    assert response.outcome is None
    response.close()
    assert response.outcome is Outcome.OK
    assert response.events.tokens == 2
    assert feed(closing(b"data: {}"), close=True).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    ("payload", "outcome", "detail"),
    [
        (
            data(content("a", {"type": "abort", "message": "out of memory"})),
            Outcome.ABORTED,
            "finish_reason abort: out of memory",
        ),
        (data(content("a", "abort")), Outcome.ABORTED, "finish_reason abort"),
        (
            data(content("a")) + data(b"[DONE]"),
            Outcome.TRUNCATED,
            "[DONE] came before a finish reason",
        ),
        (
            data(content("a")) + b"engine died\n\n",
            Outcome.TRUNCATED,
            "the stream ended before a finish reason; it said: engine died",
        ),
        (data(content("", "stop")), Outcome.EMPTY, "no output: finish_reason stop"),
        (
            data(content("", "stop", usage={"completion_tokens": 3})),
            Outcome.EMPTY,
            "no output: finish_reason stop, usage says 3 tokens",
        ),
        (
            data({"choices": [{"delta": {"role": "assistant"}}]}) + data(b"[DONE]"),
            Outcome.EMPTY,
            "no output: only [DONE]",
        ),
    ],
)
def test_an_answer_that_is_none_is_told_with_how_it_ended(payload, outcome, detail):
    response = feed(closing(payload), close=True)
    assert (response.outcome, response.detail) == (outcome, detail)


def test_done_alone_ends_an_answer_of_a_server_that_names_no_finish_reasons():
    nameless = data({"choices": [{"delta": {"content": "a"}}]})
    assert feed(closing(nameless + data(b"[DONE]"))).outcome is Outcome.OK
    assert feed(closing(nameless), close=True).outcome is Outcome.TRUNCATED


def test_done_alone_ends_an_answer_of_which_nothing_more_is_expected():
    response = StreamedResponse(done_suffices=True)
    response.feed(closing(data(content("a")) + data(b"[DONE]")))
    assert response.outcome is Outcome.OK


def test_an_answer_may_be_empty_when_no_output_was_asked_for():
    response = StreamedResponse(may_be_empty=True)
    response.feed(closing(data(content("", "stop")) + data(b"[DONE]")))
    assert response.outcome is Outcome.OK


@pytest.mark.parametrize(("first", "understood"), [(-1, True), (0, False)])
def test_an_error_body_is_kept_until_it_has_4096_bytes(first, understood):
    body = json.dumps({"message": "x", "padding": " " * 4_096}).encode()
    head = b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n" % len(body)
    response = feed(head + body, [len(head), len(head) + 4_096 + first])
    assert (response.detail == "503: x") == understood


def test_of_the_words_of_an_error_200_letters_are_told():
    body = json.dumps({"message": "y" * 300}).encode()
    raw = b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    assert feed(raw).detail == f"503: {'y' * 200}"


# -- large reads of plain frames are counted the fast way ------------------------------------------


def frame_chunk(text, finish=None, **more):
    line = json.dumps(content(text, finish, **more), separators=(",", ":")).encode()
    return b"%x\r\ndata: %b\n\n\r\n" % (len(line) + 8, line)


STREAM_HEAD = OK + b"Transfer-Encoding: chunked\r\n\r\n"
FIRST = frame_chunk("first")
PLAIN = frame_chunk("w") * 20
END_OF_STREAM = frame_chunk("", "stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


def kept(*reads):
    """The response, and how many pieces it kept: a frame each, or a read counted at once."""
    response = StreamedResponse(keep_text=True)
    for read in reads:
        response.feed(read)
    _, pieces_kept = response.events.words_from(0)
    return response, pieces_kept


@pytest.mark.parametrize(
    "reads",
    [
        (STREAM_HEAD + FIRST, PLAIN),
        (STREAM_HEAD + FIRST + PLAIN,),
        (STREAM_HEAD + FIRST[:-4], FIRST[-4:] + PLAIN),
        (STREAM_HEAD + FIRST[:20], FIRST[20:] + PLAIN),
        (STREAM_HEAD + b"8\r\n: ping\n\n\r\n" * 2 + FIRST + PLAIN,),
    ],
)
def test_a_large_read_is_counted_at_once_from_the_border_of_a_chunk_on(reads):
    response, pieces_kept = kept(*reads)
    assert len(PLAIN) > LARGE
    assert response.events.tokens == 21
    assert pieces_kept == 2
    assert response.outcome is None


def test_a_small_read_is_looked_at_frame_by_frame():
    response, pieces_kept = kept(STREAM_HEAD + FIRST, PLAIN[: len(PLAIN) // 4])
    assert response.events.tokens == pieces_kept == 6


def test_the_end_of_an_answer_behind_plain_frames_is_read_the_exact_way():
    response, pieces_kept = kept(STREAM_HEAD + FIRST, PLAIN + END_OF_STREAM)
    assert response.events.tokens == 21
    assert pieces_kept == 2
    assert response.outcome is Outcome.OK
    assert response.reusable


def test_part_of_a_chunk_behind_plain_frames_waits_for_its_rest():
    response, pieces_kept = kept(STREAM_HEAD + FIRST, PLAIN + FIRST[:20], FIRST[20:])
    assert response.events.tokens == 22
    assert pieces_kept == 3


def test_plain_frames_begin_only_between_chunks_of_an_open_answer():
    response = StreamedResponse()
    response.feed(STREAM_HEAD)
    assert response.opening == b""
    response.feed(FIRST)
    assert response.opening == b'"content":"'
    response.feed(FIRST[:20])
    assert response.opening == b""
    response.feed(FIRST[20:])
    assert response.opening == b'"content":"'
    response.give_up(Outcome.STALLED, "")
    assert response.opening == b""
