"""The model directory that stands for a model nobody loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from gtc_rehearsal.dynamo.model_dir import ensure_model_dir, working_dir
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
