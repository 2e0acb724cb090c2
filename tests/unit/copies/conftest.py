"""Empty stores of both kinds: a directory, and a prefix in a bucket on a real S3 server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.store import Store
from tests.s3_server import KEY_ID, SECRET, s3_server

BUCKET = "texts"


@pytest.fixture(scope="session")
def s3() -> Iterator[SpacesAccess]:
    """An S3 server with an empty bucket."""
    with s3_server() as url:
        access = SpacesAccess(url, KEY_ID, SECRET)
        BucketStore(BUCKET, "any", access)._s3.create_bucket(Bucket=BUCKET)
        yield access


@pytest.fixture(params=["directory", "bucket"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, make_bucket_store: Callable[[], BucketStore]
) -> Store:
    """An empty store of each kind."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "store")
    return make_bucket_store()


@pytest.fixture
def make_bucket_store(request: pytest.FixtureRequest) -> Callable[[], BucketStore]:
    """Makes an empty prefix in the bucket, one for each test."""

    def make() -> BucketStore:
        access = request.getfixturevalue("s3")
        return BucketStore(BUCKET, f"{request.node.name}/copy", access)

    return make
