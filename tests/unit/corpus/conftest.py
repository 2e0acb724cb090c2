"""A small corpus, a directory and a bucket on a real S3 server to keep it in."""

import asyncio
from pathlib import Path

import pytest

from gtc_runtime.corpus import curate, tokens
from tests.unit.copies.conftest import make_bucket_store, s3, store

__all__ = ["make_bucket_store", "s3", "store"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of the small size, built offline. Not to be changed."""
    out = tmp_path_factory.mktemp("built") / "corpus"
    order = curate.Order(out, "dev", offline=True)
    asyncio.run(curate.build(order, tokens.estimate(), lambda _: None))
    return out
