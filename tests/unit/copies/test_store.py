"""What every store does, and how each fails."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gtc_runtime.copies import directory
from gtc_runtime.copies import store as stores
from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.store import NotInStoreError, Store, find
from gtc_spec.errors import GtcError, UsageError
from tests.unit.copies.conftest import BUCKET


def test_what_was_put_is_got(store: Store) -> None:
    store.put("a/b.txt", b"one")
    store.put("a/b.txt", b"two\0\xff")

    assert store.get("a/b.txt") == b"two\0\xff"


def test_keys_are_those_of_all_files(store: Store) -> None:
    assert set(store.sizes()) == set()

    for key in ("a/b", "c", ".d"):
        store.put(key, b"x")

    assert set(store.sizes()) == {"a/b", "c", ".d"}


def test_a_file_that_is_not_there_is_told_by_its_name(store: Store) -> None:
    with pytest.raises(NotInStoreError, match=r"a/b\.txt does not exist"):
        store.get("a/b.txt")
    assert find(store, "a/b.txt") is None


def test_what_was_deleted_is_gone_and_may_be_deleted_again(store: Store) -> None:
    store.put("a", b"x")
    store.delete("a")
    store.delete("a")

    assert set(store.sizes()) == set()


def test_an_empty_file_is_a_file(store: Store) -> None:
    store.put("a", b"")

    assert list(store.pieces("a")) == []
    assert (store.get("a"), store.sizes()) == (b"", {"a": 0})


def test_a_huge_file_is_refused_before_it_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a", b"x" * 11)
    monkeypatch.setattr(stores, "SMALL_BYTES_MAX", 10)

    with pytest.raises(GtcError, match="has 11 bytes, allowed"):
        store.get("a")


def test_two_prefixes_of_a_bucket_do_not_see_each_other(s3: SpacesAccess) -> None:
    BucketStore(BUCKET, "one", s3).put("a", b"1")
    BucketStore(BUCKET, "one-more", s3).put("b", b"2")

    assert set(BucketStore(BUCKET, "one", s3).sizes()) == {"a"}


def test_more_files_than_fit_on_one_page_are_listed(
    make_bucket_store: Callable[[], BucketStore],
) -> None:
    store = make_bucket_store()
    store._s3.meta.events.register(
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: {**params, "MaxKeys": 2}
    )
    for number in range(5):
        store.put(f"a{number}", b"x")

    assert len(store.sizes()) == 5


def test_a_wrong_bucket_is_told_with_its_name(s3: SpacesAccess) -> None:
    with pytest.raises(UsageError, match="no bucket 'nowhere'") as caught:
        BucketStore("nowhere", "p", s3).get("a")

    assert "region" in caught.value.hint


def test_a_bucket_without_a_key_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UsageError, match="bucket b needs SPACES_ACCESS_KEY_ID and SPACES_SECR"):
        BucketStore("b", "p", SpacesAccess("http://127.0.0.1:1"))


@pytest.mark.parametrize("key", ["/etc/passwd", "../x", "a/../../x"])
def test_a_key_cannot_leave_the_directory(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match="not a key"):
        DirectoryStore(tmp_path).put(key, b"x")


def test_a_directory_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(GtcError, match="cannot write") as caught:
        DirectoryStore(tmp_path / "file").put("a", b"x")

    assert "\n" not in caught.value.message


def test_what_cannot_be_written_whole_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(GtcError, match="cannot write"):
        DirectoryStore(tmp_path).put("a", b"x")

    assert list(tmp_path.iterdir()) == []


def test_two_threads_may_write_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both, place = threading.Barrier(2), directory.place

    def place_together(unfinished: Path, path: Path) -> None:
        both.wait(10)
        place(unfinished, path)

    monkeypatch.setattr(directory, "place", place_together)
    store = DirectoryStore(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda content: store.put("a", content), [b"one", b"two"]))

    assert store.get("a") in (b"one", b"two")
    assert set(store.sizes()) == {"a"}


def test_no_checksum_is_sent_that_only_amazon_knows(
    make_bucket_store: Callable[[], BucketStore],
) -> None:
    store = make_bucket_store()
    sent: list[str] = []
    store._s3.meta.events.register(
        "before-send.s3", lambda request, **_: sent.extend(map(str.lower, request.headers))
    )

    store.put("a", b"x")
    store.get("a")

    assert sent
    assert [each for each in sent if "x-amz-checksum" in each or "trailer" in each] == []
