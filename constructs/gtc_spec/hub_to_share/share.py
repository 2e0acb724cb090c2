"""The share: files that grow under another name, the manifest of what is whole, the marker.

A name is given only to bytes whose digest is the hub's. The marker holds the digest of the manifest
and comes last; a killed run leaves no marker, and keeps what it has. It must not know HTTP.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from gtc_spec.hub_to_share.errors import RefusedError, gigabytes, say
from gtc_spec.hub_to_share.hub import File

MANIFEST: Final = ".manifest.json"
"""Name of the manifest beside the files."""
LOCK: Final = ".sync-lock"
"""Name of the file that a running transfer holds locked; there is one for all ways to a share."""
PARTIAL: Final = ".part"
"""Ending of a file that is not complete; no engine loads it."""
PIECE_BYTES: Final = 1 << 20


class Part:
    """A file on its way: its bytes so far and their digest."""

    def __init__(self, file: File, out: BinaryIO) -> None:
        self._file, self._out = file, out
        self.have, self._hash = 0, file.hasher()
        for piece in iter(partial(out.read, PIECE_BYTES), b""):
            self._take(piece)
        if self.have > file.size:
            self.restart()

    @property
    def left(self) -> int:
        """Bytes that are missing."""
        return self._file.size - self.have

    @property
    def is_right(self) -> bool:
        """Whether all bytes are those that the hub lists."""
        return not self.left and bool(self._hash.hexdigest() == self._file.digest)

    def restart(self) -> None:
        """Forget what there is."""
        self._out.seek(0)
        self._out.truncate()
        self.have, self._hash = 0, self._file.hasher()

    def write(self, piece: bytes) -> None:
        """Add a piece; an unbuffered file may take less than it is given."""
        left = memoryview(piece)
        while left:
            left = left[self._out.write(left) :]
        self._take(piece)

    def sync(self) -> None:
        """Wait until all is on the disk."""
        os.fsync(self._out.fileno())

    def _take(self, piece: bytes) -> None:
        self.have += len(piece)
        self._hash.update(piece)


class Share:
    """The folder of one checkpoint."""

    def __init__(self, root: Path, marker: str) -> None:
        self.root, self._marker = root, root / marker
        self._manifest = root / MANIFEST

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who writes here; another transfer is waited for, as long as the job may.

        The server keeps the lock and frees it when its holder ends, however that ends.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / LOCK).open("ab") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another transfer, which holds {held.name}")
                fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def complete(self, repository: str) -> str:
        """Commit of the whole copy that is here; empty when there is none."""
        try:
            text = self._manifest.read_bytes()
            marked = self._marker.read_bytes() == _marker_of(text)
        except OSError:
            return ""
        if not marked:
            return ""
        manifest = json.loads(text)
        sizes = {each["name"]: each["size_bytes"] for each in manifest["files"]}
        if any(size_of(self.root / name) != size for name, size in sizes.items()):
            return ""
        return str(manifest["revision"]) if manifest["repository"] == repository else ""

    def begin(self, files: list[File]) -> None:
        """Take the marker off, and see that there is room for the rest.

        Raises:
            RefusedError: There is not.
        """
        self._marker.unlink(missing_ok=True)
        there = sum(
            min(each.size, max(size_of(self.root / each.name), size_of(self.part(each)), 0))
            for each in files
        )
        room = os.statvfs(self.root)
        free, needed = room.f_bavail * room.f_frsize, sum(each.size for each in files) - there
        if free < needed:
            raise RefusedError(
                f"need {gigabytes(needed)}, {gigabytes(free)} free on {self.root}: enlarge it"
            )

    def part(self, file: File) -> Path:
        """Where a file grows: bytes of another content are never gone on with."""
        path = self.root / file.name
        return path.with_name(f".{path.name}.{file.digest[:12]}{PARTIAL}")

    def has(self, file: File) -> bool:
        """Whether a file of an earlier run has the right bytes; size and age say nothing."""
        path = self.root / file.name
        if size_of(path) != file.size:
            return False
        with path.open("rb", buffering=0) as opened:
            return Part(file, opened).is_right

    def place(self, file: File) -> None:
        """Give a file that is whole its name, durably."""
        path = self.root / file.name
        self.part(file).replace(path)
        _sync_folder(path.parent)

    def finish(self, repository: str, commit: str, files: list[File]) -> None:
        """Remove what belongs to another revision, write the manifest, and last the marker."""
        listed = [
            {"name": each.name, "size_bytes": each.size, "sha256": self._sha256(each)}
            for each in files
        ]
        manifest = {"repository": repository, "revision": commit, "files": listed}
        text = json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n"
        for name in self._names() - {each.name for each in files}:
            (self.root / name).unlink(missing_ok=True)
        for left in self.root.rglob(f"*{PARTIAL}"):
            left.unlink()
        _put(self._manifest, text)
        _put(self._marker, _marker_of(text))

    def _names(self) -> set[str]:
        """Files that the manifest of an earlier run tells of."""
        try:
            manifest: Any = json.loads(self._manifest.read_bytes())
            return {each["name"] for each in manifest["files"]}
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def _sha256(self, file: File) -> str:
        return file.sha256 or hashlib.sha256((self.root / file.name).read_bytes()).hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file; -1 when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _marker_of(manifest: bytes) -> bytes:
    return hashlib.sha256(manifest).hexdigest().encode() + b"\n"


def _put(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
