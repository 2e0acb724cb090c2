"""Which recording is meant when nobody named one, and where in it a show begins.

It must not know who asks.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gtc_runtime.recording.folder import packaged, recordings
from gtc_runtime.recording.reader import Recording, read
from gtc_spec.errors import UsageError

log = logging.getLogger(__name__)

_TRIED: Final = 8
"""So many of the newest recordings are looked into for a whole show."""


@dataclass(frozen=True)
class Choice:
    """A recording, and the part of it that is meant, seconds; None is its end."""

    recording: Recording
    path: Path
    from_s: float = 0.0
    until_s: float | None = None


def newest(state_dir: Path) -> Choice:
    """The newest recording of a state directory; without one the packaged show.

    Raises:
        UsageError: There is none.
    """
    for path in (*recordings(state_dir), *packaged()):
        found = _readable(path)
        if found is not None:
            return Choice(found, path)
    raise UsageError(f"there is no recording in {state_dir}", "gtc rehearse --auto makes one")


def whole_show(state_dir: Path) -> Choice:
    """The newest whole cycle that was recorded; else the packaged one.

    Raises:
        UsageError: There is none.
    """
    for path in (*recordings(state_dir)[:_TRIED], *packaged()):
        found = _readable(path)
        whole = [cycle for cycle in found.cycles if cycle.whole] if found else []
        if found is not None and whole:
            return Choice(found, path, whole[-1].start_s, whole[-1].told_s)
    raise UsageError(
        f"there is no recording of a whole show in {state_dir}", "gtc rehearse --auto makes one"
    )


def _readable(path: Path) -> Recording | None:
    try:
        return read(path)
    except UsageError as error:
        log.warning("%s", error)
        return None
