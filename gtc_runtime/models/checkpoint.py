"""A checkpoint in a store: its files, the manifest and, when all is done, the marker.

This module must not know how files get there, nor whether the store is a bucket or the share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from gtc_runtime.copies.crew import Crew
from gtc_runtime.copies.manifest import digest
from gtc_runtime.copies.store import Store, find
from gtc_runtime.models.manifest import MANIFEST, File, Manifest, marked, parse
from gtc_spec.errors import GtcError

Kind = TypeVar("Kind", bound=Store, covariant=True)


@dataclass(frozen=True)
class Checkpoint(Generic[Kind]):
    """One copy of a checkpoint.

    Attributes:
        marker: Name of the marker, see gtc_spec.names.
    """

    store: Kind
    marker: str

    @property
    def where(self) -> str:
        """Its address or path."""
        return f"{self.store.name}/"

    def manifest(self) -> Manifest | None:
        """The manifest, whether or not the copy is complete; None when there is none.

        Raises:
            GtcError: It cannot be read as one.
        """
        text = find(self.store, MANIFEST)
        return None if text is None else parse(text, self.where + MANIFEST)

    def complete(self) -> Manifest | None:
        """The manifest of a copy that is complete by its marker; None otherwise."""
        marker = find(self.store, self.marker)
        return marked(find(self.store, MANIFEST), marker, self.where)

    def whole(self) -> Manifest | None:
        """As `complete`, and every file has its size; None otherwise."""
        found = self.complete()
        return None if found is None or found.wrong_sizes(self.store.sizes()) else found

    def begin(self, manifest: Manifest) -> None:
        """Take the marker off and write the manifest; remove files that only the old one has."""
        self.unmark()
        try:
            known = self.manifest()
        except GtcError:
            known = None  # not ours to tidy after
        if known == manifest:
            return
        for name in known.names - manifest.names if known else ():
            self.store.delete(name)
        self.store.put(MANIFEST, manifest.to_json())

    def unmark(self) -> None:
        """Take the marker off."""
        self.store.delete(self.marker)

    def require(self, manifest: Manifest) -> None:
        """Refuse to go on when another transfer brings another checkpoint here.

        Raises:
            GtcError: The manifest is not the one that we wrote.
        """
        if find(self.store, MANIFEST) != manifest.to_json():
            raise GtcError(
                f"another transfer took over {self.where}", "let it finish, then gtc model status"
            )

    def finish(self, manifest: Manifest) -> None:
        """Set the marker; every file has been verified.

        Raises:
            GtcError: A file is missing all the same, or the manifest is another one.
        """
        self.require(manifest)
        wrong = manifest.wrong_sizes(self.store.sizes())
        if wrong:
            raise GtcError(
                f"not complete: {self.where}{wrong[0]}",
                "somebody else writes there; repeat when it is done",
            )
        self.store.put(self.marker, manifest.marker)

    def verify(self, manifest: Manifest, crew: Crew, stage: str) -> list[str]:
        """Read every byte and compare it with the manifest.

        Returns:
            One line for each file that is not as it should be; empty when all are.
        """
        wrong = manifest.wrong_sizes(self.store.sizes())
        named = {line.split(": ")[0] for line in wrong}

        def check(file: File) -> None:
            if digest(self.store.pieces(file.name), lambda n: crew.moved(stage, n)) != file.sha256:
                wrong.append(f"{file.name}: bytes differ from its sha256")

        crew.carry([file for file in manifest.files if file.name not in named], check)
        return sorted(wrong)
