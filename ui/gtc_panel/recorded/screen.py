"""What the pages of a panel show: its own demo, or for a while a recording in its place.

While a recording plays, Stop and Safe reach the demo all the same and every other command is
refused. It must not know widgets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gtc_panel.bridge import Bridge
from gtc_panel.port import PanelPort
from gtc_panel.recorded.replay import Replay
from gtc_runtime.actor import Actor
from gtc_runtime.recording.choice import Choice
from gtc_runtime.told import SafeReport
from gtc_runtime.view import DemoView
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.workloads import WorkloadMix


class Screen:
    """The `PanelPort` that all pages of one panel share.

    Args:
        own: The panel's own demo.
        bridge: Draws it; told when something else is to be drawn.
        choose: Finds the recording to play; takes a while. None where there is nothing to offer.
    """

    def __init__(
        self, own: PanelPort, bridge: Bridge, choose: Callable[[], Choice] | None = None
    ) -> None:
        self._own, self._bridge, self._choose = own, bridge, choose
        self._replay: Replay | None = None

    @property
    def playing(self) -> bool:
        """Whether a recording is shown in place of the demo."""
        return self._replay is not None

    @property
    def offers(self) -> bool:
        """Whether there is something to play."""
        return self._choose is not None

    async def play(self) -> None:
        """Show the recording on all pages.

        Raises:
            GtcError: There is none, or it cannot be read.
        """
        if self._choose is None:
            raise GtcError("this panel has no recording to play")
        choice = await asyncio.to_thread(self._choose)
        replay = Replay(choice.recording, from_s=choice.from_s, until_s=choice.until_s)
        self._replay = replay
        self._bridge.show(replay, replay.past())

    async def back(self) -> None:
        """Show the panel's own demo again."""
        self._replay = None
        self._bridge.show(None)

    @property
    def environment(self) -> Environment:
        """Facts of what is shown."""
        return self._shown.environment

    def view(self) -> DemoView:
        """What is shown."""
        return self._shown.view()

    async def stop_load(self, *, by: Actor) -> None:
        """Stop the load of the panel's own demo, whatever is shown."""
        await self._own.stop_load(by=by)

    async def safe(self, *, by: Actor) -> SafeReport:
        """The safe state of the panel's own demo, whatever is shown."""
        return await self._own.safe(by=by)

    async def start_load(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.start_load(by=by)

    async def set_load(self, rps: float | None, mix: WorkloadMix | None, *, by: Actor) -> None:  # noqa: D102
        await self._shown.set_load(rps, mix, by=by)

    async def auto(self, *, take_over: bool = False, by: Actor) -> None:  # noqa: D102
        await self._shown.auto(take_over=take_over, by=by)

    async def manual(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.manual(by=by)

    async def reset(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.reset(by=by)

    async def hold(self, on: bool, *, by: Actor) -> None:  # noqa: D102
        await self._shown.hold(on, by=by)

    async def extend(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.extend(by=by)

    async def next_phase(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.next_phase(by=by)

    async def undo(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.undo(by=by)

    async def resume_show(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.resume_show(by=by)

    async def start_again(self, *, by: Actor) -> None:  # noqa: D102
        await self._shown.start_again(by=by)

    @property
    def _shown(self) -> PanelPort:
        return self._replay or self._own
