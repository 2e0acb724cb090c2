"""A small corpus, a directory and a bucket on a real S3 server to keep it in."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gtc_runtime.corpus import curate, tokens
from gtc_runtime.corpus.store import DirectoryStore, SpacesAccess, SpacesStore, Store
from tests.s3_server import KEY_ID, SECRET, s3_server

BUCKET = "texts"


@pytest.fixture(scope="session")
def s3() -> Iterator[SpacesAccess]:
    """An S3 server with an empty bucket."""
    with s3_server() as url:
        access = SpacesAccess(url, KEY_ID, SECRET)
        SpacesStore(BUCKET, "any", access)._client.create_bucket(Bucket=BUCKET)
        yield access


@pytest.fixture(params=["directory", "bucket"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, make_bucket_store: Callable[[], SpacesStore]
) -> Store:
    """An empty store of each kind."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "store")
    return make_bucket_store()


@pytest.fixture
def make_bucket_store(request: pytest.FixtureRequest) -> Callable[[], SpacesStore]:
    """Makes an empty prefix in the bucket, one for each test."""

    def make() -> SpacesStore:
        access = request.getfixturevalue("s3")
        return SpacesStore(BUCKET, f"{request.node.name}/corpus", access)

    return make


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of the small size, built offline. Not to be changed."""
    out = tmp_path_factory.mktemp("built") / "corpus"
    order = curate.Order(out, "dev", offline=True)
    asyncio.run(curate.build(order, tokens.estimate(), lambda _: None))
    return out
