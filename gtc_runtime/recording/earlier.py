"""What the panel before this one did: so that a restart does not begin with nothing.

It must not know what this panel does about it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gtc_runtime.recording.folder import recordings
from gtc_runtime.recording.lock import is_locked
from gtc_runtime.recording.reader import read, read_header
from gtc_runtime.told import PreviousView
from gtc_runtime.view import DemoView
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.phases import phase_title
from gtc_spec.workloads import WorkloadMix

log = logging.getLogger(__name__)

FORGOTTEN_S: Final = 3600.0
"""A panel that ended longer ago is of no concern to this one."""
_PAST_S: Final = 300.0
_NOT_DRIVING: Final = ("read-only", "unknown")
"""Modes of a panel that only shows, and of one that has not begun."""


@dataclass(frozen=True)
class Earlier:
    """The last minutes of an earlier panel.

    Attributes:
        views: Oldest first, at least one.
        died: Whether it ended otherwise than in order, as far as its recording says.
        gone_s: Seconds from its last view to now.
    """

    views: tuple[DemoView, ...]
    died: bool
    gone_s: float

    @property
    def last(self) -> DemoView:
        """Its last view."""
        return self.views[-1]

    @property
    def load(self) -> tuple[float, WorkloadMix] | None:
        """Rate and mix of the load that a presenter had on; None when there was none."""
        load = self.last.load
        if not load.running or self._showing or not load.mix:
            return None
        return load.rps, WorkloadMix.of(load.mix)

    @property
    def ended_with_it(self) -> str:
        """What was on and is not any more; empty when nothing was."""
        if self._showing:
            phase = self.last.phase
            return f"the show was in {phase_title(phase.name)}, cycle {phase.cycle + 1}"
        if self.load is None:
            return ""
        rps, mix = self.load
        return f"load was on ({rps:g} rps, {mix})"

    def told(self, keda: str) -> PreviousView:
        """What has ended with it, for the presenter.

        Args:
            keda: What became of KEDA after a show, a few words; empty when nobody knows.
        """
        now = " and is off now"
        if self._showing:
            now = " and has ended" + (f"; KEDA {keda}" if keda else "")
        again = f"restarted after {self.gone_s:.0f} s"
        return PreviousView(f"{again}; {self.ended_with_it}{now}", self.load is not None)

    @property
    def _showing(self) -> bool:
        return self.last.mode in ("auto", "starting")


def earlier(
    state_dir: Path, environment: Environment, cluster: str, now: datetime
) -> Earlier | None:
    """The panel that drove this demo last, if it is gone, and not long ago.

    Other demos' panels are passed over, and such as only showed this one.

    Args:
        state_dir: Where recordings lie.
        environment: What this panel drives.
        cluster: What its cluster calls itself.
        now: With zone.
    """
    for path in recordings(state_dir):
        try:
            if now.timestamp() - path.stat().st_mtime > FORGOTTEN_S:
                continue
            found = _ended(path, environment, cluster, now)
            if found is not None:
                return None if is_locked(path) else found
        except (OSError, GtcError, ValueError) as error:
            log.warning("%s: %s", path.name, error)
    return None


def _ended(path: Path, environment: Environment, cluster: str, now: datetime) -> Earlier | None:
    """The end of a recording; None when it was not of a panel that drove this demo just now.

    Raises:
        GtcError: It is no recording, or one of another version.
        ValueError: It has a time that is none.
    """
    header = read_header(path)
    if (header.digest, header.cluster) != (environment.digest, cluster):
        return None
    recording = read(path)
    if recording.view(recording.length_s).mode in _NOT_DRIVING:
        return None
    views = tuple(view for _, view in recording.views(recording.length_s - _PAST_S))
    gone_s = (now - datetime.fromisoformat(views[-1].at)).total_seconds()
    return Earlier(views, not recording.ended, gone_s) if 0 <= gone_s <= FORGOTTEN_S else None
