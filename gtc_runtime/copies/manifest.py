"""The digests that make a copy a verified one, and the marker that vouches for its manifest.

The marker holds the sha256 of the manifest: a marker over another manifest counts as none. This
module must not know what else a manifest says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator


def sha256(data: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()


def marker_of(manifest: bytes) -> bytes:
    """Content of the marker that belongs to a manifest and to no other."""
    return sha256(manifest).encode() + b"\n"


def digest(pieces: Iterator[bytes], moved: Callable[[int], None]) -> str:
    """Hex digest of a content that is counted piece by piece."""
    running = hashlib.sha256()
    for piece in pieces:
        running.update(piece)
        moved(len(piece))
    return running.hexdigest()
