"""Files of lines: texts of the load, prompts and traces of one's own, recordings, request logs."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from random import Random

from gtc_runtime.corpus import reader
from gtc_runtime.corpus.records import Document, Passage, ReasoningPrompt
from gtc_runtime.load.figures import request_log
from gtc_runtime.load.prompts.files import read_scripts
from gtc_runtime.load.prompts.prompt import TokenRatio
from gtc_runtime.load.prompts.trace import read_trace
from gtc_runtime.recording import reader as recordings
from tests.chaos.malformed.damage import as_json, damaged, spoilt
from tests.chaos.malformed.kinds import Kind, Try

_PASSAGES = [
    {"id": f"p{n}", "text": "some words", "topic": "stars", "token_count": 300} for n in range(4)
]
_DOCUMENTS = [
    {"id": f"d{n}", "title": "a", "text": "b", "source": "c", "licence": "d", "token_count": 9}
    for n in range(4)
]
_QUESTIONS = [
    {"id": f"q{n}", "prompt": "why?", "category": "physics", "expected_output_length": 500,
     "prompt_token_count": 9} for n in range(4)
]  # fmt: skip
_CORPUS = ((_PASSAGES, Passage), (_DOCUMENTS, Document), (_QUESTIONS, ReasoningPrompt))
_PROMPTS = [
    {"prompt": "why is the sky blue?", "max_tokens": 20},
    {"messages": [{"role": "system", "content": "be short"}, {"role": "user", "content": "why?"}]},
    {"conversations": [{"from": "human", "value": "why?"}, {"from": "gpt", "value": "so"}]},
]
_TRACE = [
    {"timestamp": n * 100, "input_length": 700, "output_length": 9, "hash_ids": [1, n]}
    for n in range(4)
]
_LOGGED = [{"key": "chat", "outcome": "ok", "tokens": 9, "due_s": 1.5} for _ in range(3)]
_WORDS_SHARE = 0.5
"""Of the inputs is a value that is something else, the others are damaged bytes."""


def _lines(random: Random, rows: list[dict[str, object]]) -> bytes:
    """The rows as a file, damaged."""
    if random.random() < _WORDS_SHARE:
        rows = [spoilt(random, row) if random.random() < 0.5 else row for row in rows]
        return b"\n".join(as_json(row) for row in rows) + b"\n"
    return damaged(random, b"".join(as_json(row) + b"\n" for row in rows))


@contextmanager
def _corpora() -> Iterator[Try]:
    def attempt(random: Random) -> str:
        rows, kind = random.choice(_CORPUS)
        many = [{**row, "id": f"x{n}{row['id']}"} for n in range(60) for row in rows]
        data = b"".join(as_json(row) + b"\n" for row in many) + _lines(random, rows)
        _, bad = reader.parse("corpus.jsonl", data, kind)
        assert all("\n" not in each for each in bad)
        return "counted" if bad else "taken"

    yield attempt


def _read_scripts(path: Path) -> None:
    read_scripts(path, TokenRatio(1.3))


def _read_trace(path: Path) -> None:
    read_trace(path)


def _read_log(path: Path) -> None:
    request_log.read(path)


@contextmanager
def _own_lines() -> Iterator[Try]:
    readers: tuple[tuple[list[dict[str, object]], Callable[[Path], None]], ...] = (
        (_PROMPTS, _read_scripts),
        (_TRACE, _read_trace),
        (_LOGGED, _read_log),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.jsonl"

        def attempt(random: Random) -> str:
            rows, read = random.choice(readers)
            path.write_bytes(_lines(random, rows))
            read(path)
            return "taken"

        yield attempt


def _packaged() -> list[bytes]:
    """The begin of the recording that comes with the package: a header and some seconds."""
    folder = resources.files("gtc_runtime.recording") / "packaged"
    found = next(each for each in folder.iterdir() if each.name.endswith(".gz"))
    return gzip.decompress(found.read_bytes()).split(b"\n")[:60]


@contextmanager
def _recordings() -> Iterator[Try]:
    lines = _packaged()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "show.jsonl.gz"

        def attempt(random: Random) -> str:
            path.write_bytes(_spoilt_recording(random, lines))
            recordings.read_header(path)
            recording = recordings.read(path)
            for _ in recording.views():
                pass
            recording.view(recording.length_s / 2)
            _ = recording.environment, recording.cycles
            recording.start_of("BALANCED")
            return "taken"

        yield attempt


def _spoilt_recording(random: Random, lines: list[bytes]) -> bytes:
    chance = random.random()
    if chance < 0.5:
        found = list(lines)
        place = random.randrange(len(found))
        found[place] = as_json(spoilt(random, json.loads(found[place])))
        text = b"\n".join(found)
    else:
        text = damaged(random, b"\n".join(lines))
    if chance > 0.85:
        return damaged(random, gzip.compress(b"\n".join(lines), 1))
    return gzip.compress(text, 1) if random.random() < 0.3 else text


KINDS = (
    Kind("corpora", _corpora),
    Kind("own-prompts", _own_lines),
    Kind("recordings", _recordings),
)
