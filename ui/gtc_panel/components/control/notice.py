"""One line under the head: what is watched, or what must not be overlooked and what to do about it.

At its end stand how old the figures are, the keys, and the way to the stage page.
"""

from __future__ import annotations

from nicegui import ui

from gtc_panel import control_text, text
from gtc_panel.components.basics import box, swap, tip, words
from gtc_panel.components.command import button, here, send
from gtc_panel.components.control.keys import KeysHelp, keyed
from gtc_panel.components.control.sliders import preset_phases
from gtc_panel.components.presence import ages
from gtc_panel.port import PanelPort
from gtc_panel.recorded.screen import Screen
from gtc_panel.recorded.switch import Switch
from gtc_runtime.view import DemoView
from gtc_spec.cloud.nodes import counted


class Notice:
    """What is watched, the most important problem, the end date, or what ran before a restart."""

    def __init__(self, panel: PanelPort, screen: Screen | None) -> None:
        environment = panel.environment
        self._standing = text.standing(
            environment.model.served_name,
            counted(environment.slots, environment.nodes),
            str(environment.initial_ratio),
            environment.nodes.size,
        )
        with box("notice") as self._box:
            self._line = words(self._standing, "notice-line").props('aria-live="polite"')
            self._line.mark("notice")
            self._again = keyed(button(control_text.START_AGAIN, "action").mark("start-again"), "g")
            self._again.classes("needs-server")
            self._again.on_click(lambda: send(panel.start_again(by=here())))
            self._switch = Switch(screen)
            ages()
            KeysHelp([str(phase.name) for phase in preset_phases(environment.table.phases)])
            ui.link(text.STAGE_LINK, "/stage", new_tab=True).classes("notice-link")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        previous = view.previous
        told = view.problem or view.ending or (previous.text if previous else "")
        load = view.load
        asked = f"follow-ups by {load.followups}" if load.followups else ""
        texts = "".join(f"   ·   {each}" for each in (load.corpus, asked) if each)
        self._line.set_text(told or self._standing + texts)
        tip(self._line, told)
        swap(self._box, "notice-", "problem" if told else "calm")
        self._again.set_visibility(previous is not None and previous.startable)
        self._switch.draw(view)
