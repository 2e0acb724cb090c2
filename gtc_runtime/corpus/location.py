"""Where a corpus is kept, from what people write: a directory or ``s3://bucket/prefix``."""

from __future__ import annotations

from pathlib import Path

from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.store import Store
from gtc_spec.errors import UsageError


def open_store(location: str, access: SpacesAccess) -> Store:
    """The store at ``s3://bucket/prefix`` or in a directory.

    Raises:
        UsageError: The location is not one, or a bucket is meant and the key is missing.
    """
    if "://" not in location:
        return DirectoryStore(Path(location))
    scheme, _, rest = location.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket or not prefix.strip("/"):
        raise UsageError(
            f"not the place of a corpus: '{location}', allowed: a directory or s3://bucket/prefix"
        )
    from gtc_runtime.copies.bucket import BucketStore  # boto3 takes half a second to import

    return BucketStore(bucket, prefix, access)
