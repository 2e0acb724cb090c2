"""The left column: start and stop, who drives, what load, and back to the beginning."""

from __future__ import annotations

from nicegui import events, ui

from gtc_panel import text
from gtc_panel.components.basics import box, named, pressed, swap, words
from gtc_panel.components.command import button, confirmed, here, send
from gtc_panel.components.sliders import LoadSliders
from gtc_panel.port import PanelPort
from gtc_runtime.view import DemoView


class Controls:
    """Every way to act on the demo. Stop never asks; reset and a change of mode do."""

    def __init__(self, panel: PanelPort) -> None:
        self._panel = panel
        self._asking = False
        with box("card controls"):
            with box("pair"):
                self._start = button(text.START, "action").mark("start").on_click(self._on_start)
                stop = button(text.STOP, "stop").mark("stop").on_click(self._on_stop)
                with stop:
                    words(text.STOP_KEY, "keycap")
            with named(box("pair toggle").props("role=group"), text.DRIVES):
                self._manual = button(text.MANUAL, "half").mark("manual").on_click(self._on_manual)
                self._auto = button(text.AUTO, "half").mark("auto").on_click(self._on_auto)
            self._reason = words("", "muted reason").mark("reason")
            self._settings = LoadSliders(panel)
            button(text.RESET, "quiet").mark("reset").on_click(self._on_reset)
        ui.keyboard(self._on_key, repeating=False, ignore=[])

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        locked = view.mode in text.LOCKED
        self._start.set_enabled(not locked and not view.load.running)
        by_scenario = view.mode in ("auto", "starting")
        by_hand = not by_scenario and view.mode != "unknown"
        for choice, chosen in ((self._auto, by_scenario), (self._manual, by_hand)):
            swap(choice, "chosen-", "yes" if chosen else "no")
            pressed(choice, chosen)
        self._auto.set_enabled(view.mode == "manual")
        self._manual.set_enabled(by_scenario)
        self._reason.set_text(reason(view))
        self._settings.draw(view)

    async def _on_start(self) -> None:
        self._start.set_enabled(False)
        await send(self._panel.start_load(by=here()))

    async def _on_stop(self) -> None:
        await send(self._panel.stop_load(by=here()))

    async def _on_auto(self) -> None:
        if await self._ask("auto"):
            await send(self._panel.auto(by=here()))

    async def _on_manual(self) -> None:
        if await self._ask("manual"):
            await send(self._panel.manual(by=here()))

    async def _on_reset(self) -> None:
        if await self._ask("reset"):
            await send(self._panel.reset(by=here()))

    async def _ask(self, what: str) -> bool:
        self._asking = True
        try:
            return await confirmed(what)
        finally:
            self._asking = False

    async def _on_key(self, event: events.KeyEventArguments) -> None:
        """Escape stops the load; while a question is open it only closes the question."""
        if event.action.keydown and event.key.escape and not self._asking:
            await self._on_stop()


def reason(view: DemoView) -> str:
    """Who drives, and so why the sliders move or do not, one sentence."""
    if view.mode in text.LOCKED:
        return text.LOCKED[view.mode]
    if view.mode == "unknown" or view.keda == "unknown":
        return text.NOT_KNOWN
    return text.BY_HAND if view.keda == "active" else text.BY_HAND_ALONE
