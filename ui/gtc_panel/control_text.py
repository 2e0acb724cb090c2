"""Words of the presenter's page alone: its buttons, keys and limits; shared ones are in `text`."""

from __future__ import annotations

from typing import Final

from gtc_panel import text
from gtc_runtime.formats import countdown, time_of_day, whole
from gtc_runtime.told import NextView
from gtc_spec.phases import phase_title

STOP_WORDS: Final = {
    "idle": text.STOP,
    "sending": "Stopping …",
    "done": "Stopped",
    "lost": "NOT delivered, retrying",
}
"""What the button says about the stop that was pressed, by its delivery."""

SAFE_KEY: Final = "x"
SAFE_WORDS: Final = {
    "idle": "Safe state",
    "sending": "Making safe …",
    "done": "Safe",
    "failed": "NOT all safe, press again",
    "lost": "NOT delivered, retrying",
}
"""The same of the safe state; what came of each step is told beside it."""

HOLD: Final = {False: "Hold", True: "Go on"}
"""Label by whether the show stands still."""
HELD: Final = "held"
EXTEND: Final = "+30 s"
RESUME: Final = "Resume the show"
START_AGAIN: Final = "Start again"
PLAY_RECORDING: Final = "Play the recording"
BACK_TO_LIVE: Final = "Back to live"

KEYS: Final[tuple[tuple[str, str], ...]] = (
    (SAFE_KEY, "safe state: load off, first ratio, KEDA scales; never asks"),
    ("s", "start the load"),
    ("a", "Auto: the scenario drives (asks first)"),
    ("m", "Manual: you drive (asks first)"),
    ("h", "hold the show, or let it go on"),
    ("+", "this phase 30 s longer"),
    ("n", "next phase"),
    ("w", "resume the show after Stop"),
    ("z", "undo the last change of rate or mix"),
    ("r", "Reset (asks first)"),
    ("g", "start again what ran before a restart"),
)
"""Single keys and what they do; presets have theirs by their place."""
HELP_KEY: Final = "?"
KEYS_TITLE: Final = "Keys"
KEYS_STATE: Final = {
    "on": "Single keys are ON until this page is loaded anew.",
    "off": "Single keys are off: a leaning elbow presses nothing.",
}
KEYS_SWITCH: Final = {"on": "Switch off", "off": "Switch on"}


def keys(presets: list[str]) -> list[tuple[str, str]]:
    """Every key with what it does, in the order of the overlay.

    Args:
        presets: Names of the phases whose load makes a preset, in the order of their buttons.
    """
    numbered = [(str(place), phase_title(name)) for place, name in enumerate(presets, 1)]
    return [
        (text.STOP_KEY, "Stop, always; first leaves the rate box or closes a question"),
        (HELP_KEY, "switch single keys on or off"),
        *KEYS,
        *numbered,
    ]


def next_phase(following: NextView | None) -> tuple[str, str]:
    """Where Next goes, and whether the workers for it are there."""
    if following is None:
        return "Next", "no phase to go to"
    left = following.ready_in_s
    if left is None:
        workers = "workers not known"
    else:
        workers = f"workers ready in {countdown(left)}" if left > 0 else "workers ready"
    return f"Next: {phase_title(following.phase)}", workers


def undo(what: str) -> str:
    """``Undo: 0.8 rps, 40/30/30``."""
    return f"Undo: {what}" if what else "Undo"


def resume(seconds: float | None) -> str:
    """``Resume the show (9 s)``."""
    return RESUME if seconds is None else f"{RESUME} ({whole(seconds)} s)"


def limits(low: float, high: float) -> str:
    """What the rate box takes."""
    return f"{low:g} to {high:g}"


def cost(usd_h: float) -> str:
    """``about 36 USD an hour``."""
    return f"about {whole(usd_h)} USD an hour"


def since(when: str, by: str) -> str:
    """Since when somebody is in control, and by whose command; empty when it is not known."""
    if not when:
        return ""
    return f"since {time_of_day(when)}" + (f", {by}" if by else "")
