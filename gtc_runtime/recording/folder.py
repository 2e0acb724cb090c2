"""Where recordings lie, which there are, and how much of the disk they may take.

It must not know what is in them.
"""

from __future__ import annotations

import logging
from importlib import resources
from pathlib import Path
from typing import Final

from gtc_runtime.recording.format import SUFFIX

log = logging.getLogger(__name__)

NAME: Final = "recordings"
"""The folder inside the state directory."""
KEPT_BYTES: Final = 48 * 2**20
"""What older files may take when a new one begins: about two days of a show that never rests."""


def folder(state_dir: Path) -> Path:
    """Where the recordings of a state directory lie; it need not be there."""
    return state_dir / NAME


def recordings(state_dir: Path) -> list[Path]:
    """Every recording of a state directory, newest first; none when it cannot be read."""
    return _newest_first(folder(state_dir))


def packaged() -> list[Path]:
    """The recordings that come with this package: one whole show for who has none."""
    return _newest_first(Path(str(resources.files("gtc_runtime.recording") / "packaged")))


def make_room(where: Path) -> None:
    """See to it that the folder is there and that older files leave room for another.

    Raises:
        OSError: It cannot be made, or read, or an old file cannot be removed.
    """
    where.mkdir(parents=True, exist_ok=True)
    taken = 0
    for path in _newest_first(where):
        taken += path.stat().st_size
        if taken > KEPT_BYTES:
            path.unlink(missing_ok=True)
            log.info("removed the old recording %s", path.name)


def _newest_first(where: Path) -> list[Path]:
    try:
        return sorted(where.glob(f"*{SUFFIX}"), reverse=True)
    except OSError:
        return []
