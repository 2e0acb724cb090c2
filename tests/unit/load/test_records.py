"""The arithmetic of one request: each figure from its two moments, and none without both."""

import pytest

from gtc_runtime.load.records import FAILURES, KEYS, SOURCES, STAT_KEYS, Outcome, RequestRecord


def record(**fields):
    return RequestRecord("chat", fields.pop("turn", 1), 10.0, **fields)


def test_a_request_that_was_due_has_no_figures_yet():
    due = record()
    assert (due.prompt_tokens, due.max_tokens, due.first_tokens, due.tokens) == (0, 0, 0, 0)
    assert due.ttft_s is due.scheduled_ttft_s is due.tpot_s is due.e2e_s is due.slip_s is None


def test_each_latency_is_the_time_between_its_two_moments():
    whole = record(send_s=10.5, first_s=12.0, last_s=16.0, first_tokens=1, tokens=5)
    assert whole.slip_s == 0.5
    assert whole.ttft_s == 1.5
    assert whole.scheduled_ttft_s == 2.0
    assert whole.e2e_s == 5.5


@pytest.mark.parametrize("known", [{"send_s": 11.0}, {"first_s": 11.0, "last_s": 12.0}])
def test_a_latency_without_one_of_its_moments_is_none(known):
    half = record(**known, tokens=9)
    assert half.ttft_s is None
    assert half.e2e_s is None
    assert (half.slip_s is None) != (half.scheduled_ttft_s is None)


def test_the_time_of_a_token_is_the_mean_over_those_after_the_first_arrival():
    whole = record(first_s=12.0, last_s=16.0, first_tokens=2, tokens=10)
    assert whole.tpot_s == 0.5


@pytest.mark.parametrize(
    "fields",
    [
        {"first_s": 12.0, "last_s": 16.0, "first_tokens": 3, "tokens": 3},
        {"first_s": 12.0, "last_s": 16.0, "first_tokens": 3, "tokens": 2},
        {"first_s": 12.0, "tokens": 3},
        {"last_s": 12.0, "tokens": 3},
    ],
)
def test_there_is_no_time_of_a_token_without_one_after_the_first_arrival(fields):
    assert record(**fields).tpot_s is None


def test_one_token_after_the_first_arrival_suffices_for_its_time():
    assert record(first_s=12.0, last_s=16.0, first_tokens=1, tokens=2).tpot_s == 4.0


@pytest.mark.parametrize(
    ("source", "turn", "key"),
    [
        ("chat", 1, "chat_turn1"),
        ("chat", 2, "chat_turn2plus"),
        ("chat", 7, "chat_turn2plus"),
        ("summarization", 1, "summarization"),
        ("reasoning", 1, "reasoning"),
        ("own", 1, "own"),
        ("own", 2, "own_turn2plus"),
    ],
)
def test_a_request_is_counted_under_its_source_and_whether_it_is_a_first_turn(source, turn, key):
    assert RequestRecord(source, turn, 0.0).key == key
    assert key in KEYS


def test_sums_and_parts_are_shown_and_prompts_of_ones_own_only_when_there_are_some():
    assert {"all", "chat", "chat_turn1", "reasoning"} <= set(STAT_KEYS)
    assert not {"own", "own_turn2plus"} & set(STAT_KEYS)
    assert "own" in SOURCES


def test_every_outcome_but_a_good_one_and_a_shed_one_is_a_failure():
    assert set(Outcome) - set(FAILURES) == {Outcome.OK, Outcome.SHED}
