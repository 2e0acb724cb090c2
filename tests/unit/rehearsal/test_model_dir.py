"""The model directory that stands for a model nobody loads."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from gtc_runtime.rehearsal.model_dir import ensure_model_dir, training_texts, working_dir
from gtc_spec import environment
from gtc_spec.errors import GtcError

NAME = "meta-llama/Llama-3.1-70B-Instruct"


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_model_dir(tmp_path_factory.mktemp("models"), NAME)


@pytest.fixture(scope="module")
def tokenizer(model_dir: Path) -> Tokenizer:
    return Tokenizer.from_file(str(model_dir / "tokenizer.json"))


def test_the_served_name_is_a_path_below_the_working_directory(model_dir: Path) -> None:
    assert working_dir(model_dir, NAME) / NAME == model_dir


def test_it_holds_what_a_frontend_reads(model_dir: Path) -> None:
    assert {file.name for file in model_dir.iterdir()} == {
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    chat = json.loads((model_dir / "tokenizer_config.json").read_text())
    assert "add_generation_prompt" in chat["chat_template"]


def test_a_second_call_reuses_the_directory(model_dir: Path) -> None:
    root = working_dir(model_dir, NAME).parent
    before = (model_dir / "tokenizer.json").stat().st_mtime_ns

    assert ensure_model_dir(root, NAME) == model_dir
    assert (model_dir / "tokenizer.json").stat().st_mtime_ns == before


def test_an_unfinished_directory_is_replaced_by_a_whole_one(tmp_path: Path) -> None:
    finished = ensure_model_dir(tmp_path, NAME)
    (finished / "tokenizer_config.json").unlink()
    (finished / "tokenizer.json").write_text("{")

    again = ensure_model_dir(tmp_path, NAME)

    assert Tokenizer.from_file(str(again / "tokenizer.json")).get_vocab_size() > 2000


def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(GtcError, match="cannot write the model directory") as caught:
        ensure_model_dir(tmp_path / "file", NAME)

    assert "\n" not in caught.value.message


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
    special = set(range(6))
    pieces = [tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size()) if i not in special]

    assert all(piece.isascii() and piece for piece in pieces)


def test_the_training_text_is_ours_and_large_enough() -> None:
    assert sum(len(text) for text in training_texts()) > 50_000
