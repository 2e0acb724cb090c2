"""What the native core counts is what the exact parser counts; the rest it leaves alone."""

from array import array
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.load.native import streams
from tests.unit.load.native.streams import chunk, dynamo, sglang, vllm

OPENING = b'"content":"'


@given(st.integers(0, 2**64))
def test_damaged_streams_are_counted_as_the_exact_parser_does(native_core, seed):
    streams.compare(native_core, Random(seed))


def test_most_of_what_servers_send_is_counted_here(native_core):
    random = Random(1)
    counted, reads = map(
        sum, zip(*(streams.compare(native_core, random) for _ in range(400)), strict=True)
    )
    assert counted > reads / 4


@pytest.mark.parametrize("server", streams.SERVERS)
def test_frames_of_every_server_are_plain(native_core, server):
    exact = streams.Exact()
    exact.feed(chunk(server("a", 1)))
    plain = native_core.PlainFrames(exact.opening, exact.events.so_far)
    for so_far, text in enumerate(('say "hi"', "b", "\\", "c", "\n"), 2):
        assert plain.tokens(chunk(server(text, so_far))) == 1
        assert plain.frames == 1


def test_running_usage_says_how_many_tokens_a_frame_brings(native_core):
    for server, opening in ((vllm, OPENING), (sglang, b'"reasoning_content":"')):
        plain = native_core.PlainFrames(opening, 3)
        assert plain.tokens(chunk(server("a", 7))) == 4
        assert plain.tokens(chunk(server("b", 8)) + chunk(server("c", 11))) == 4
        assert plain.frames == 2
        assert plain.tokens(chunk(server("d", 11))) == 0  # the exact parser counts one
        assert plain.tokens(chunk(server("d", 12))) == 1


def test_a_read_that_is_plain_in_part_is_left_alone(native_core):
    plain = native_core.PlainFrames(OPENING)
    whole = chunk(dynamo("a", 0))
    for odd in (b"data: [DONE]\n\n", b": ping\n\n", dynamo("", 0), b"\n", b"x"):
        assert plain.tokens(whole + chunk(odd)) == 0
    for end in range(1, len(whole)):
        assert plain.tokens(whole + whole[:end]) == 0
        assert plain.tokens(whole[:end]) == 0
    assert plain.tokens(whole + whole) == 2


def test_running_usage_of_a_read_that_is_left_alone_is_forgotten(native_core):
    plain = native_core.PlainFrames(OPENING, 0)
    assert plain.tokens(chunk(vllm("a", 2)) + chunk(b"data: [DONE]\n\n")) == 0
    assert plain.tokens(chunk(vllm("a", 2))) == 2


def test_frames_that_are_too_long_to_be_learnt_are_searched(native_core):
    plain = native_core.PlainFrames(OPENING)
    assert [plain.tokens(chunk(dynamo("x" * 3000, 0))) for _ in range(3)] == [1, 1, 1]
    assert plain.tokens(chunk(dynamo("x" * 3000, 0).replace(b"null", b'"stop"'))) == 0


def test_any_object_with_bytes_will_do_and_nothing_else(native_core):
    plain = native_core.PlainFrames(OPENING)
    assert plain.tokens(array("B", chunk(dynamo("a", 0)))) == 1
    with pytest.raises(TypeError):
        plain.tokens("text")
    for opening in (b"", b"x", b"x" * 41):
        with pytest.raises(ValueError, match="2 to 40"):
            native_core.PlainFrames(opening)
