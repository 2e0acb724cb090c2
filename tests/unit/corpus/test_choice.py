"""Which texts a show gets, whatever state the corpus is in."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gtc_runtime.copies import bucket
from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.manifest import marker_of, sha256
from gtc_runtime.corpus import manifest, transfer
from gtc_runtime.corpus.choice import BUNDLED, choose
from gtc_runtime.corpus.layout import MARKER, PASSAGES

NOWHERE = SpacesAccess("http://127.0.0.1:1", "id", "secret")


def test_without_a_location_the_bundled_texts_are_used(tmp_path: Path) -> None:
    assert choose("", NOWHERE, tmp_path) == BUNDLED
    assert BUNDLED.label == "bundled texts"


def test_a_directory_is_read_where_it_is(built: Path, tmp_path: Path) -> None:
    texts = choose(str(built), NOWHERE, tmp_path)

    assert texts.directory == built
    assert texts.label == "dev corpus: 10 documents, 10 passages"
    assert texts.warning == ""


def test_a_bucket_is_copied_once(
    built: Path, tmp_path: Path, s3: SpacesAccess, make_bucket_store: Callable[[], BucketStore]
) -> None:
    store = make_bucket_store()
    transfer.push(DirectoryStore(built), store, lambda _: None)

    texts = choose(store.name, s3, tmp_path)

    assert texts.directory is not None
    assert texts.directory.parent == tmp_path
    assert (texts.directory / PASSAGES).read_bytes() == (built / PASSAGES).read_bytes()


def test_a_bucket_without_a_corpus_is_told_and_the_show_goes_on(
    tmp_path: Path, s3: SpacesAccess
) -> None:
    texts = choose("s3://texts/nothing", s3, tmp_path)

    assert texts.directory is None
    assert texts.label == "bundled texts"
    assert texts.warning.startswith("corpus not used, the bundled texts are: no complete corpus")


@pytest.mark.parametrize("location", ["s3://texts/corpus", "s3://texts", "/nowhere"])
def test_whatever_is_wrong_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    monkeypatch.setattr(bucket, "PATIENCE", bucket.Patience(1.0, 1.0, 1))

    texts = choose(location, NOWHERE, tmp_path)

    assert texts.label == "bundled texts"
    assert texts.warning
    assert "\n" not in texts.warning


def test_a_few_bad_lines_are_told_and_the_rest_is_used(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(built, home)
    lines = (home / PASSAGES).read_text().splitlines()
    many = [lines[0].replace('"id":"', f'"id":"{at}-') for at in range(150)]
    many[16] = "{}"
    rewrite(home, "\n".join(many).encode())

    texts = choose(str(home), NOWHERE, tmp_path)

    assert texts.directory == home
    assert texts.warning == "1 lines of the corpus skipped, passages.jsonl:17: missing field 'id'"


def rewrite(home: Path, passages: bytes) -> None:
    """Change one file and make manifest and marker agree with it."""
    store = DirectoryStore(home)
    listed = manifest.read(store)
    entries = [
        each.model_copy(update={"size": len(passages), "sha256": sha256(passages)})
        if each.name == PASSAGES
        else each
        for each in listed.files
    ]
    store.put(PASSAGES, passages)
    head = listed.model_copy(update={"files": entries}).to_bytes()
    store.put("manifest.json", head)
    store.put(MARKER, marker_of(head))
