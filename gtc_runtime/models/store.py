"""The two places that hold a checkpoint: a folder of the bucket and a directory of the share.

Both hold the files, the manifest and, when all is done, the marker. This module must not know how
files get there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gtc_runtime.models import files
from gtc_runtime.models.bucket import Bucket
from gtc_runtime.models.crew import READ_BYTES, Crew
from gtc_runtime.models.lock import owner_of
from gtc_runtime.models.manifest import LOCK, MANIFEST, File, Manifest, marked, parse
from gtc_spec.errors import GtcError


@dataclass(frozen=True)
class BucketStore:
    """A checkpoint below a prefix of the bucket.

    Attributes:
        prefix: Ends with a slash.
        marker: Name of the marker, see gtc_spec.names.
    """

    bucket: Bucket
    prefix: str
    marker: str

    @property
    def where(self) -> str:
        """Its address."""
        return f"s3://{self.bucket.name}/{self.prefix}"

    def manifest(self) -> Manifest | None:
        """The manifest, whether or not the copy is complete; None when there is none."""
        text = self.bucket.read(self.prefix + MANIFEST)
        return None if text is None else parse(text, self.prefix + MANIFEST)

    def complete(self) -> Manifest | None:
        """The manifest of a copy that is complete by its marker; None otherwise."""
        marker = self.bucket.read(self.prefix + self.marker)
        return marked(self.bucket.read(self.prefix + MANIFEST), marker, self.where)

    def holder(self) -> str:
        """Who works on it now; empty for nobody."""
        return owner_of(self.bucket.read(self.prefix + LOCK) or b"")

    def sizes(self) -> dict[str, int]:
        """Bytes of every file that is there."""
        return self.bucket.sizes(self.prefix)

    def begin(self, manifest: Manifest, known: Manifest | None) -> None:
        """Take the marker off; forget unfinished uploads of another manifest."""
        self.bucket.remove(self.prefix + self.marker)
        if manifest != known:
            self.bucket.abort_all(self.prefix)
            for name in _gone(known, manifest):
                self.bucket.remove(self.prefix + name)
            self.bucket.write(self.prefix + MANIFEST, manifest.to_json())

    def finish(self, manifest: Manifest) -> None:
        """Set the marker; every file has been verified.

        Raises:
            GtcError: A file is missing all the same.
        """
        _refuse_incomplete(manifest, self.sizes(), self.where)
        self.bucket.write(self.prefix + self.marker, manifest.marker)

    def pieces(self, file: File) -> Iterator[bytes]:
        """The content of a file."""
        found = self.bucket.look(self.prefix + file.name)
        if found is None:
            raise GtcError(f"{self.where}{file.name} is missing")
        if found.size_bytes == 0:
            return iter(())  # there is no range in nothing
        return self.bucket.stream(self.prefix + file.name, found.etag, 0, READ_BYTES)


@dataclass(frozen=True)
class DirectoryStore:
    """A checkpoint in a directory.

    Attributes:
        marker: Name of the marker, see gtc_spec.names.
    """

    directory: Path
    marker: str

    @property
    def where(self) -> str:
        """Its path."""
        return f"{self.directory}/"

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.directory / name

    def manifest(self) -> Manifest | None:
        """The manifest, whether or not the copy is complete; None when there is none."""
        text = files.read(self.path(MANIFEST))
        return None if text is None else parse(text, str(self.path(MANIFEST)))

    def holder(self) -> str:
        """Who works on it now; empty for nobody."""
        return owner_of(files.read(self.path(LOCK)) or b"")

    def complete(self) -> Manifest | None:
        """The manifest of a copy that is complete by its marker; None otherwise."""
        marker = files.read(self.path(self.marker))
        return marked(files.read(self.path(MANIFEST)), marker, self.where)

    def sizes(self) -> dict[str, int]:
        """Bytes of every file that is there."""
        found: dict[str, int] = {}
        with files.explained("list", self.directory):
            for folder, _, names in os.walk(self.directory):
                for name in names:
                    path = Path(folder, name)
                    found[path.relative_to(self.directory).as_posix()] = path.stat().st_size
        return found

    def begin(self, manifest: Manifest) -> None:
        """Take the marker off and write the manifest; remove files that only the old one has."""
        files.remove(self.path(self.marker))
        try:
            known = self.manifest()
        except GtcError:
            known = None  # not ours to tidy after
        if known == manifest:
            return
        for name in _gone(known, manifest):
            files.remove(self.path(name))
        files.write(self.path(MANIFEST), manifest.to_json())

    def finish(self, manifest: Manifest) -> None:
        """Set the marker; every file has been verified.

        Raises:
            GtcError: A file is missing all the same.
        """
        _refuse_incomplete(manifest, self.sizes(), self.where)
        files.write(self.path(self.marker), manifest.marker)

    def pieces(self, file: File) -> Iterator[bytes]:
        """The content of a file."""
        with (
            files.explained("read", self.path(file.name)),
            self.path(file.name).open("rb") as opened,
        ):
            while piece := opened.read(READ_BYTES):
                yield piece


Store = BucketStore | DirectoryStore


def verify(store: Store, manifest: Manifest, crew: Crew, stage: str) -> list[str]:
    """Read every byte and compare it with the manifest.

    Returns:
        One line for each file that is not as it should be; empty when all are.
    """
    sizes = store.sizes()
    wrong = manifest.wrong_sizes(sizes)
    named = {line.split(": ")[0] for line in wrong}

    def check(file: File) -> None:
        if digest(store.pieces(file), lambda n: crew.moved(stage, n)) != file.sha256:
            wrong.append(f"{file.name}: bytes differ from its sha256")

    crew.carry([file for file in manifest.files if file.name not in named], check)
    return sorted(wrong)


def digest(pieces: Iterator[bytes], moved: Callable[[int], None]) -> str:
    """Sha256 of a content that is told of piece by piece."""
    running = hashlib.sha256()
    for piece in pieces:
        running.update(piece)
        moved(len(piece))
    return running.hexdigest()


def _gone(old: Manifest | None, new: Manifest) -> set[str]:
    """Files that only an older manifest of ours had; nobody else's file is ever removed."""
    if old is None:
        return set()
    return {file.name for file in old.files} - {file.name for file in new.files}


def _refuse_incomplete(manifest: Manifest, sizes: dict[str, int], where: str) -> None:
    wrong = manifest.wrong_sizes(sizes)
    if wrong:
        raise GtcError(
            f"not complete: {where}{wrong[0]}", "somebody else writes there; repeat when it is done"
        )
