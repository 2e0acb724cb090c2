"""What the panel needs from the service behind it: one view to draw and a handful of commands.

The panel knows this interface only; it must not know clusters, load processes or scenarios.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from gtc_runtime.actor import Actor
from gtc_runtime.told import SafeReport
from gtc_runtime.view import DemoView
from gtc_spec.environment import Environment
from gtc_spec.workloads import WorkloadMix


@runtime_checkable
class Played(Protocol):
    """A demo whose time may pass faster than anybody looks: a recording."""

    def news(self) -> Sequence[DemoView]:
        """Every view since it was asked last, oldest first; the newest one in any case."""
        ...


class PanelPort(Protocol):
    """One demo. Every command returns once it was accepted, or raises GtcError with its reason.

    Values are checked and clamped behind this port: a browser may send anything. ``by`` is told in
    the events that a command causes.
    """

    @property
    def environment(self) -> Environment:
        """The facts that presets, limits and the phase strip are taken from."""
        ...

    def view(self) -> DemoView:
        """The newest view; cheap and free of side effects."""
        ...

    async def start_load(self, *, by: Actor) -> None:
        """Send load with the current rate and mix."""
        ...

    async def stop_load(self, *, by: Actor) -> None:
        """Stop sending at once; allowed in every mode, and auto mode ends soon after."""
        ...

    async def set_load(self, rps: float | None, mix: WorkloadMix | None, *, by: Actor) -> None:
        """Change the rate (requests per second), the mix, or both; None leaves it as it is."""
        ...

    async def auto(self, *, take_over: bool = False, by: Actor) -> None:
        """Let the scenario drive load and workers; KEDA is paused.

        With ``take_over`` also where somebody else has paused it; that pause ends with auto mode.
        """
        ...

    async def manual(self, *, by: Actor) -> None:
        """Give load to the presenter and scaling back to KEDA."""
        ...

    async def reset(self, *, by: Actor) -> None:
        """Stop the load, go back to the initial ratio and zero the statistics."""
        ...

    async def safe(self, *, by: Actor) -> SafeReport:
        """The safe state; allowed in every mode, and what fails is in the report."""
        ...

    async def hold(self, on: bool, *, by: Actor) -> None:
        """Let the show stand still in its phase, or go on."""
        ...

    async def extend(self, *, by: Actor) -> None:
        """Make the running phase 30 s longer."""
        ...

    async def next_phase(self, *, by: Actor) -> None:
        """Go to the next phase now; it waits for its workers at its gate."""
        ...

    async def undo(self, *, by: Actor) -> None:
        """Bring back the rate and mix before the last change of either."""
        ...

    async def resume_show(self, *, by: Actor) -> None:
        """Go on with the show that a Stop has just ended, where it was."""
        ...

    async def start_again(self, *, by: Actor) -> None:
        """Start the load that ran before this panel was restarted."""
        ...
