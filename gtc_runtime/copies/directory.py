"""Files in a directory, written so that a crash leaves the old one or the new one, never half.

Every system error becomes one sentence with what to do. This module must not know manifests.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from gtc_runtime.copies.store import READ_BYTES, NotInStoreError, refuse_large
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.hub_to_share.share import LOCK as LOCK
from gtc_spec.manifests.jobs import UID

PATIENCE_S: Final = 1800.0
"""Longest wait for another transfer, seconds: as long as a job may take."""
POLL_S: Final = 1.0
_ROOM: Final = "make room, then repeat: what is there already is kept"
_SQUASHED: Final = f"on a share that squashes root: run as user {UID}, as the job does"
_HINTS: Final = {
    errno.EACCES: _SQUASHED,
    errno.EPERM: _SQUASHED,
    errno.EROFS: "it is mounted read-only",
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.ESTALE: "the share was exported anew: mount it again, then repeat",
    errno.EIO: "the share does not answer: check it, then repeat",
}


class DirectoryStore:
    """Files below a directory; see `gtc_runtime.copies.store.Store`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.root)

    def path(self, key: str) -> Path:
        """Where a file lies.

        Raises:
            UsageError: The key would leave the directory.
        """
        if key.startswith("/") or ".." in key.split("/"):
            raise UsageError(f"not a key of a store: {key!r}")
        return self.root / key

    def get(self, key: str) -> bytes:
        """See `Store`."""
        path = self.path(key)
        with explained("read", path):
            try:
                refuse_large(str(path), path.stat().st_size)
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                raise NotInStoreError(f"{path} does not exist") from None

    def put(self, key: str, data: bytes) -> None:
        """See `Store`; the file is on the disk when this returns."""
        path = self.path(key)
        with explained("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.new")
            try:
                with unfinished.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                place(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """See `Store`."""
        path = self.path(key)
        with explained("remove", path), contextlib.suppress(FileNotFoundError):
            path.unlink()
            sync_directory(path.parent)

    def sizes(self) -> dict[str, int]:
        """See `Store`."""
        with explained("list", self.root):
            return {
                path.relative_to(self.root).as_posix(): path.stat().st_size
                for path in self.root.rglob("*")
                if path.is_file()
            }

    def pieces(self, key: str) -> Iterator[bytes]:
        """See `Store`."""
        path = self.path(key)
        with explained("read", path), path.open("rb") as opened:
            while piece := opened.read(READ_BYTES):
                yield piece


class HashedFile:
    """A file that is hashed while it is written, from its first byte to its last.

    It cannot seek: whoever writes to it has to bring the bytes in their order.
    """

    def __init__(self, opened: FileIO) -> None:
        self._opened = opened
        self._hash = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        """Write all of a piece; an unbuffered file may take less than it is given."""
        self._hash.update(piece)
        left = memoryview(piece)
        while left:
            left = left[self._opened.write(left) :]
        return len(piece)

    def finish(self) -> str:
        """Wait until all is on the disk; returns the sha256 of what was written."""
        os.fsync(self._opened.fileno())
        return self._hash.hexdigest()


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


@contextlib.contextmanager
def locked(
    directory: Path, log: Callable[[str], None], patience_s: float = PATIENCE_S
) -> Iterator[None]:
    """Be the only one who writes into a directory; waits while another is.

    The kernel holds the lock, over NFS 4 the server: it ends with its process, however that ends.

    Raises:
        GtcError: The other one was not done in time.
    """
    path = directory / LOCK
    with contextlib.ExitStack() as stack:
        with explained("lock", path):
            directory.mkdir(parents=True, exist_ok=True)
            opened = stack.enter_context(path.open("ab"))
            _lock(opened.fileno(), path, log, patience_s)
        yield


def _lock(descriptor: int, path: Path, log: Callable[[str], None], patience_s: float) -> None:
    give_up = time.monotonic() + patience_s
    told = False
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= give_up:
            raise GtcError(
                f"another transfer still holds {path} after {patience_s:.0f} s",
                "gtc model status says how far it is",
            )
        if not told:
            log(f"waiting for another transfer, which holds {path}")
            told = True
        time.sleep(POLL_S)


def place(unfinished: Path, path: Path) -> None:
    """Give a file that was synced its final name, durably."""
    unfinished.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Wait until new names are on the disk."""
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
