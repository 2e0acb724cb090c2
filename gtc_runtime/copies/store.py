"""What a store of files does, be it a directory or a prefix in a bucket: both look the same.

A key is a relative path with forward slashes. Errors name the place, the key and what to do;
secrets are never part of them. This module must not know where a store lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from gtc_spec.errors import GtcError

SMALL_BYTES_MAX: Final = 64 * 2**20
"""Most bytes of a file that is read whole; no manifest and no text of ours has nearly as many."""
READ_BYTES: Final = 2**20
"""Piece that is received, hashed and written in one go; smaller ones cost more turns of the
interpreter, larger ones more memory and no less time."""


class NotInStoreError(GtcError):
    """The store has no file of that name."""


class Store(Protocol):
    """Files by key."""

    @property
    def name(self) -> str:
        """What the store is called in sentences."""

    def get(self, key: str) -> bytes:
        """The content of a small file.

        Raises:
            NotInStoreError: There is none.
            GtcError: It cannot be read, or is larger than `SMALL_BYTES_MAX`.
        """

    def put(self, key: str, data: bytes) -> None:
        """Write a small file, whole or not at all.

        Raises:
            GtcError: It cannot be written.
        """

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""

    def sizes(self) -> dict[str, int]:
        """Bytes of every file, by key."""

    def pieces(self, key: str) -> Iterator[bytes]:
        """The content of a file of any size, piece by piece."""


def find(store: Store, key: str) -> bytes | None:
    """The content of a small file; None when there is none."""
    try:
        return store.get(key)
    except NotInStoreError:
        return None


def refuse_large(where: str, size_bytes: int) -> None:
    """Refuse to read whole what nobody of us wrote.

    Raises:
        GtcError: It has more than `SMALL_BYTES_MAX`.
    """
    if size_bytes > SMALL_BYTES_MAX:
        raise GtcError(
            f"{where} has {size_bytes} bytes, allowed: {SMALL_BYTES_MAX // 2**20} MiB",
            "it is none of our files: remove it",
        )
