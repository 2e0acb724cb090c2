"""The bucket that holds models and corpus: it exists before the demo and stays after it.

Its region is a fact of its own: GPUs move to where there are some, a bucket does not move with
them. This module must not know who reads or writes.
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

REGION: Final = r"[a-z]{3}[0-9]"
"""A region's slug, such as ``atl1``."""
BUCKET: Final = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
"""A bucket's name, as S3 allows it."""
ENDPOINT: Final = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?"
"""The base address of an object store."""
CORPUS_PREFIX: Final = "corpus"
"""Where the corpus lies in the bucket, beside ``models/``."""


class Spaces(BaseModel):
    """One bucket of an S3-compatible object store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: str = Field(pattern=f"^{BUCKET}$")
    region: str = Field(pattern=f"^{REGION}$")
    """Where the bucket is; the region of the GPUs does not change it."""
    endpoint: str = Field(default="", pattern=f"^({ENDPOINT})?$")
    """Base address of another object store; empty for DigitalOcean Spaces in ``region``."""

    @property
    def url(self) -> str:
        """Base address of the object store."""
        return self.endpoint.rstrip("/") or endpoint_of(self.region)

    @property
    def corpus(self) -> str:
        """Where the corpus lies, as the load engine is told."""
        return f"s3://{self.bucket}/{CORPUS_PREFIX}"


def endpoint_of(region: str) -> str:
    """Base address of DigitalOcean Spaces in a region."""
    return f"https://{region}.digitaloceanspaces.com"
