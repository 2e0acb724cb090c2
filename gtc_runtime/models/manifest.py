"""What a checkpoint consists of: names, sizes and sha256 of its files at one commit.

The manifest lies beside the marker, and the marker holds the manifest's own digest: a marker over
another manifest counts as none. This module must not know where files lie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gtc_runtime.copies.manifest import marker_of
from gtc_spec.errors import GtcError
from gtc_spec.hub_to_share.share import MANIFEST as MANIFEST
from gtc_spec.hub_to_share.share import PARTIAL as PARTIAL

TOLD: Final = "manifest: "
"""Begin of the last line of a download's log: the manifest of what is on the share now."""
_SEGMENT: Final = re.compile(r"\w[\w.+ -]*", re.ASCII)
"""No part begins with a dot: those names are ours, and ``..`` would leave the folder."""


def _inside(name: str) -> str:
    if not all(_SEGMENT.fullmatch(part) for part in name.split("/")) or name.endswith(PARTIAL):
        raise ValueError("is no plain relative path")
    return name


class File(BaseModel):
    """One file of a checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_inside)]
    """Path inside the checkpoint, forward slashes; it cannot leave the folder."""
    size_bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """All files of a checkpoint at one commit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str
    revision: str
    """Commit of the repository; a branch moves, this does not."""
    files: tuple[File, ...] = Field(min_length=1)

    @property
    def names(self) -> set[str]:
        """Of all files."""
        return {file.name for file in self.files}

    @property
    def total_bytes(self) -> int:
        """Size of the whole checkpoint."""
        return sum(file.size_bytes for file in self.files)

    def to_json(self) -> bytes:
        """The text that is stored; the same manifest gives the same bytes."""
        return self.model_dump_json(indent=1).encode() + b"\n"

    @property
    def marker(self) -> bytes:
        """What a marker says that belongs to this manifest and no other."""
        return marker_of(self.to_json())

    def wrong_sizes(self, sizes: Mapping[str, int]) -> list[str]:
        """What is missing or has another size, one line for each file.

        Args:
            sizes: Bytes by name of what is there.
        """
        wrong = []
        for file in self.files:
            have = sizes.get(file.name)
            if have is None:
                wrong.append(f"{file.name}: missing")
            elif have != file.size_bytes:
                wrong.append(f"{file.name}: {have} bytes where {file.size_bytes} belong")
        return wrong


def parse(text: bytes, where: str) -> Manifest:
    """Read a manifest.

    Raises:
        GtcError: It is none.
    """
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise GtcError(
            f"{where} is no manifest: {at or 'text'}: {first['msg'].lower()}",
            "gtc model sync upload --force writes it anew",
        ) from None


def marked(manifest: bytes | None, marker: bytes | None, where: str) -> Manifest | None:
    """The manifest, when its marker is there and belongs to it; None for a half-made copy."""
    if manifest is None or marker is None:
        return None
    try:
        found = parse(manifest, where)
    except GtcError:
        return None  # a marker never vouches for what cannot be read
    return found if marker == found.marker else None
