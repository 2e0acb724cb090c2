"""Which places a corpus may have."""

import pytest

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.corpus.location import open_store
from gtc_spec.errors import UsageError


@pytest.mark.parametrize("place", ["s3://", "s3://bucket", "s3://bucket/", "gs://b/p", "s3:///p"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="allowed: a directory or s3://bucket/prefix"):
        open_store(place, SpacesAccess("http://127.0.0.1:1", "id", "secret"))
