"""What is true of the texts that come with the package, whoever edits them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from gtc_runtime.corpus import bundled
from gtc_runtime.corpus.tokens import estimate

TOPICS = {
    "GPU architecture",
    "LLM serving",
    "Kubernetes",
    "disaggregated inference",
    "KV caches",
    "networking",
    "science",
}
PASSAGE_TOKENS = range(250, 501)
PROMPT_TOKENS = range(60, 221)
ANSWER_TOKENS = range(600, 2001)
TOO_HIGH, TOO_LOW = 0.037, 0.071
"""Largest errors of the estimate on one text, as measured in `gtc_runtime.corpus.tokens`."""
GRAM_WORDS = 8

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
WORD = re.compile(r"[a-z0-9']+")
BROKEN_SPACING = re.compile(r"  |^ | $|\s[,.;:?!]|\.\.|,,|[,;:?!][A-Za-z]")

PASSAGES = {each.id: each.text for each in bundled.passages()}
PROMPTS = {each["id"]: each["prompt"] for each in bundled.prompts()}
TEXTS = [*PASSAGES.items(), *PROMPTS.items()]


def outside(texts: dict[str, str], allowed: range) -> dict[str, int]:
    """The texts whose length may be out of bounds, given the error of the estimate."""
    counts = {name: estimate().count(text) for name, text in texts.items()}
    low, high = allowed.start * (1 + TOO_HIGH), allowed[-1] * (1 - TOO_LOW)
    return {name: tokens for name, tokens in counts.items() if not low <= tokens <= high}


def grams(text: str) -> Iterator[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    return zip(*(words[start:] for start in range(GRAM_WORDS)), strict=False)


def test_every_passage_has_250_to_500_tokens():
    with_titles = {each.id: each.whole for each in bundled.passages()}
    assert outside(with_titles, PASSAGE_TOKENS) == {}


def test_every_prompt_has_60_to_220_tokens():
    assert outside(PROMPTS, PROMPT_TOKENS) == {}


def test_there_are_at_least_64_passages():
    assert len(bundled.passages()) >= 64


def test_there_are_at_least_84_prompts():
    assert len(bundled.prompts()) >= 84


def test_each_topic_has_its_share_of_the_passages():
    per_topic = Counter(each.topic for each in bundled.passages())
    assert set(per_topic) == TOPICS
    assert min(per_topic.values()) >= 9
    assert max(per_topic.values()) <= len(bundled.passages()) * 0.3


def test_each_of_at_least_seven_categories_has_ten_prompts():
    per_category = Counter(each["category"] for each in bundled.prompts())
    assert len(per_category) >= 7
    assert min(per_category.values()) >= 10


def test_expected_answers_have_600_to_2000_tokens():
    lengths = {each["id"]: each["expected_output_length"] for each in bundled.prompts()}
    assert {name: length for name, length in lengths.items() if length not in ANSWER_TOKENS} == {}


def test_no_id_is_used_twice():
    names = [each.id for each in bundled.passages()] + [each["id"] for each in bundled.prompts()]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_ids_are_slugs():
    assert [name for name, _ in TEXTS if not SLUG.fullmatch(name)] == []


def test_no_title_is_used_twice():
    titles = Counter(each.title for each in bundled.passages())
    assert [title for title, times in titles.items() if times > 1] == []


def test_no_two_texts_share_eight_words_in_a_row():
    home: dict[tuple[str, ...], str] = {}
    shared = [
        (home[gram], name, " ".join(gram))
        for name, text in TEXTS
        for gram in grams(text)
        if home.setdefault(gram, name) != name
    ]
    assert shared == []


def test_no_two_passages_begin_with_the_same_two_words():
    openings = Counter(" ".join(text.split()[:2]) for text in PASSAGES.values())
    assert [opening for opening, times in openings.items() if times > 1] == []


def test_texts_are_printable_ascii_on_one_line():
    odd = {name: re.findall(r"[^ -~]", text) for name, text in TEXTS}
    assert {name: signs for name, signs in odd.items() if signs} == {}


def test_spaces_are_single_and_stand_where_they_belong():
    found = {name: BROKEN_SPACING.findall(text) for name, text in TEXTS}
    assert {name: spots for name, spots in found.items() if spots} == {}


def test_every_text_is_made_of_whole_sentences():
    assert [name for name, text in TEXTS if text[-1] not in ".?" or not text[0].isupper()] == []
