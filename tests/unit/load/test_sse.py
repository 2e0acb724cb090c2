"""Output tokens in the events of a stream, one event at a time."""

import json

import pytest

from gtc_runtime.load.answer.framing import MalformedError
from gtc_runtime.load.answer.sse import ID_MAX, EventStream

ROLE = {"id": "answer-1", "choices": [{"delta": {"role": "assistant"}}]}


def event(value, separators=(",", ":")):
    body = value if isinstance(value, bytes) else json.dumps(value, separators=separators).encode()
    return b"data: " + body + b"\n\n"


def frame(text, finish=None, field="content", **more):
    return {"choices": [{"delta": {field: text}, "finish_reason": finish}], **more}


def used(tokens, **more):
    return {"usage": {"completion_tokens": tokens, **more}}


def stream(*events, keep_text=True):
    """A stream that took in these events, each by itself."""
    made = EventStream(keep_text)
    for each in events:
        made.feed(each if isinstance(each, bytes) else event(each))
    return made


def test_a_stream_without_events_has_nothing():
    new = EventStream()
    assert (new.frames, new.tokens, new.so_far) == (0, 0, -1)
    assert new.running is new.names_finish is new.done is new.finished is False
    assert (new.reason, new.reason_words, new.answer_id, new.last_words) == ("", "", "", "")
    assert new.error is None
    assert new.opening == b""
    assert new.usage() == {}
    assert new.text() == ""
    assert new.words_from(0) == ("", 0)


# -- what a frame brings ---------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["content", "reasoning_content", "reasoning"])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_frame_with_text_is_a_token_however_its_json_is_spaced(field, separators):
    made = stream(event(frame("a", field=field), separators))
    made.feed(event(frame("b", field=field), separators))
    assert (made.frames, made.tokens) == (2, 2)
    assert made.text() == "ab"
    assert made.names_finish is True
    assert made.opening == f'"{field}":"'.encode()


def test_a_completion_without_messages_brings_text():
    made = stream({"choices": [{"text": "a", "finish_reason": None}]})
    assert made.tokens == 1
    assert made.opening == b'"text":"'


@pytest.mark.parametrize("empty", [frame(""), frame(None), ROLE, {"choices": []}])
def test_a_frame_without_text_is_no_token_and_opens_nothing(empty):
    made = stream(empty)
    assert (made.frames, made.tokens) == (0, 0)
    assert made.opening == b""


def test_a_field_finish_reason_is_noticed_in_frames_of_either_kind():
    nameless = {"choices": [{"delta": {"content": "a"}}]}
    assert stream(nameless).names_finish is False
    assert stream(nameless, frame("a"), nameless).names_finish is True
    assert stream(frame(""), nameless).names_finish is True
    assert stream(frame(None), {"choices": [{"delta": {}}]}).names_finish is True
    assert stream({"choices": [{"delta": {"content": "a"}, "finish_reason": ""}]}).tokens == 1


def test_a_frame_with_text_and_a_reason_counts_and_ends_the_answer():
    made = stream(frame("a"), frame("b", "stop"))
    assert made.tokens == 2
    assert (made.finished, made.reason) == (True, "stop")
    assert made.opening == b""


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (["stop", "abort"], "abort"),
        (["abort", "stop"], "abort"),
        (["abort", "cancelled"], "abort"),
        (["stop", "length"], "length"),
    ],
)
def test_the_first_reason_of_no_whole_answer_is_the_one_that_counts(reasons, told):
    assert stream(*(frame("a", reason) for reason in reasons)).reason == told


def test_the_words_beside_a_reason_are_kept():
    made = stream(frame("a", {"type": "abort", "message": "out of memory"}))
    assert (made.reason, made.reason_words) == ("abort", "out of memory")


# -- usage -----------------------------------------------------------------------------------------


def test_usage_in_every_frame_says_how_many_tokens_there_are():
    made = stream(frame("a", **used(1)), frame("b", **used(4)), frame("c", **used(9)))
    assert (made.frames, made.tokens, made.so_far) == (3, 9, 9)
    assert made.running is True
    assert made.usage() == {"completion_tokens": 9}


def test_a_frame_is_a_token_at_least_whatever_its_usage_says():
    made = stream(frame("a", **used(3)), frame("b", **used(3)), frame("c", **used(2)))
    assert made.tokens == 5
    assert made.usage() == {"completion_tokens": 2}


def test_zeros_are_no_running_usage():
    made = stream(frame("a", **used(0)))
    assert (made.tokens, made.running, made.so_far) == (1, False, -1)
    made.feed(event(frame("b", **used(0))))
    assert (made.tokens, made.running, made.so_far) == (2, False, -1)


def test_a_usage_of_one_makes_it_running_and_it_stays_so():
    made = stream(frame("a", **used(1)), frame("b"))
    assert (made.tokens, made.running, made.so_far) == (2, True, 2)


def test_a_count_is_read_up_to_nine_digits_and_spaces_are_skipped():
    spaced = (
        b'data: {"choices":[{"delta":{"content":"a"}}],"usage":{"completion_tokens":  12 }}\n\n'
    )
    assert stream(spaced).tokens == 12
    assert stream(frame("a", **used(123_456_789))).tokens == 123_456_789


