"""Corpora that travel, arrive whole or not at all, and whose damage is named."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.store import Store
from gtc_runtime.corpus import manifest, transfer
from gtc_runtime.corpus.layout import DATA_KEYS, KEYS, MANIFEST, MARKER, PASSAGES
from gtc_runtime.corpus.manifest import CorpusError
from gtc_spec.errors import GtcError, UsageError


class Recording:
    """A store that writes down what is done to it, and may be cut off."""

    def __init__(self, inner: Store, calls_max: int = 10**6) -> None:
        self.inner, self.calls_max = inner, calls_max
        self.written: list[str] = []

    @property
    def name(self) -> str:
        return self.inner.name

    def _count(self, what: str) -> None:
        if len(self.written) >= self.calls_max:
            raise GtcError("cut off")
        self.written.append(what)

    def get(self, key: str) -> bytes:
        return self.inner.get(key)

    def put(self, key: str, data: bytes) -> None:
        self._count(key)
        self.inner.put(key, data)

    def delete(self, key: str) -> None:
        self._count(f"-{key}")
        self.inner.delete(key)

    def sizes(self) -> dict[str, int]:
        return self.inner.sizes()

    def pieces(self, key: str) -> Iterator[bytes]:
        return self.inner.pieces(key)


def ignore(_: str) -> None:
    """Say nothing."""


def test_a_pushed_corpus_is_whole(built: Path, store: Store) -> None:
    assert transfer.push(DirectoryStore(built), store, ignore) == len(KEYS)

    assert set(store.sizes()) == {*KEYS}
    assert manifest.problems(store) == []


def test_the_marker_goes_first_and_comes_last(built: Path, tmp_path: Path) -> None:
    target = Recording(DirectoryStore(tmp_path / "t"))

    transfer.push(DirectoryStore(built), target, ignore)

    assert target.written == [f"-{MARKER}", *DATA_KEYS, MANIFEST, MARKER]


def test_a_second_push_sends_nothing(built: Path, tmp_path: Path) -> None:
    target = Recording(DirectoryStore(tmp_path / "t"))
    transfer.push(DirectoryStore(built), target, ignore)
    target.written.clear()

    assert transfer.push(DirectoryStore(built), target, ignore) == 0
    assert target.written == []


def test_force_sends_everything_again(built: Path, tmp_path: Path) -> None:
    target = DirectoryStore(tmp_path / "t")
    transfer.push(DirectoryStore(built), target, ignore)

    assert transfer.push(DirectoryStore(built), target, ignore, force=True) == len(KEYS)


def test_only_what_is_damaged_is_sent_again(built: Path, tmp_path: Path) -> None:
    target = Recording(DirectoryStore(tmp_path / "t"))
    transfer.push(DirectoryStore(built), target, ignore)
    target.put(PASSAGES, b"damaged")
    target.written.clear()

    transfer.push(DirectoryStore(built), target, ignore)

    assert target.written == [f"-{MARKER}", PASSAGES, MANIFEST, MARKER]
    assert manifest.problems(target) == []


@pytest.mark.parametrize("calls", range(len(KEYS) + 1))
def test_a_push_that_is_cut_off_anywhere_leaves_no_corpus_and_is_repaired(
    built: Path, tmp_path: Path, calls: int
) -> None:
    inner = DirectoryStore(tmp_path / "t")
    with pytest.raises(GtcError, match="cut off"):
        transfer.push(DirectoryStore(built), Recording(inner, calls), ignore)

    assert any("curator-complete" in each for each in manifest.problems(inner))

    transfer.push(DirectoryStore(built), inner, ignore)
    assert manifest.problems(inner) == []


def test_a_damaged_corpus_is_not_pushed(built: Path, tmp_path: Path, store: Store) -> None:
    home = tmp_path / "copy"
    shutil.copytree(built, home)
    (home / PASSAGES).write_bytes(b"damaged")

    with pytest.raises(CorpusError, match=r"chat/passages\.jsonl has 7 bytes"):
        transfer.push(DirectoryStore(home), store, ignore)

    assert set(store.sizes()) == set()


def test_verify_names_each_of_a_hundred_random_corruptions(built: Path, tmp_path: Path) -> None:
    verify_names_each(built, DirectoryStore(tmp_path / "store"), 100)


def test_verify_names_corruptions_in_a_bucket(
    built: Path, make_bucket_store: Callable[[], BucketStore]
) -> None:
    verify_names_each(built, make_bucket_store(), 3)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_verify_names_each_of_a_hundred_random_corruptions_in_a_bucket(
    built: Path, make_bucket_store: Callable[[], BucketStore]
) -> None:
    verify_names_each(built, make_bucket_store(), 100)


def verify_names_each(built: Path, store: Store, corruptions: int) -> None:
    chance = random.Random(5)
    transfer.push(DirectoryStore(built), store, ignore)
    for _ in range(corruptions):
        key = chance.choice(KEYS)
        whole = store.get(key)
        kind = corrupt(store, key, whole, chance)

        problems = manifest.problems(store)

        assert len(problems) == 1, (key, kind, problems)
        assert key in problems[0], (key, kind)
        store.put(key, whole)
    assert manifest.problems(store) == []


def corrupt(store: Store, key: str, whole: bytes, chance: random.Random) -> str:
    """Damage one file in one of three ways; which one."""
    kind = chance.choice(("truncate", "flip", "delete"))
    if kind == "truncate":
        store.put(key, whole[: chance.randrange(len(whole))])
    elif kind == "flip":
        at = chance.randrange(len(whole))
        store.put(key, whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
    else:
        store.delete(key)
    return kind


def test_a_file_too_much_is_named(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "copy"
    shutil.copytree(built, home)
    (home / "chat" / "old.jsonl").write_text("x")

    assert manifest.problems(DirectoryStore(home)) == ["chat/old.jsonl is not part of a corpus"]


def test_a_corpus_is_fetched_once(
    built: Path, tmp_path: Path, make_bucket_store: Callable[[], BucketStore]
) -> None:
    source = make_bucket_store()
    transfer.push(DirectoryStore(built), source, ignore)

    home = transfer.fetch(source, tmp_path)
    before = (home / PASSAGES).stat().st_mtime_ns

    assert transfer.fetch(source, tmp_path) == home
    assert (home / PASSAGES).stat().st_mtime_ns == before
    assert manifest.problems(DirectoryStore(home)) == []


def test_a_damaged_cache_is_fetched_anew(built: Path, tmp_path: Path) -> None:
    home = transfer.fetch(DirectoryStore(built), tmp_path)
    (home / PASSAGES).write_bytes(b"damaged")

    assert transfer.fetch(DirectoryStore(built), tmp_path) == home
    assert manifest.problems(DirectoryStore(home)) == []


def test_a_directory_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious")

    with pytest.raises(UsageError, match=r"holds files that are not a corpus, such as thesis\.doc"):
        transfer.refuse_foreign(tmp_path)
