"""Files on the share, written so that a crash leaves the old one or the new one, never half.

Every system error becomes one sentence with what to do. This module must not know checkpoints.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from gtc_spec.errors import GtcError
from gtc_spec.manifests.jobs import UID

_HINTS: Final = {
    errno.EACCES: f"the share squashes root: run as user {UID}, as the job does",
    errno.EPERM: f"the share squashes root: run as user {UID}, as the job does",
    errno.EROFS: "it is mounted read-only",
    errno.ENOSPC: "make room, then repeat: what is there already is kept",
    errno.EDQUOT: "make room, then repeat: what is there already is kept",
    errno.ESTALE: "the share was exported anew: mount it again, then repeat",
    errno.EIO: "the share does not answer: check it, then repeat",
}


@contextlib.contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turn system errors into one sentence.

    Raises:
        GtcError: With what was tried, where, and what to do.
    """
    try:
        yield
    except OSError as error:
        words = (error.strerror or type(error).__name__).lower()
        raise GtcError(
            f"cannot {action} {path} as user {os.geteuid()}: {words}",
            _HINTS.get(error.errno or 0, ""),
        ) from error


def read(path: Path) -> bytes | None:
    """The content of a small file; None when there is none."""
    with explained("read", path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def write(path: Path, content: bytes) -> None:
    """Write a small file: other name, fsync, rename, fsync of the directory."""
    with explained("write", path):
        unfinished = path.with_name(f".{path.name}.new")
        with unfinished.open("wb") as file:
            file.write(content)
            sync(file.fileno())
        place(unfinished, path)


def write_all(opened: FileIO, piece: bytes) -> None:
    """Write a piece to an unbuffered file, which may take less than it is given."""
    written = opened.write(piece)
    while written < len(piece):
        written += opened.write(memoryview(piece)[written:])


def remove(path: Path) -> None:
    """Remove a file, durably; nothing happens when there is none."""
    with explained("remove", path), contextlib.suppress(FileNotFoundError):
        path.unlink()
        sync_directory(path.parent)


def place(unfinished: Path, path: Path) -> None:
    """Give a file that was synced its final name, durably."""
    unfinished.replace(path)
    sync_directory(path.parent)


def sync(descriptor: int) -> None:
    """Wait until what was written is on the server's disk."""
    os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until new names are on the server's disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(directory: Path) -> int:
    """Room that is left for this user on the file system of a directory."""
    with explained("look at", directory):
        room = os.statvfs(directory)
        return room.f_bavail * room.f_frsize


def require_room(directory: Path, needed_bytes: int) -> None:
    """Refuse to begin what cannot end.

    Raises:
        GtcError: There is less room than needed; it says both numbers.
    """
    free = free_bytes(directory)
    if free < needed_bytes:
        raise GtcError(
            f"need {needed_bytes / 1e9:.2f} GB, {free / 1e9:.2f} GB free on {directory}",
            "make room or enlarge it, then repeat",
        )
