"""Which recording a verb is about, and where in it: what somebody typed, as values."""

from __future__ import annotations

from pathlib import Path

import click

from gtc_runtime import settings
from gtc_runtime.recording.choice import Choice, newest
from gtc_runtime.recording.reader import Recording, read
from gtc_spec.errors import UsageError
from gtc_spec.phases import PhaseName

file = click.argument(
    "file", required=False, type=click.Path(path_type=Path, dir_okay=False), default=None
)


def choose(path: Path | None, state_dir: Path | None) -> Choice:
    """The file that was named, else the newest of the state directory, else the packaged one.

    Raises:
        UsageError: There is none, or it is no recording.
    """
    if path is not None:
        return Choice(read(path), path)
    return newest(settings.read(state_dir=state_dir).state_dir)


def start_s(recording: Recording, text: str | None) -> float:
    """Where to begin: seconds, or the first time of a phase.

    Raises:
        UsageError: It is neither a number nor a phase of this recording.
    """
    if text is None:
        return 0.0
    if text.upper() in PhaseName.__members__:
        return recording.start_of(text.upper())
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"start at {text!r}, allowed: seconds, or a phase such as PREFILL_STRESS"
        ) from None
