"""The model that nobody loads: small, made from our own texts, and the same wherever it is made."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from tokenizers import Tokenizer

from gtc_spec import environment
from gtc_spec.engines.mocker import MODEL_FOLDER, model_files
from tools.make_simulated_model import SPECIAL_TOKENS, files, training_texts


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_str((MODEL_FOLDER / "tokenizer.json").read_text(encoding="utf-8"))


def test_the_packaged_files_are_those_that_the_tool_makes() -> None:
    made = {name: text.encode() for name, text in files().items()}

    assert model_files() == made, "run python tools/make_simulated_model.py"


def test_prompts_take_as_many_tokens_a_word_as_the_load_engine_assumes(
    tokenizer: Tokenizer,
) -> None:
    passages = json.loads((resources.files("gtc_runtime.corpus") / "passages.json").read_text())
    text = "\n\n".join(passage["text"] for passage in passages)

    tokens_per_word = len(tokenizer.encode(text).ids) / len(text.split())

    assert tokens_per_word == pytest.approx(environment.load("prod").load.tokens_per_word, rel=0.08)


def test_text_survives_the_tokenizer(tokenizer: Tokenizer) -> None:
    text = "Explain, step by step: why does 3 + 4 = 7?\n\n(Keep it short.)"

    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_every_token_is_whole_text_by_itself(tokenizer: Tokenizer) -> None:
    """The simulator answers with random tokens; half a character would be an empty chunk."""
    special = set(range(len(SPECIAL_TOKENS)))
    pieces = [tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size()) if i not in special]

    assert all(piece.isascii() and piece for piece in pieces)


def test_the_training_text_is_ours_and_large_enough() -> None:
    assert sum(len(text) for text in training_texts()) > 50_000
