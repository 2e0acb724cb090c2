"""Sends a command to the service and says on screen when it was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

from nicegui import ui

from gtc_panel import text
from gtc_panel.components.basics import box, heading, named, words
from gtc_runtime.actor import Actor
from gtc_spec.errors import GtcError

DEADLINE_S: Final = 30.0
"""Longer than entering auto takes: Lease, pause and the wait for both HPAs."""


def here() -> Actor:
    """Who acts on the page that is being drawn or pressed."""
    return Actor("page", ui.context.client.ip or "")


async def send(command: Awaitable[object]) -> None:
    """Wait for a command; a refusal becomes a notice with its reason and hint."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            await command
    except GtcError as error:
        _complain(f"{error.message}; {error.hint}" if error.hint else error.message)
    except TimeoutError:
        _complain(text.COMMAND_SILENT.format(seconds=DEADLINE_S))


def offer_login() -> None:
    """Say that this page may only look, and where that changes."""
    with box("looking").mark("looking"):
        words(text.LOOKING)
        ui.link(text.LOG_IN, "/login")


async def confirmed(what: str) -> bool:
    """Ask before something that cannot be taken back; ``what`` is a key of `text.CONFIRM`."""
    question, consequence = text.CONFIRM[what]
    with named_dialog(question) as dialog, box("card dialog"):
        heading(question, "dialog-question")
        words(consequence, "muted dialog-consequence")
        with box("dialog-buttons"):
            focused(button(text.CANCEL, "quiet")).on_click(lambda: dialog.submit(False))
            button(text.CONFIRM_YES[what], "action").on_click(lambda: dialog.submit(True))
    return bool(await dialog)


def named_dialog(name: str) -> ui.dialog:
    """A dialog that says what it is, and gives the focus back to whoever opened it.

    Escape closes it. One of its buttons, the harmless one, should be `focused`.
    """
    dialog = named(ui.dialog(), name)
    # not sooner: the browser gives the focus back while it closes
    return dialog.on("hide", dialog.delete)


def focused(made: ui.button) -> ui.button:
    """The button that has the focus when its dialog opens."""
    return made.props("autofocus")


def button(label: str, kind: str) -> ui.button:
    """A button in the panel's own style; ``kind``: ``action stop safe quiet half``."""
    made = ui.button(label, color=None).props("unelevated no-caps :ripple=false")
    return made.classes(f"key-button key-{kind}")


def _complain(message: str) -> None:
    ui.notify(message, position="bottom", classes="complaint", timeout=8000)
