"""The bucket to the share, once for each cluster; workers wait for the marker.

A file grows under another name, is hashed while it comes, and gets its name only when the digest is
the manifest's. A killed run leaves the files that were whole; the next one hashes them and brings
the others anew.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gtc_runtime.copies import directory
from gtc_runtime.copies.bucket import BucketStore
from gtc_runtime.copies.crew import PAUSES_S, WORKERS, Crew, one_try
from gtc_runtime.copies.directory import DirectoryStore, HashedFile
from gtc_runtime.copies.manifest import digest
from gtc_runtime.copies.progress import Progress
from gtc_runtime.models.checkpoint import Checkpoint
from gtc_runtime.models.manifest import PARTIAL, File, Manifest
from gtc_spec.errors import GtcError, UnreachableError

STAGE: Final = "to the share"
SENT_ANEW: Final = "gtc model sync upload --force sends it to the bucket anew"


def download(
    source: Checkpoint[BucketStore],
    target: Checkpoint[DirectoryStore],
    log: Callable[[str], None],
    *,
    workers: int = WORKERS,
    force: bool = False,
) -> Manifest:
    """Make the share's copy equal to the bucket's; seconds when it is.

    Args:
        source: Complete copy in the bucket.
        target: Where to.
        log: Gets what happens, one line each.
        workers: Files at a time.
        force: Read and compare everything, whatever the marker says.

    Raises:
        GtcError: Which part refused and what to do; nothing is marked complete.
    """
    with directory.locked(target.store.root, log):
        manifest = source.complete()
        if manifest is None:
            raise GtcError(
                f"{source.where} has no complete checkpoint",
                "gtc model sync upload first, or gtc model setup for both",
            )
        if target.whole() == manifest and not force:
            log(f"{target.where} is complete at {manifest.revision[:12]}; nothing to do")
            return manifest
        target.begin(manifest)
        _require_room(target.store, manifest)
        log(f"{source.where} to {target.where}: {manifest.total_bytes / 1e9:.2f} GB")
        with Progress({STAGE: manifest.total_bytes}, tell=log) as progress:
            crew = Crew(workers, progress.moved)
            bring = _Download(source.store, target.store, crew, progress).bring
            crew.carry(manifest.files, bring)
        target.finish(manifest)
        log(f"{target.where} is complete at {manifest.revision[:12]}")
        return manifest


def _require_room(target: DirectoryStore, manifest: Manifest) -> None:
    """What is there already is written over, under its own name or as the rest of a killed run."""
    there = target.sizes()
    needed = manifest.total_bytes
    for file in manifest.files:
        have = there.get(file.name, 0) + there.get(file.name + PARTIAL, 0)
        needed -= min(have, file.size_bytes)
    directory.require_room(target.root, needed)


class _Download:
    def __init__(
        self, source: BucketStore, target: DirectoryStore, crew: Crew, progress: Progress
    ) -> None:
        self._source, self._target = source, target
        self._crew, self._progress = crew, progress
        self._there = source.sizes()

    def bring(self, file: File) -> None:
        """Bring one file, twice if its bytes are wrong the first time."""
        path = self._target.path(file.name)
        with directory.explained("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if self._is_right(file):
                self._progress.found(STAGE, file.size_bytes)
                return
            unfinished = path.with_name(path.name + PARTIAL)
            for _ in range(2):
                if self._receive(file, unfinished) == file.sha256:
                    directory.place(unfinished, path)
                    return
                unfinished.unlink()
                self._crew.moved(STAGE, -file.size_bytes)
        raise GtcError(f"{self._address(file)} has other bytes than its manifest says", SENT_ANEW)

    def _address(self, file: File) -> str:
        return f"{self._source.name}/{file.name}"

    def _is_right(self, file: File) -> bool:
        """Whether a file of an earlier run has the right bytes; size and age say nothing."""
        path = self._target.path(file.name)
        if not path.exists() or path.stat().st_size != file.size_bytes:
            return False
        checked = lambda _: self._crew.moved(STAGE, 0)  # noqa: E731
        return digest(self._target.pieces(file.name), checked) == file.sha256

    def _receive(self, file: File, unfinished: Path) -> str:
        """Bring a file, anew when its stream breaks, and return the digest of what came."""
        have = self._there.get(file.name)
        if have != file.size_bytes:
            raise GtcError(
                f"{self._address(file)} has {'no' if have is None else have} bytes "
                f"where {file.size_bytes} belong",
                SENT_ANEW,
            )
        for pause_s in PAUSES_S:
            try:
                return self._receive_once(file, unfinished)
            except UnreachableError:
                if not unfinished.stat().st_size:  # a store that says nothing was asked long enough
                    raise
            self._crew.pause(pause_s)
        return self._receive_once(file, unfinished)

    def _receive_once(self, file: File, unfinished: Path) -> str:
        moved = functools.partial(self._crew.moved, STAGE)
        with unfinished.open("wb", buffering=0) as opened, one_try(moved) as counted:
            into = HashedFile(opened)
            self._source.receive(file.name, into, counted)
            return into.finish()
