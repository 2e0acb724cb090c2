"""HuggingFace to the bucket, once for all clusters.

A file is fetched to scratch, read once for its digest and its parts, and becomes an object only
when the digest is the hub's. A killed run leaves its parts in the bucket; the next one reads which,
compares them with the file and sends the rest.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gtc_runtime.models import files
from gtc_runtime.models.crew import PART_BYTES, READ_BYTES, WORKERS, Crew
from gtc_runtime.models.hub import Hub, Listing, RemoteFile, git_sha1
from gtc_runtime.models.lock import BucketHome, Held, held
from gtc_runtime.models.manifest import LOCK, File, Manifest
from gtc_runtime.models.progress import Progress
from gtc_runtime.models.store import BucketStore
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
    part_bytes: int = PART_BYTES
    scratch_bytes: int | None = None


def upload(store: BucketStore, source: Source, tell: Callable[[str], None]) -> Manifest:
    """Make the bucket's copy complete; seconds when it is.

    Args:
        store: Where to.
        source: What.
        tell: Gets what happens, one line each.

    Raises:
        GtcError: Which part refused and what to do; nothing is marked complete.
    """
    home = BucketHome(store.bucket, store.prefix + LOCK)
    with held(home, tell) as lock:
        done = None if source.force else store.complete()
        whole = done is not None and not done.wrong_sizes(store.sizes())
        if done and whole and source.revision in ("", done.revision):
            tell(f"{store.where} is complete at {done.revision[:12]}; nothing to do")
            return done
        known = None if source.force else store.manifest()
        hub = Hub(source.repository, source.token)
        listing = hub.listing(source.revision or (known.revision if known else "main"))
        if done and whole and listing.commit == done.revision:
            tell(f"{store.where} is complete at {done.revision[:12]}; nothing to do")
            return done
        return _Upload(store, source, hub, lock, tell).run(listing, known)


class _Upload:
    def __init__(
        self,
        store: BucketStore,
        source: Source,
        hub: Hub,
        lock: Held,
        tell: Callable[[str], None],
    ) -> None:
        self._store, self._source, self._hub = store, source, hub
        self._lock, self._tell = lock, tell

    def run(self, listing: Listing, known: Manifest | None) -> Manifest:
        scratch = self._scratch(listing)
        if known is not None and known.revision == listing.commit:
            manifest = known
        else:
            manifest = self._plan(listing, scratch)
        workers = self._workers(manifest, scratch)
        self._tell(
            f"{manifest.repository} at {manifest.revision[:12]}: {len(manifest.files)} files, "
            f"{manifest.total_bytes / 1e9:.2f} GB, {workers} at a time to {self._store.where}"
        )
        self._store.begin(manifest, known)
        total = manifest.total_bytes
        with Progress({FETCH: total, SEND: total}, tell=self._tell) as progress:

            def moved(stage: str, n_bytes: int) -> None:
                self._lock.check()
                progress.moved(stage, n_bytes)

            crew = Crew(workers, moved)
            act = functools.partial(
                self._carry, crew=crew, progress=progress, scratch=scratch, commit=manifest.revision
            )
            crew.carry(manifest.files, act)
        self._lock.check()
        self._store.finish(manifest)
        self._tell(f"{self._store.where} is complete at {manifest.revision[:12]}")
        return manifest

    def _scratch(self, listing: Listing) -> Path:
        folder = self._source.repository.replace("/", "--")
        path = self._source.scratch / folder / listing.commit
        with files.explained("make", path):
            path.mkdir(parents=True, exist_ok=True)
        return path

    def _plan(self, listing: Listing, scratch: Path) -> Manifest:
        """The manifest; the hub knows sha256 of large files only, so the small ones are read."""
        found = []
        for remote in listing.files:
            sha256 = remote.sha256 or self._small(remote, listing.commit, scratch)
            found.append(File(name=remote.name, size_bytes=remote.size_bytes, sha256=sha256))
        return Manifest(
            repository=self._source.repository, revision=listing.commit, files=tuple(found)
        )

    def _small(self, remote: RemoteFile, commit: str, scratch: Path) -> str:
        path = scratch / remote.name
        for _ in range(2):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._hub.fetch(remote.name, commit, path, remote.size_bytes, lambda _: None)
            content = path.read_bytes()
            if remote.git_sha1 in ("", git_sha1(content)):
                return hashlib.sha256(content).hexdigest()
            path.unlink()
        raise _not_as_announced(remote.name)

    def _workers(self, manifest: Manifest, scratch: Path) -> int:
        """As many as fit: every worker may have one whole file in scratch."""
        sizes = sorted((file.size_bytes for file in manifest.files), reverse=True)
        kept = sum(path.stat().st_size for path in scratch.rglob("*") if path.is_file())
        room = files.free_bytes(scratch) + kept
        if self._source.scratch_bytes is not None:
            room = min(room, self._source.scratch_bytes)
        for workers in range(min(self._source.workers, len(sizes)), 0, -1):
            if sum(sizes[:workers]) <= room:
                return workers
        raise GtcError(
            f"need {sizes[0] / 1e9:.2f} GB, {room / 1e9:.2f} GB free on {scratch}",
            "the largest file must fit: choose another --scratch or make room",
        )

    def _carry(
        self, file: File, *, crew: Crew, progress: Progress, scratch: Path, commit: str
    ) -> None:
        key = self._store.prefix + file.name
        there = None if self._source.force else self._store.bucket.look(key)
        if there and (there.size_bytes, there.sha256) == (file.size_bytes, file.sha256):
            progress.found(FETCH, file.size_bytes)
            progress.found(SEND, file.size_bytes)
            return
        path = scratch / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            fetched = functools.partial(crew.moved, FETCH)
            self._hub.fetch(file.name, commit, path, file.size_bytes, fetched)
            if self._send(file, key, path, crew, progress):
                path.unlink()
                return
            path.unlink()
        raise _not_as_announced(file.name)

    def _send(self, file: File, key: str, path: Path, crew: Crew, progress: Progress) -> bool:
        """Send a file; False, and no object, when its bytes are not those of the manifest."""
        if file.size_bytes <= self._source.part_bytes:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != file.sha256:
                return False
            self._store.bucket.write(key, content, file.sha256)
            crew.moved(SEND, len(content))
            return True
        return self._send_parts(file, key, path, crew, progress)

    def _send_parts(self, file: File, key: str, path: Path, crew: Crew, progress: Progress) -> bool:
        bucket, whole = self._store.bucket, hashlib.sha256()
        under_way = bucket.open_upload(key, file.sha256)
        number, buffer = 0, memoryview(bytearray(self._source.part_bytes))
        with path.open("rb") as opened:
            while part := buffer[: opened.readinto(buffer)]:
                number += 1
                md5 = _hash(part, whole)
                if under_way.parts.get(number) == md5:
                    crew.moved(SEND, 0)
                    progress.found(SEND, len(part))
                    continue
                bucket.send_part(under_way, number, part, md5)
                crew.moved(SEND, len(part))
        if whole.hexdigest() != file.sha256:
            bucket.abort(under_way)
            return False
        bucket.finish(under_way, range(1, number + 1))
        return True


def _hash(part: memoryview, whole: hashlib._Hash) -> str:
    """MD5 of a part, which goes into the digest of the whole file too; in one pass over memory."""
    md5 = hashlib.md5(usedforsecurity=False)
    for at in range(0, len(part), READ_BYTES):
        piece = part[at : at + READ_BYTES]
        whole.update(piece)
        md5.update(piece)
    return md5.hexdigest()


def _not_as_announced(name: str) -> GtcError:
    return GtcError(
        f"{name} came twice from the hub with other bytes than its digest says",
        "the hub or a proxy on the way is broken; repeat later",
    )
