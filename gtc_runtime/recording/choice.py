"""Which recording is meant when nobody named one, and where in it a show begins.

It must not know who asks.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gtc_runtime.recording.folder import packaged, recordings
from gtc_runtime.recording.reader import Recording, read, read_header
from gtc_spec.environment import Environment
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


def whole_show(state_dir: Path, environment: Environment) -> Choice:
    """The newest whole cycle that was recorded of an environment; else the packaged one.

    Args:
        state_dir: Where recordings lie.
        environment: One with the same facts comes before one that has only the same name.

    Raises:
        UsageError: There is none.
    """
    near = {path: _nearness(path, environment) for path in recordings(state_dir)}
    own = sorted((path for path in near if near[path]), key=lambda path: -near[path])
    for path in (*own[:_TRIED], *packaged()):
        found = _last_whole(path)
        if found is not None:
            return found
    raise UsageError(
        f"there is no recording of a whole show in {state_dir}", "gtc rehearse --auto makes one"
    )


def _last_whole(path: Path) -> Choice | None:
    try:
        recording = read(path)
        whole = [cycle for cycle in recording.cycles if cycle.whole]
    except UsageError as error:
        log.warning("%s", error)
        return None
    return Choice(recording, path, whole[-1].start_s, whole[-1].told_s) if whole else None


def _nearness(path: Path, environment: Environment) -> int:
    """2 for a recording of the same facts, 1 of the same name, 0 of anything else or of nothing."""
    try:
        header = read_header(path)
    except UsageError:
        return 0
    if header.environment != environment.name:
        return 0
    return 2 if header.digest == environment.digest else 1


def _readable(path: Path) -> Recording | None:
    try:
        return read(path)
    except UsageError as error:
        log.warning("%s", error)
        return None
