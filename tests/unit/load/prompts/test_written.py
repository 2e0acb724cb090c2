import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.prompts.chosen import Length, Synthetic, Wording
from gtc_runtime.load.prompts.written import COMMON_WORDS, Blocks, SyntheticPrompts, common_words

WORDING = Wording(words=common_words(), overhead_tokens=11)


def test_the_words_are_short_plain_and_all_different():
    words = common_words()
    assert len(set(words)) == len(words) == COMMON_WORDS
    assert all(word.isascii() and word.islower() and 1 <= len(word) <= 7 for word in words)


@given(st.floats(20, 3000), st.floats(0, 500), st.integers())
@settings(max_examples=30, deadline=None)
def test_a_prompt_has_as_many_tokens_as_it_says(mean, stddev, seed):
    chosen = Synthetic(isl=Length(mean=mean, stddev=stddev), osl=Length(mean=50), wording=WORDING)
    prompts = SyntheticPrompts(chosen, 2000, 100, seed)
    for number in range(3):
        prompt = prompts.prompt(number)
        words = prompt.messages[0]["content"].split(" ")
        assert len(words) - 1 + WORDING.overhead_tokens == prompt.prompt_tokens
        assert prompt.prompt_tokens <= 2000
        assert (prompt.max_tokens, prompt.exact) == (50, True)


def test_lengths_have_the_mean_and_the_spread_that_were_asked_for():
    chance = random.Random(1)
    drawn = [Length(mean=500, stddev=50).draw(chance) for _ in range(4000)]
    mean = sum(drawn) / len(drawn)
    assert mean == pytest.approx(500, abs=4)
    assert (sum((each - mean) ** 2 for each in drawn) / len(drawn)) ** 0.5 == pytest.approx(50, 0.1)
    assert {Length(mean=7).draw(chance) for _ in range(10)} == {7}
    assert min(Length(mean=1, stddev=5).draw(chance) for _ in range(100)) == 1


def test_two_prompts_share_no_prefix():
    chosen = Synthetic(isl=Length(mean=400), osl=Length(mean=5), wording=WORDING)
    prompts = SyntheticPrompts(chosen, 2000, 100, 1)
    texts = [prompts.prompt(n).messages[0]["content"].split()[1:9] for n in range(50)]
    assert max(Counter(map(tuple, texts)).values()) == 1


def test_a_block_is_always_the_same_text_and_no_other_block_has_it():
    once, again = Blocks(WORDING, 512), Blocks(WORDING, 512)
    assert once.text(7) == again.text(7)
    assert len(once.text(7).split()) == 512
    beginnings = {tuple(once.text(name).split()[:8]) for name in [*range(300), "of row 1, 0"]}
    assert len(beginnings) == 301
