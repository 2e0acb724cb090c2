"""What can be seen of a panel's death in the cluster: when what happened, and whether all is well.

Times are told from the death, or from the start of the panel that follows, in seconds. What a
process waited for a core is read from the kernel: on a busy machine it is not the panel's time.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gtc_spec.pools import PDRatio
from tests.app.conftest import World
from tests.chaos.processes.cases import Case

STAYS_S: Final = 2.0
"""All is well when it stays so for this long; the time counts to the beginning of it."""
_LOOK_S: Final = 0.05
GOES_ON: Final = "the show goes on"


@dataclass(frozen=True)
class Settled:
    """All is well.

    Attributes:
        how: Who has ended the pause, or goes on with it.
        after_s: Since the kill or the start of a process.
        waited_s: So much of it that process was ready to run and got no core.
    """

    how: str
    after_s: float
    waited_s: float

    @property
    def own_s(self) -> float:
        """What it took but for the waits."""
        return self.after_s - self.waited_s

    def __str__(self) -> str:
        return f"{self.how} after {self.after_s:.1f} s"


class Signs:
    """What can be seen in the cluster of who acts after a death.

    Args:
        world: Where to look.
        pid: The process that acts; a renewal that the dead one has sent may still arrive.
    """

    def __init__(self, world: World, pid: int) -> None:
        self._world, self._pid = world, pid
        table = world.environment.table.phases
        tails = [phase.settle.ratio for phase in table if phase.settle]
        self._ratios: set[PDRatio] = {*(phase.ratio for phase in table), *tails}

    def all_well(self, case: Case) -> bool:
        """No pause without a live holder who goes on with its show, and a panel where one is."""
        holder = str(self._world.lease().get("holderIdentity"))
        held = f"/{self._pid}/" in holder
        if self._world.paused():
            alive = held and self._world.pauser() == holder
            return case.restart and alive and self._world.desired() in self._ratios
        return held or not case.restart  # KEDA scales; it is nobody else's matter how

    @property
    def how(self) -> str:
        """Who has ended the pause, or goes on with it."""
        if self._world.paused():
            return GOES_ON
        events = self._world.stored().get("events", [])
        by_guardian = any("the guardian resumed keda" in str(event) for event in events)
        return "KEDA scales, resumed by the guardian" if by_guardian else "KEDA scales"


class Trace:
    """When what was seen first after a death.

    Args:
        world: Where to look.
        pid: The process whose waiting for a core is counted.
    """

    def __init__(self, world: World, pid: int) -> None:
        self._world, self._pid = world, pid
        self._began_s, self._waited_before_s = time.monotonic(), waited_s(pid) or 0.0
        self._paused = world.paused()
        self.seen: dict[str, float] = {}
        self.waited_s = 0.0

    @property
    def now_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began_s

    def note(self, what: str) -> None:
        """Something was seen; only its first time counts."""
        self.seen.setdefault(what, round(self.now_s, 1))

    async def follow(self) -> None:
        """Look at Lease, pause and process until cancelled."""
        while True:
            if not self._world.lease().get("holderIdentity"):
                self.note("lease free")
            if self._paused and not self._world.paused():
                self.note("resumed")
            if (waited := waited_s(self._pid)) is not None:
                self.waited_s = waited - self._waited_before_s
            await asyncio.sleep(_LOOK_S)

    async def settled(self, case: Case, within_s: float) -> Settled | None:
        """Wait until all is well for good; None when it does not become so.

        Args:
            case: What is well in it.
            within_s: Without the waits for a core, of which there are three times as many at most.
        """
        signs, well = Signs(self._world, self._pid), None
        while (now_s := self.now_s) < within_s + STAYS_S + min(self.waited_s, 3 * within_s):
            if not signs.all_well(case):
                well = None
            elif well is None:
                well = Settled(signs.how, now_s, self.waited_s)
            elif now_s - well.after_s >= STAYS_S:
                return well
            await asyncio.sleep(_LOOK_S)
        return None

    def __str__(self) -> str:
        told = [f"{what} {at_s:g} s" for what, at_s in self.seen.items()]
        return ", ".join([*told, f"waited for a core {self.waited_s:.1f} s"])


def waited_s(pid: int) -> float | None:
    """How long a process was ready to run and did not, so far; None when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return None
