"""The presenter's strip: hold, longer, next while the show runs; else undo, and resume after Stop.

Both sets stand in the same place; a button that can do nothing is locked, so nothing moves.
"""

from __future__ import annotations

from gtc_panel import control_text
from gtc_panel.components.basics import box, words
from gtc_panel.components.command import button, here, send
from gtc_panel.components.control.keys import keyed
from gtc_panel.port import PanelPort
from gtc_runtime.view import DemoView


class Presenter:
    """What the presenter may do about the show now."""

    def __init__(self, panel: PanelPort) -> None:
        self._panel = panel
        self._holding = False
        with box("presenter needs-server"):
            with box("presenter-set") as self._auto:
                self._hold = button(control_text.HOLD[False], "quiet").mark("hold")
                self._extend = button(control_text.EXTEND, "quiet").mark("extend")
                self._next = button("", "quiet").mark("next").classes("presenter-wide")
                with self._next:
                    self._following = words("", "presenter-what").mark("next-phase")
                    self._workers = words("", "muted presenter-note").mark("next-workers")
            with box("presenter-set") as self._manual:
                self._undo = button("", "quiet").mark("undo").classes("presenter-wide")
                self._resume = button("", "action").mark("resume").classes("presenter-wide")
        keys = {
            "h": self._hold,
            "+": self._extend,
            "n": self._next,
            "z": self._undo,
            "w": self._resume,
        }
        for key, target in keys.items():
            keyed(target, key)
        self._hold.on_click(lambda: send(panel.hold(not self._holding, by=here())))
        self._extend.on_click(lambda: send(panel.extend(by=here())))
        self._next.on_click(lambda: send(panel.next_phase(by=here())))
        self._undo.on_click(lambda: send(panel.undo(by=here())))
        self._resume.on_click(lambda: send(panel.resume_show(by=here())))

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        control, auto = view.control, view.mode in ("auto", "starting")
        self._auto.set_visibility(auto)
        self._manual.set_visibility(not auto)
        runs = view.mode == "auto" and view.phase.index is not None
        self._holding = control.holding
        self._hold.set_text(control_text.HOLD[control.holding])
        self._hold.set_enabled(runs)
        self._extend.set_enabled(runs)
        phase, workers = control_text.next_phase(control.next)
        self._following.set_text(phase)
        self._workers.set_text(workers)
        self._next.set_enabled(runs and control.next is not None)
        self._undo.set_text(control_text.undo(control.undo))
        self._undo.set_enabled(bool(control.undo) and view.mode == "manual")
        self._resume.set_text(control_text.resume(control.resume_s))
        self._resume.set_visibility(control.resume_s is not None)
