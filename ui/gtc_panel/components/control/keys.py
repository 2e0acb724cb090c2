"""Single keys of the presenter's page: which button has which, and the overlay that lists them.

A key is a click on its button, made in the browser (static/control/keys.js): nothing while
somebody types or before ``?`` has armed the keys. Esc is always the Stop button.
"""

from __future__ import annotations

from nicegui import ui

from gtc_panel import control_text, text
from gtc_panel.components.basics import box, heading, words
from gtc_panel.components.command import button, focused, named_dialog
from gtc_panel.components.presence import at_once


def keyed(target: ui.button, key: str) -> ui.button:
    """Let a key press this button once keys are armed."""
    target.props["data-key"] = key
    return target


class KeysHelp:
    """A small button, and behind it all keys and whether they are armed.

    Args:
        presets: Names of the phases whose load makes a preset, in the order of their buttons.
    """

    def __init__(self, presets: list[str]) -> None:
        self._presets = presets
        at_once("gtcKeys.start")
        made = button(control_text.KEYS_TITLE, "quiet").classes("keys-button").mark("keys")
        keyed(made, control_text.HELP_KEY).on_click(self._open)

    def _open(self) -> None:
        with named_dialog(control_text.KEYS_TITLE) as dialog, box("card dialog keys-help"):
            heading(control_text.KEYS_TITLE, "dialog-question")
            for state, sentence in control_text.KEYS_STATE.items():
                words(sentence, f"keys-{state}")
            with box("keys-list"):
                for key, what in control_text.keys(self._presets):
                    words(key, "keycap")
                    words(what)
            with box("dialog-buttons"):
                for state, label in control_text.KEYS_SWITCH.items():
                    switch = button(label, "quiet").classes(f"keys-{state}")
                    switch.on("click", js_handler="() => gtcKeys.toggle()")
                focused(button(text.CLOSE, "action")).on_click(dialog.close)
        dialog.open()
