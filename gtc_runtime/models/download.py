"""The bucket to the share, once for each cluster; workers wait for the marker.

A file grows under another name, is read once for its digest while it comes, and gets its name only
when the digest is the manifest's. A killed run leaves what it wrote; the next one hashes that and
asks for the rest.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Final

from gtc_runtime.models import files
from gtc_runtime.models.bucket import Stored
from gtc_runtime.models.crew import READ_BYTES, WORKERS, Crew
from gtc_runtime.models.lock import FileHome, held
from gtc_runtime.models.manifest import LOCK, PARTIAL, File, Manifest
from gtc_runtime.models.progress import Progress
from gtc_runtime.models.store import BucketStore, DirectoryStore, digest
from gtc_spec.errors import GtcError, UnreachableError

STAGE: Final = "to the share"
SENT_ANEW: Final = "gtc model sync upload --force sends it to the bucket anew"
BREAKS_MAX: Final = 5
"""Broken streams of one file in a row that bring nothing, before giving up."""


def download(
    source: BucketStore,
    target: DirectoryStore,
    tell: Callable[[str], None],
    *,
    workers: int = WORKERS,
    force: bool = False,
) -> Manifest:
    """Make the share's copy equal to the bucket's; seconds when it is.

    Args:
        source: Complete copy in the bucket.
        target: Where to.
        tell: Gets what happens, one line each.
        workers: Files at a time.
        force: Read and compare everything, whatever the marker says.

    Raises:
        GtcError: Which part refused and what to do; nothing is marked complete.
    """
    with files.explained("make", target.directory):
        target.directory.mkdir(parents=True, exist_ok=True)
    with held(FileHome(target.path(LOCK)), tell) as lock:
        manifest = source.complete()
        if manifest is None:
            raise GtcError(
                f"{source.where} has no complete checkpoint",
                "gtc model sync upload first, or gtc model setup for both",
            )
        is_there = target.complete() == manifest and not manifest.wrong_sizes(target.sizes())
        if is_there and not force:
            tell(f"{target.where} is complete at {manifest.revision[:12]}; nothing to do")
            return manifest
        target.begin(manifest)
        _require_room(target, manifest)
        tell(f"{source.where} to {target.where}: {manifest.total_bytes / 1e9:.2f} GB")
        with Progress({STAGE: manifest.total_bytes}, tell=tell) as progress:

            def moved(stage: str, n_bytes: int) -> None:
                lock.check()
                progress.moved(stage, n_bytes)

            crew = Crew(workers, moved)
            crew.carry(manifest.files, _Download(source, target, crew, progress).bring)
        lock.check()
        target.finish(manifest)
        tell(f"{target.where} is complete at {manifest.revision[:12]}")
        return manifest


def _require_room(target: DirectoryStore, manifest: Manifest) -> None:
    there = target.sizes()
    needed = manifest.total_bytes
    for file in manifest.files:
        have = there.get(file.name, 0) + there.get(file.name + PARTIAL, 0)
        needed -= min(have, file.size_bytes)
    files.require_room(target.directory, needed)


class _Download:
    def __init__(
        self, source: BucketStore, target: DirectoryStore, crew: Crew, progress: Progress
    ) -> None:
        self._source, self._target = source, target
        self._crew, self._progress = crew, progress

    def bring(self, file: File) -> None:
        """Bring one file, twice if its bytes are wrong the first time."""
        path = self._target.path(file.name)
        with files.explained("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and self._is_right(path, file):
                self._progress.found(STAGE, file.size_bytes)
                return
            unfinished = path.with_name(path.name + PARTIAL)
            for _ in range(2):
                if self._receive(file, unfinished) == file.sha256:
                    files.place(unfinished, path)
                    return
                unfinished.unlink()
        raise GtcError(f"{self._key(file)} has other bytes than its manifest says", SENT_ANEW)

    def _key(self, file: File) -> str:
        return self._source.prefix + file.name

    def _is_right(self, path: Path, file: File) -> bool:
        """Whether a file of an earlier run has the right bytes; size and age say nothing."""
        if path.stat().st_size != file.size_bytes:
            return False
        checked = lambda _: self._crew.moved(STAGE, 0)  # noqa: E731
        return digest(self._target.pieces(file), checked) == file.sha256

    def _receive(self, file: File, unfinished: Path) -> str:
        """Bring the rest of a file and return the digest of the whole."""
        there = self._source.bucket.look(self._key(file))
        if there is None or there.size_bytes != file.size_bytes:
            have = "no" if there is None else str(there.size_bytes)
            raise GtcError(
                f"{self._key(file)} has {have} bytes where {file.size_bytes} belong", SENT_ANEW
            )
        running = hashlib.sha256()
        with unfinished.open("a+b", buffering=0) as opened:
            if opened.tell() > file.size_bytes:
                opened.truncate(0)
            opened.seek(0)
            while piece := opened.read(READ_BYTES):
                running.update(piece)
                self._crew.moved(STAGE, 0)
                self._progress.found(STAGE, len(piece))
            self._append(file, there, opened, running.update)
            os.fsync(opened.fileno())
        return running.hexdigest()

    def _append(
        self, file: File, there: Stored, opened: FileIO, hashed: Callable[[bytes], None]
    ) -> None:
        breaks, have = 0, opened.seek(0, os.SEEK_END)
        while have < file.size_bytes:
            before = have
            try:
                for piece in self._source.bucket.stream(
                    self._key(file), there.etag, have, READ_BYTES
                ):
                    files.write_all(opened, piece)
                    hashed(piece)
                    have += len(piece)
                    self._crew.moved(STAGE, len(piece))
            except UnreachableError:
                breaks = 0 if have > before else breaks + 1
                if breaks == BREAKS_MAX:
                    raise
                time.sleep(2.0**breaks / 4)
