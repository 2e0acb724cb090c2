"""Counting tokens and cutting texts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_rehearsal.dynamo.model_dir import ensure_model_dir
from gtc_runtime.corpus import bundled, sentences, tokens
from gtc_spec.errors import UsageError

COUNTER = tokens.estimate()
PROSE = " ".join(passage.text for passage in bundled.passages()[:12])


@given(st.text())
def test_the_estimate_counts_anything_and_never_nothing(text: str) -> None:
    assert 1 <= COUNTER.count(text) <= len(text.encode()) + 1


def test_the_estimate_is_what_the_model_counts() -> None:
    """Llama 3's own vocabulary counts 21,007 tokens in the passages of 2026-11-25."""
    words = sum(len(passage.whole.split()) for passage in bundled.passages())
    counted = sum(COUNTER.count(passage.whole) for passage in bundled.passages())

    assert counted / words == pytest.approx(1.17, rel=0.02)


def test_a_tokenizer_at_hand_counts_and_gives_its_name(tmp_path: Path) -> None:
    path = ensure_model_dir(tmp_path, "org/model") / "tokenizer.json"

    counter = tokens.from_file(path)

    assert (counter.name, counter.error) == ("tokenizer model/tokenizer.json", "")
    assert 1.1 < counter.count(PROSE) / len(PROSE.split()) < 1.6


def test_a_file_that_is_no_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")

    with pytest.raises(UsageError, match="is no tokenizer"):
        tokens.from_file(tmp_path / "tokenizer.json")


def test_without_a_token_the_estimate_says_why() -> None:
    counter, why = tokens.of_model("org/model", "")

    assert counter.name == tokens.ESTIMATE
    assert why == "HF_TOKEN is not set"


def test_sentences_end_where_they_end() -> None:
    text = 'Dr. Who paid 3.5 euros. "Why?" Nobody knew! A new line\n\nbegins here. J. S. Bach did.'

    assert [each.strip() for each in sentences.sentences(text)] == [
        "Dr. Who paid 3.5 euros.",
        '"Why?"',
        "Nobody knew!",
        "A new line",
        "begins here.",
        "J. S. Bach did.",
    ]


@given(st.text(alphabet="aB. !?\n\"'", max_size=200))
def test_sentences_together_are_the_text(text: str) -> None:
    assert "".join(sentences.sentences(text)).rstrip() == text.rstrip()


@given(st.integers(1, 2000))
def test_a_cut_text_is_a_beginning_that_fits(limit: int) -> None:
    text = sentences.cut(PROSE, limit, COUNTER.count)

    assert PROSE.startswith(text)
    assert not text or COUNTER.count(text) <= limit * 1.05 + 1
    assert not text or text.endswith((".", "?", "!"))


def test_texts_are_alike_by_the_word_runs_that_they_share() -> None:
    one = sentences.shingles(PROSE)

    assert sentences.alike(one, one) == 1.0
    assert sentences.alike(one, sentences.shingles("nothing of all that is in here")) == 0.0
    assert sentences.alike(one, sentences.shingles(PROSE[: len(PROSE) // 2])) > 0.95
    assert sentences.alike(one, frozenset()) == 1.0