def test_a_count_that_is_no_number_is_none():
    made = stream(frame("a", **used(None)), frame("b", **used(None)))
    assert (made.tokens, made.running) == (2, False)


def test_running_usage_that_grows_in_a_frame_without_text_is_a_frame_of_its_own():
    made = stream(frame("a", **used(1)), frame("", **used(2)), frame("", **used(2)))
    assert (made.frames, made.tokens) == (2, 2)
    assert made.text() == "a"


def test_usage_without_text_counts_nothing_before_there_was_text_or_when_it_does_not_run():
    assert stream(frame("", **used(2))).frames == 0
    assert stream(frame("a"), frame("", **used(5))).tokens == 1
    assert stream(frame("a", **used(1)), frame("", prompt=1)).frames == 1


def test_the_last_frame_of_running_usage_may_bring_several_tokens_and_the_end():
    made = stream(frame("a", **used(1)), frame("b c", "stop", **used(3)))
    assert (made.frames, made.tokens) == (2, 3)


def test_usage_beside_a_reason_is_that_of_the_answer_and_not_of_its_frame():
    made = stream(frame("a"), frame("b", "stop", **used(7)))
    assert (made.tokens, made.running) == (2, False)
    assert made.usage() == {"completion_tokens": 7}


def test_usage_of_a_frame_with_text_that_has_to_be_looked_at_is_running():
    odd = frame("a", **used(4)) | {"error": None}
    made = stream(odd)
    assert (made.tokens, made.running) == (4, True)


@pytest.mark.parametrize(
    ("usages", "kept"),
    [
        ([used(10, prompt_tokens=3), used(4)], {"completion_tokens": 10, "prompt_tokens": 3}),
        ([used(4), used(10)], {"completion_tokens": 10}),
        ([used(4), used(4, prompt_tokens=3)], {"completion_tokens": 4, "prompt_tokens": 3}),
        ([{"usage": {"prompt_tokens": 3}}], {"prompt_tokens": 3}),
        ([used(0), {"usage": {"prompt_tokens": 3}}], {"prompt_tokens": 3}),
        ([used(1), {"usage": {"prompt_tokens": 3}}], {"completion_tokens": 1}),
        ([{"usage": {"prompt_tokens": 3}}, {"usage": {}}], {"prompt_tokens": 3}),
    ],
)
def test_of_several_usages_the_one_with_most_tokens_is_kept(usages, kept):
    assert stream(*({"choices": [], **each} for each in usages)).usage() == kept


def test_usage_may_be_asked_for_twice_and_goes_on():
    made = stream(frame("a", **used(1)), frame("b", **used(2)))
    assert made.usage() == made.usage() == {"completion_tokens": 2}
    made.feed(event({"choices": [], **used(5)}))
    assert made.usage() == {"completion_tokens": 5}


# -- frames that were counted elsewhere ------------------------------------------------------------


def test_frames_counted_elsewhere_are_a_token_each_unless_it_is_said():
    made = stream(frame("a"))
    made.add(3, [event(frame("b")) + event(frame("c")) + event(frame("d"))])
    assert (made.frames, made.tokens) == (4, 4)
    made.add(2, [], 9)
    assert (made.frames, made.tokens) == (6, 13)
    assert made.text() == "abcd"
    assert made.usage() == {}


def test_tokens_counted_elsewhere_are_usage_when_usage_runs():
    made = stream(frame("a", **used(2)))
    made.add(1, [], 3)
    assert made.so_far == 5
    assert made.usage() == {"completion_tokens": 5}
    made.feed(event(frame("b", **used(8, prompt_tokens=4))))
    assert made.usage() == {"completion_tokens": 8, "prompt_tokens": 4}


def test_who_keeps_no_text_keeps_nothing_of_frames_counted_elsewhere():
    made = stream(frame("a"), keep_text=False)
    made.add(1, [event(frame("b"))])
    assert made.text() == ""
    assert made.words_from(0) == ("", 0)
    unasked = EventStream()
    unasked.feed(event(frame("a")))
    assert unasked.words_from(0) == ("", 0)


# -- words -----------------------------------------------------------------------------------------


def test_the_text_is_the_answer_or_the_thoughts_when_there_is_nothing_else():
    thought = frame("hm ", field="reasoning_content")
    assert stream(thought, frame("a"), frame("b")).text() == "ab"
    assert stream(thought, thought).text() == "hm hm "


def test_words_are_given_from_a_place_on_and_each_once():
    made = stream(frame("hm", field="reasoning"), frame("a"))
    assert made.words_from(0) == ("hma", 2)
    made.feed(event(frame("b")))
    assert made.words_from(2) == ("b", 3)
    assert made.words_from(3) == ("", 3)


def test_keeping_may_begin_late_with_the_read_that_was_just_taken_in():
    made = stream(frame("a"), keep_text=False)
    made.keep(event(frame("a")))
    made.keep(event(frame("x")))
    made.feed(event(frame("b")))
    assert made.words_from(0) == ("ab", 2)


