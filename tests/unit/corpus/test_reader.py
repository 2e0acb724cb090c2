"""What the reader makes of lines that nobody meant to write."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.manifest import marker_of
from gtc_runtime.corpus.layout import BUCKETS, MARKER, PASSAGES
from gtc_runtime.corpus.manifest import CorpusError
from gtc_runtime.corpus.reader import LINE_BYTES_MAX, parse, read_corpus
from gtc_runtime.corpus.records import Document, Passage, ReasoningPrompt, to_jsonl

GOOD = {
    "id": "d",
    "title": "t",
    "text": "words",
    "source": "s",
    "licence": "l",
    "token_count": 9,
    "token_counter": "c",
}


def line(**changes: Any) -> bytes:
    return json.dumps(GOOD | changes).encode()


def problem(bad: bytes) -> str:
    """What is said about a bad line among 150 good ones."""
    lines = [line(id=str(number)) for number in range(150)]
    lines.insert(16, bad)
    records, problems = parse("summarization/long/docs.jsonl", b"\n".join(lines), Document)
    assert len(records) == 150
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (json.dumps({k: v for k, v in GOOD.items() if k != "text"}).encode(), "missing field 't"),
        (line(text=5), "field 'text' is 5, wanted a valid string"),
        (line(token_count="9"), "field 'token_count' is '9', wanted a valid integer"),
        (line(token_count=True), "field 'token_count' is True, wanted a valid integer"),
        (line(token_count=0), "field 'token_count' is 0, wanted greater than or equal to 1"),
        (line(token_count=30_000), "'token_count' is 30000, wanted less than or equal to 24000"),
        (line(text=" \n"), "field 'text' is empty"),
        (line(text="a\0b"), "field 'text' holds a NUL character"),
        (line(text="\ud800"), "field 'text' holds half a character"),
        (line(id="3"), "id '3' is used twice"),
        (b"\xef\xbb\xbf" + line(), "begins with a byte order mark"),
        (b"", "an empty line"),
        (b"{", "not JSON: expecting property name enclosed in double quotes"),
        (b'"text"', "a JSON str, wanted an object"),
        (b"[1]", "a JSON list, wanted an object"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a\0b", "holds a NUL byte"),
        (b"[" * 100_000, "not JSON: maximum recursion depth exceeded"),
        (b'{"text": "' + b"x" * LINE_BYTES_MAX + b'"}', "longer than 1 MiB"),
        (line(token_count=float("nan")), "field 'token_count' is nan, wanted a valid integer"),
        (b'{"token_count": ' + b"9" * 5000 + b"}", "not JSON: exceeds the limit"),
    ],
    ids=str,
)
def test_a_bad_line_is_skipped_and_named(bad: bytes, told: str) -> None:
    said = problem(bad)

    assert said.startswith("docs.jsonl:17: ")
    assert told in said
    assert "\n" not in said


def test_a_file_with_more_than_one_bad_line_in_a_hundred_is_refused() -> None:
    lines = [line(id=str(number)) for number in range(99)]

    assert len(parse("f", b"\n".join([*lines, b"x"]), Document)[0]) == 99
    with pytest.raises(CorpusError, match=r"f: 2 of 101 lines are bad, the first: f:100: not JSON"):
        parse("f", b"\n".join([*lines, b"x", b"x"]), Document)


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\n"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(CorpusError, match="docs is empty"):
        parse("docs", data, Document)


def test_further_fields_and_line_ends_of_other_systems_do_no_harm() -> None:
    records, problems = parse("f", line(more=1) + b"\r\n", Document)

    assert (len(records), problems) == (1, [])


JSON_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([[]])
)
FIELDS = st.sampled_from([*Document.model_fields, *ReasoningPrompt.model_fields, "topic"])
LINES = st.one_of(
    st.binary(max_size=60),
    JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(FIELDS, JSON_VALUES).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(FIELDS, st.text() | st.integers(1, 9)).map(
        lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ),
    st.just(line()),
)


KINDS = st.sampled_from([Passage, Document, ReasoningPrompt])


@settings(max_examples=150)
@given(st.lists(LINES, max_size=6), KINDS)
def test_any_input_gives_records_or_one_line(lines: list[bytes], kind: Any) -> None:
    gives_records_or_one_line(lines, kind)


@pytest.mark.slow
@pytest.mark.timeout(300)
@settings(max_examples=2000)
@given(st.lists(LINES, max_size=6), KINDS)
def test_each_of_two_thousand_inputs_gives_records_or_one_line(
    lines: list[bytes], kind: Any
) -> None:
    gives_records_or_one_line(lines, kind)


def gives_records_or_one_line(lines: list[bytes], kind: Any) -> None:
    try:
        records, problems = parse("a/f.jsonl", b"\n".join(lines), kind)
    except CorpusError as error:
        problems = [error.message]
    else:
        assert all(isinstance(record, kind) for record in records)

    assert all("\n" not in each for each in problems)


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_what_was_written_is_read(texts: list[str]) -> None:
    kept = [
        text
        for text in texts
        if text.strip() and "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
    ]
    written = [Passage(id=text, text=text, topic="t", token_count=1) for text in kept]

    if written:
        assert parse("f", to_jsonl(written), Passage) == (written, [])


def test_a_whole_corpus_is_read(built: Path) -> None:
    corpus = read_corpus(DirectoryStore(built))

    assert len(corpus.passages) == 10
    assert len(corpus.prompts) == 20
    assert {bucket: len(each) for bucket, each in corpus.documents.items()} == {
        "short": 4,
        "medium": 3,
        "long": 3,
    }
    for bucket, documents in corpus.documents.items():
        for document in documents:
            assert abs(document.token_count / BUCKETS[bucket].tokens - 1) < 0.1
    assert corpus.problems == ()


def test_a_marker_without_files_is_no_corpus(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("x")

    with pytest.raises(CorpusError, match=r"curator-complete without manifest\.json"):
        read_corpus(DirectoryStore(tmp_path))


def test_no_marker_is_no_corpus_and_the_hint_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no complete corpus at .*: no \.curator") as caught:
        read_corpus(DirectoryStore(tmp_path))

    assert "gtc corpus build" in caught.value.hint


def test_an_empty_file_is_told_by_the_manifest(built: Path, tmp_path: Path) -> None:
    import shutil

    home = tmp_path / "copy"
    shutil.copytree(built, home)
    size = (home / PASSAGES).stat().st_size
    (home / PASSAGES).write_bytes(b"")

    with pytest.raises(CorpusError, match=f"chat/passages.jsonl has 0 bytes, expected {size}"):
        read_corpus(DirectoryStore(home))


def test_a_manifest_of_another_format_is_told(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    data = b'{"format": 2}'
    store.put("manifest.json", data)
    store.put(MARKER, marker_of(data))

    with pytest.raises(CorpusError, match="not a manifest of format 1"):
        read_corpus(store)
