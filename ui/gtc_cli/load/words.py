"""How figures and states of a run are said, on the terminal and in reports alike."""

from __future__ import annotations

from typing import Final

from gtc_runtime.load.snapshot import Light

NO_DATA: Final = "–"

KEYS: Final[dict[str, str]] = {
    "chat_turn1": "chat, turn 1",
    "chat_turn2plus": "chat, turn 2+",
    "summarization": "summarization",
    "reasoning": "reasoning",
    "all": "all",
}
"""Statistics keys in the order of rows, and how they are called."""

LIGHTS: Final[dict[Light, str]] = {
    "green": "the client keeps up",
    "amber": "the client runs late",
    "red": "client-limited: do not trust",
}


STAMPS: Final = {"kernel": "from the kernel", "user": "from the client's own process"}
"""Where arrival times come from."""


def light(light: Light, reason: str, stamp_source: str) -> str:
    """``green: the client keeps up (kernel time stamps)``, with the reason when there is one."""
    why = f": {reason}" if reason else ""
    return f"{light}: {LIGHTS[light]}{why} ({stamp_source} time stamps)"


def ms(value_ms: float | None) -> str:
    """``4.1 ms``, ``317 ms``, ``1.20 s``; a dash without data."""
    if value_ms is None:
        return NO_DATA
    if value_ms >= 1000:
        return f"{value_ms / 1000:.2f} s"
    return f"{value_ms:.0f} ms" if value_ms >= 100 else f"{value_ms:.1f} ms"


def seconds(value_s: float | None) -> str:
    """As `ms`, from seconds."""
    return ms(None if value_s is None else value_s * 1000)


def percent(share: float | None) -> str:
    """``98.3 %`` from a share of 0..1; a dash without data."""
    return NO_DATA if share is None else f"{share * 100:.1f} %"