# -- how it ends -----------------------------------------------------------------------------------


def test_nothing_counts_behind_done():
    made = stream(frame("a", "stop"), event(b"[DONE]"), frame("b"), frame("c", "abort"))
    assert made.done is True
    assert (made.tokens, made.reason) == (1, "stop")
    together = stream(event(frame("a")) + event(b"[DONE]") + event(frame("b")))
    assert together.tokens == 1
    assert together.opening == b""


def test_nothing_counts_behind_an_error():
    made = stream(event(frame("a")) + b"event: error\ndata: died\n\n" + event(frame("b")))
    assert made.error == "died"
    assert made.tokens == 1
    assert made.opening == b""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b'event: error\ndata: {"error":{"message":"no workers"}}\n\n', "no workers"),
        (b'event: error\ndata: {"message":"no workers"}\n\n', "no workers"),
        (b"event: error\ndata: no workers\n\n", "no workers"),
        (b"event: error\ndata:\n\n", "error without a message"),
        (b"event: error\ndata: " + b"x" * 300 + b"\n\n", "x" * 200),
        (event({"error": "no workers"}), "no workers"),
        (event({"choices": [], "error": {"message": "  no workers\n"}}), "no workers"),
    ],
)
def test_an_error_is_told_in_the_servers_words(said, told):
    assert stream(frame("a"), said).error == told


def test_a_frame_without_an_error_leaves_none():
    assert stream(frame("", error=None)).error is None


def test_an_error_beside_text_is_seen():
    made = stream(frame("a"), frame("b", error={"message": "died"}))
    assert made.error == "died"
    assert made.tokens == 2


def test_a_bare_object_may_say_an_error_and_is_never_output():
    bare = json.dumps(frame("b")).encode() + b"\n\n"
    made = stream(frame("a"), bare)
    assert (made.tokens, made.error) == (1, None)
    assert stream(frame("a"), b'{"error":"died"}\n\n').error == "died"
    assert stream(frame("a"), json.dumps(used(9)).encode() + b"\n").usage() == {}
    assert stream(frame("a"), json.dumps(frame("", "stop")).encode() + b"\n").finished is False


def test_the_opening_is_unknown_in_the_middle_of_an_event():
    made = stream(frame("a"))
    whole = event(frame("b"))
    made.feed(whole[:9])
    assert made.opening == b""
    made.feed(whole[9:])
    assert made.opening == b'"content":"'


def test_the_end_takes_in_a_last_event_without_its_line_end():
    made = stream(frame("a"), event(frame("b", "stop")).rstrip())
    assert made.finished is False
    made.end()
    assert (made.tokens, made.finished) == (2, True)


def test_last_words_are_those_outside_of_all_events():
    made = stream(frame("a"), b"worker 3 died\n\n")
    assert made.last_words == "worker 3 died"
    assert made.error is None


# -- what is no stream of completions --------------------------------------------------------------


@pytest.mark.parametrize("odd", [b"x", b"[1]", b"{broken}", b"{}", b'"text"', b"{half", b"half}"])
@pytest.mark.parametrize("before", [(), (frame("a"),)])
def test_a_frame_that_is_no_object_is_malformed(odd, before):
    made = stream(*before)
    with pytest.raises(MalformedError, match="frame is no json object: "):
        made.feed(event(odd) + event(frame("b")))


@pytest.mark.parametrize("cut", [slice(1, None), slice(None, -1)])
def test_a_frame_with_text_that_begins_or_ends_as_no_object_is_malformed_too(cut):
    whole = json.dumps(frame("b"), separators=(",", ":")).encode()
    with pytest.raises(MalformedError, match="frame is no json object: "):
        stream(frame("a"), event(whole[cut]), frame("c"))


def test_behind_a_finish_reason_a_frame_may_be_anything():
    made = stream(frame("a", "stop"), event(b"bye"), event(b"{}"), event(b"{broken}"), frame("b"))
    assert made.error is None
    assert made.tokens == 2


def test_an_event_of_another_name_may_hold_anything():
    made = stream(frame("a"), b"event: ping\ndata: 12:30\n\n", frame("b"))
    assert made.tokens == 2
    with pytest.raises(MalformedError):
        made.feed(b"event: message\ndata: 12:30\n\n")


def test_the_first_frame_has_to_be_an_object_that_says_something():
    with pytest.raises(MalformedError, match=r"the first frame is no json object: \{\}"):
        stream(event(b"{}"))


@pytest.mark.parametrize(
    ("first", "answer_id"),
    [
        (ROLE, "answer-1"),
        (frame("a", id="a" * ID_MAX), "a" * ID_MAX),
        (frame("a", id="a" * (ID_MAX + 1)), "a" * 200),
        (frame("a", id=7), ""),
        (frame("a"), ""),
    ],
)
def test_the_id_of_the_first_frame_is_that_of_the_answer(first, answer_id):
    assert stream(first, frame("b", id="another")).answer_id == answer_id
