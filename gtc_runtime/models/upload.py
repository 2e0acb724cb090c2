"""HuggingFace to the bucket, once for all clusters.

A file is fetched to scratch, hashed there, and sent only when the digest is the hub's. A killed run
leaves the objects that were whole; the next one brings the others anew. The bucket needs no lock:
two runs that bring one checkpoint send the same objects, and of two that bring different ones the
later manifest wins and the other run gives up.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gtc_runtime.copies import directory
from gtc_runtime.copies.bucket import BucketStore, Stored
from gtc_runtime.copies.crew import WORKERS, Crew
from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.copies.manifest import digest
from gtc_runtime.copies.progress import Progress
from gtc_runtime.models.checkpoint import Checkpoint
from gtc_runtime.models.hub import Hub, Listing, RemoteFile, git_sha1
from gtc_runtime.models.manifest import File, Manifest
from gtc_spec.errors import GtcError

FETCH, SEND = "from the hub", "to the bucket"


@dataclass(frozen=True)
class Source:
    """What to upload and where to keep it on the way.

    Attributes:
        revision: Branch, tag or commit; empty for what the bucket began with, else ``main``.
        scratch: Directory for files in flight.
        scratch_bytes: Use no more of it than this; None for all that is free.
        force: Send everything, whatever is there.
    """

    repository: str
    revision: str
    token: str
    scratch: Path
    force: bool = False
    workers: int = WORKERS
    scratch_bytes: int | None = None

    @property
    def folder(self) -> Path:
        """Where files of this repository are in flight."""
        return self.scratch / self.repository.replace("/", "--")


def upload(target: Checkpoint[BucketStore], source: Source, log: Callable[[str], None]) -> Manifest:
    """Make the bucket's copy complete; seconds when it is.

    Args:
        target: Where to.
        source: What.
        log: Gets what happens, one line each.

    Raises:
        GtcError: Which part refused and what to do; nothing is marked complete.
    """
    with directory.locked(source.folder, log):
        done = None if source.force else target.whole()
        if done and source.revision in ("", done.revision):
            log(f"{target.where} is complete at {done.revision[:12]}; nothing to do")
            return done
        known = None if source.force else target.manifest()
        hub = Hub(source.repository, source.token)
        listing = hub.listing(source.revision or (known.revision if known else "main"))
        if done and listing.commit == done.revision:
            log(f"{target.where} is complete at {done.revision[:12]}; nothing to do")
            return done
        return _Upload(target, source, hub, listing.commit, log).run(listing, known)


class _Upload:
    def __init__(
        self,
        target: Checkpoint[BucketStore],
        source: Source,
        hub: Hub,
        commit: str,
        log: Callable[[str], None],
    ) -> None:
        self._target, self._source, self._hub = target, source, hub
        self._commit, self._log = commit, log
        self._scratch = DirectoryStore(source.folder / commit)

    def run(self, listing: Listing, known: Manifest | None) -> Manifest:
        with directory.explained("make", self._scratch.root):
            shutil.rmtree(self._scratch.root / ".cache", ignore_errors=True)  # of a killed run
            self._scratch.root.mkdir(exist_ok=True)
        is_known = known is not None and known.revision == self._commit
        manifest = known if known and is_known else self._plan(listing)
        workers = self._workers(manifest)
        self._log(
            f"{manifest.repository} at {manifest.revision[:12]}: {len(manifest.files)} files, "
            f"{manifest.total_bytes / 1e9:.2f} GB, {workers} at a time to {self._target.where}"
        )
        self._target.begin(manifest)
        try:
            self._carry_all(manifest, workers)
        except BaseException as error:  # Ctrl-C too must leave no marker over what we sent
            if not self._is_whole(manifest) or not isinstance(error, GtcError):
                raise
        shutil.rmtree(self._scratch.root, ignore_errors=True)
        self._log(f"{self._target.where} is complete at {manifest.revision[:12]}")
        return manifest

    def _is_whole(self, manifest: Manifest) -> bool:
        """Whether the copy is whole all the same; if not, or if nobody can say, it is unmarked."""
        with contextlib.suppress(GtcError):  # the store may be what failed
            if self._target.whole() == manifest:
                return True
            self._target.unmark()  # what we sent last may be in another's copy
        return False

    def _carry_all(self, manifest: Manifest, workers: int) -> None:
        total = manifest.total_bytes
        with Progress({FETCH: total, SEND: total}, tell=self._log) as progress:
            crew = Crew(workers, progress.moved)
            carry = functools.partial(self._carry, manifest, crew=crew, progress=progress)
            crew.carry(manifest.files, carry)
            crew.carry(manifest.files, self._confirm)
        self._target.finish(manifest)
        self._target.store.abort_uploads()

    def _plan(self, listing: Listing) -> Manifest:
        """The manifest; the hub knows sha256 of large files only, so the small ones are read."""
        found = []
        for remote in listing.files:
            sha256 = remote.sha256 or self._small(remote)
            found.append(File(name=remote.name, size_bytes=remote.size_bytes, sha256=sha256))
        return Manifest(
            repository=self._source.repository, revision=listing.commit, files=tuple(found)
        )

    def _small(self, remote: RemoteFile) -> str:
        for _ in range(2):
            self._fetch(remote.name, lambda _: None)
            content = self._scratch.get(remote.name)
            if remote.git_sha1 in ("", git_sha1(content)):
                return digest(iter([content]), lambda _: None)
        raise _not_as_announced(remote.name)

    def _workers(self, manifest: Manifest) -> int:
        """As many as fit: every worker may have one whole file in scratch."""
        sizes = sorted((file.size_bytes for file in manifest.files), reverse=True)
        room = directory.free_bytes(self._scratch.root) + sum(self._scratch.sizes().values())
        if self._source.scratch_bytes is not None:
            room = min(room, self._source.scratch_bytes)
        for workers in range(min(self._source.workers, len(sizes)), 0, -1):
            if sum(sizes[:workers]) <= room:
                return workers
        raise GtcError(
            f"need {sizes[0] / 1e9:.2f} GB, {room / 1e9:.2f} GB free on {self._scratch.name}",
            "the largest file must fit: choose another --scratch or make room",
        )

    def _carry(self, manifest: Manifest, file: File, *, crew: Crew, progress: Progress) -> None:
        if not self._source.force and self._is_sent(file):
            progress.found(FETCH, file.size_bytes)
            progress.found(SEND, file.size_bytes)
            return
        self._bring(file, crew, progress)
        self._target.require(manifest)
        path = self._scratch.path(file.name)
        moved = functools.partial(crew.moved, SEND)
        self._target.store.send(path, file.name, file.sha256, moved)
        path.unlink()

    def _bring(self, file: File, crew: Crew, progress: Progress) -> None:
        """Have a file in scratch with just the bytes that the manifest says."""
        if self._is_right(file, crew):
            progress.found(FETCH, file.size_bytes)
            return
        for _ in range(2):
            self._fetch(file.name, functools.partial(crew.moved, FETCH))
            if self._is_right(file, crew):
                return
            crew.moved(FETCH, -file.size_bytes)
        raise _not_as_announced(file.name)

    def _fetch(self, name: str, moved: Callable[[int], None]) -> None:
        self._scratch.delete(name)
        self._hub.fetch(name, self._commit, self._scratch.root, moved)

    def _is_right(self, file: File, crew: Crew) -> bool:
        if not self._scratch.path(file.name).exists():
            return False
        checked = lambda _: crew.moved(FETCH, 0)  # noqa: E731
        return digest(self._scratch.pieces(file.name), checked) == file.sha256

    def _is_sent(self, file: File) -> bool:
        return self._target.store.stored(file.name) == Stored(file.size_bytes, file.sha256)

    def _confirm(self, file: File) -> None:
        """Refuse a copy that another run has written over meanwhile."""
        if not self._is_sent(file):
            raise GtcError(
                f"{self._target.where}{file.name} was written over",
                "somebody else writes there; repeat when it is done",
            )


def _not_as_announced(name: str) -> GtcError:
    return GtcError(
        f"{name} came twice from the hub with other bytes than its digest says",
        "the hub or a proxy on the way is broken; repeat later",
    )
