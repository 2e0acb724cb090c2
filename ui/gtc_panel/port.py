"""What the panel needs from the service behind it: one view to draw and a handful of commands.

The panel knows this interface only; it must not know clusters, load processes or scenarios.
"""

from __future__ import annotations

from typing import Protocol

from gtc_runtime.view import DemoView
from gtc_spec.environment import Environment
from gtc_spec.workloads import WorkloadMix


class PanelPort(Protocol):
    """One demo. Every command returns once it was accepted, or raises GtcError with its reason.

    Values are checked and clamped behind this port: a browser may send anything.
    """

    @property
    def environment(self) -> Environment:
        """The facts that presets, limits and the phase strip are taken from."""
        ...

    def view(self) -> DemoView:
        """The newest view; cheap and free of side effects."""
        ...

    async def start_load(self) -> None:
        """Send load with the current rate and mix."""
        ...

    async def stop_load(self) -> None:
        """Stop sending at once; allowed in every mode."""
        ...

    async def set_load(self, rps: float | None, mix: WorkloadMix | None) -> None:
        """Change the rate (requests per second), the mix, or both; None leaves it as it is."""
        ...

    async def auto(self) -> None:
        """Let the scenario drive load and workers; KEDA is paused."""
        ...

    async def manual(self) -> None:
        """Give load to the presenter and scaling back to KEDA."""
        ...

    async def reset(self) -> None:
        """Stop the load, go back to the initial ratio and zero the statistics."""
        ...
