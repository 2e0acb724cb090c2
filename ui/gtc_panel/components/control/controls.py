"""The left column: start and stop, who drives, what load, and back to the beginning."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from gtc_panel import control_text, text
from gtc_panel.components.basics import box, heading, named, pressed, swap, words
from gtc_panel.components.command import button, confirmed, here, send
from gtc_panel.components.control.keys import keyed
from gtc_panel.components.control.sliders import LoadSliders
from gtc_panel.components.presence import at_once
from gtc_panel.port import PanelPort
from gtc_runtime.view import DemoView


class Controls:
    """Every way to act on the demo. Stop and Safe never ask; reset and a change of mode do."""

    def __init__(self, panel: PanelPort) -> None:
        self._panel = panel
        with box("card controls"):
            heading(text.OF_CONTROLS, "unseen")
            with box("start-stop"):
                start = button(text.START, "action").classes("needs-server").mark("start")
                self._start = keyed(start, "s").on_click(self._on_start)
                self._sure("stop", text.STOP_KEY, control_text.STOP_WORDS, self._on_stop)
                safe = self._sure("safe", "", control_text.SAFE_WORDS, self._on_safe)
                keyed(safe, control_text.SAFE_KEY)
            with box("modes needs-server"):
                with named(box("pair toggle").props("role=group"), text.DRIVES):
                    self._manual = keyed(button(text.MANUAL, "half").mark("manual"), "m")
                    self._auto = keyed(button(text.AUTO, "half").mark("auto"), "a")
                reset = keyed(button(text.RESET, "quiet").mark("reset"), "r")
            self._reason = words("", "muted reason").mark("reason")
            with box("settings needs-server"):
                self._settings = LoadSliders(panel)
        self._manual.on_click(self._on_manual)
        self._auto.on_click(self._on_auto)
        reset.on_click(self._on_reset)

    def _sure(
        self, name: str, key: str, told: dict[str, str], refused: Callable[[], Awaitable[None]]
    ) -> ui.button:
        """By plain HTTP until it is answered; only a refusal there comes by the socket."""
        script = f"gtc{name.title()}"
        at_once(f"{script}.start", told)
        with button("", name).mark(name) as made:
            words(told["idle"], f"sure-words {name}-words").props('aria-live="assertive"')
            if key:
                words(key, "keycap")
        return made.on("click", refused, [], js_handler=f"() => {script}.press(emit)")

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

    async def _on_safe(self) -> None:
        await send(self._panel.safe(by=here()))

    async def _on_auto(self) -> None:
        foreign = self._panel.view().keda == "paused-by-other"
        if await confirmed("auto-take-over" if foreign else "auto"):
            await send(self._panel.auto(take_over=foreign, by=here()))

    async def _on_manual(self) -> None:
        if await confirmed("manual"):
            await send(self._panel.manual(by=here()))

    async def _on_reset(self) -> None:
        if await confirmed("reset"):
            await send(self._panel.reset(by=here()))


def reason(view: DemoView) -> str:
    """Who drives, and so why the sliders move or do not, one sentence."""
    if view.mode in text.LOCKED:
        return text.LOCKED[view.mode]
    if view.keda == "unknown":
        return text.SCALER_NOT_KNOWN
    if view.keda == "blind":
        return text.BY_HAND_BLIND
    return text.BY_HAND if view.keda == "active" else text.BY_HAND_ALONE
