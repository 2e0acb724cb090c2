"""How to reach buckets: an endpoint and the Spaces key of this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from gtc_runtime.settings import Settings


@dataclass(frozen=True)
class SpacesAccess:
    """How to reach buckets.

    Attributes:
        endpoint: Base address, such as ``https://atl1.digitaloceanspaces.com``.
        key_id, secret: The Spaces key; empty ones are refused before anything is sent.
    """

    endpoint: str
    key_id: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, configured: Settings, endpoint: str) -> Self:
        """With the key of this process."""
        return cls(
            endpoint,
            configured.spaces_access_key_id.get_secret_value(),
            configured.spaces_secret_access_key.get_secret_value(),
        )
