"""Words that are one token on a server, found by its own counts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_cli.load.probe.wording import ASKS_MAX, wording_by
from gtc_runtime.load.prompts.written import common_words

WORDS = common_words()


class Counter:
    """A server's tokenizer: some words are two tokens, and the template has tokens of its own."""

    def __init__(self, split=(), template=7):
        self.split, self.template, self.asks = set(split), template, 0

    def __call__(self, text):
        self.asks += 1
        return self.template + sum(2 if word in self.split else 1 for word in text.split())


def test_a_vocabulary_that_has_all_words_is_known_after_two_questions():
    counter = Counter()
    wording = wording_by(counter)
    assert (wording.exact, wording.overhead_tokens, counter.asks) == (True, 8, 2)


@given(st.sets(st.sampled_from(WORDS[1:]), max_size=4))
@settings(max_examples=30, deadline=None)
def test_words_of_several_tokens_are_found_and_left_out(split):
    counter = Counter(split)
    wording = wording_by(counter)
    assert wording.exact
    assert not set(wording.words) & split
    text = " ".join((wording.words[0], *wording.words))
    assert counter(text) == wording.tokens(len(wording.words))
    assert counter.asks <= ASKS_MAX + 2


def test_a_vocabulary_without_such_words_is_given_up_in_time():
    counter = Counter(WORDS[1:])
    wording = wording_by(counter)
    assert not wording.exact
    assert counter.asks <= ASKS_MAX + 1


@pytest.mark.parametrize("says", [None, 0])
def test_a_server_that_does_not_count_leaves_lengths_assumed(says):
    assert not wording_by(lambda _: says).exact
