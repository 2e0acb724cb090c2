"""Large files go both ways in parts, whole or not at all, and a transfer can be stopped."""

import os
import random
from pathlib import Path

import pytest

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import PART_BYTES, BucketStore
from gtc_runtime.copies.directory import HashedFile
from gtc_runtime.copies.manifest import sha256
from gtc_runtime.copies.store import NotInStoreError
from gtc_spec.errors import GtcError
from tests.unit.copies.conftest import BUCKET

CONTENT = random.Random(1).randbytes(2 * PART_BYTES + 17)


@pytest.fixture
def bucket(s3: SpacesAccess, request: pytest.FixtureRequest) -> BucketStore:
    return BucketStore(BUCKET, request.node.name, s3)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(CONTENT)
    return path


def receive(bucket: BucketStore, path: Path) -> str:
    with path.open("wb", buffering=0) as opened:
        into = HashedFile(opened)
        bucket.receive("large", into, lambda _: None)
        return into.finish()


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, len(CONTENT)])
def test_what_was_sent_is_received_and_hashed_on_the_way(
    bucket: BucketStore, large: Path, tmp_path: Path, size: int
) -> None:
    os.truncate(large, size)
    moved: list[int] = []
    bucket.send(large, "large", sha256(CONTENT[:size]), moved.append)
    assert sum(moved) == size
    stored = bucket.stored("large")
    assert stored is not None
    assert (stored.size_bytes, stored.sha256) == (size, sha256(CONTENT[:size]))
    assert receive(bucket, tmp_path / "back") == sha256(CONTENT[:size])
    assert (tmp_path / "back").read_bytes() == CONTENT[:size]


class EnoughError(Exception):
    """Whoever counts the bytes wants no more."""


def enough(_: int) -> None:
    raise EnoughError


def test_whoever_counts_the_bytes_can_stop_a_transfer_and_nothing_is_left(
    bucket: BucketStore, large: Path, tmp_path: Path
) -> None:
    with pytest.raises(EnoughError):
        bucket.send(large, "large", "", enough)
    assert bucket.stored("large") is None
    bucket.send(large, "large", "", lambda _: None)
    with (tmp_path / "back").open("wb", buffering=0) as opened, pytest.raises(EnoughError):
        bucket.receive("large", HashedFile(opened), enough)


def test_a_file_that_cannot_be_written_ends_the_transfer(bucket: BucketStore, large: Path) -> None:
    bucket.send(large, "large", "", lambda _: None)
    with Path("/dev/full").open("wb", buffering=0) as opened, pytest.raises(OSError, match="space"):
        bucket.receive("large", HashedFile(opened), lambda _: None)


def test_an_object_that_is_not_there_is_named(bucket: BucketStore, tmp_path: Path) -> None:
    with pytest.raises(NotInStoreError) as refused:
        receive(bucket, tmp_path / "back")
    assert refused.value.message == f"{bucket.name}/large does not exist"


def test_other_bytes_than_were_asked_for_are_refused(
    bucket: BucketStore, large: Path, tmp_path: Path
) -> None:
    bucket.send(large, "large", "", lambda _: None)
    bucket._s3.meta.events.register(
        "after-call.s3.GetObject", lambda parsed, **_: parsed.update(ContentRange="bytes 5-9/10")
    )
    with pytest.raises(GtcError, match=r"sent other bytes of .*/large than were asked for"):
        receive(bucket, tmp_path / "back")
