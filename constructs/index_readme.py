"""The page of a distribution on an index: its README.md, without what only a checkout can show.

Hatchling loads this file by its path for both distributions, before anything of them can be
imported. An index knows no other file of the repository, and the repository has no public address
to point at: a link to a file becomes its words, with the path beside them.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"^!\[[^\]]*\]\((?!https?:)[^)]+\)\n+", re.MULTILINE)
_LINK = re.compile(r"\[(?P<words>[^\]]*)\]\((?!https?:|#)(?P<path>[^)#]+)(?:#[^)]*)?\)")
_MARK = re.compile(r"^<!--.*?-->\n", re.MULTILINE)


class IndexReadme(MetadataHookInterface):
    """Gives the metadata their field ``readme``."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Set it from the README.md of the folder that is built."""
        page = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": without_files(page)}


def without_files(page: str) -> str:
    """The page without pictures and links that lead to files of the repository."""
    return _LINK.sub(_told, _PICTURE.sub("", _MARK.sub("", page)))


def _told(link: re.Match[str]) -> str:
    """The words of a link, then the path in the repository unless they say it."""
    words = link["words"]
    path = PurePosixPath(*(part for part in PurePosixPath(link["path"]).parts if part != ".."))
    return words if words.strip("`").endswith(path.name) else f"{words} (`{path}`)"
