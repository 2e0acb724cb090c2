"""How figures and states of a run are said, on the terminal and in reports alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gtc_runtime.load.demand.forms import Demand, Rate, Replay, Streams
from gtc_runtime.load.figures.snapshot import Light
from gtc_spec.workloads import STATS

NO_DATA: Final = "–"

KEYS: Final[dict[str, str]] = {
    **{stat.key: stat.title.lower() for stat in STATS},
    "own": "own prompts",
    "own_turn2plus": "own, turn 2+",
    "all": "all",
}
"""Statistics keys in the order of rows, and how they are called."""

LIGHTS: Final[dict[Light, str]] = {
    "green": "the client keeps up",
    "amber": "the client runs late",
    "red": "client-limited: do not trust",
}


SPANS: Final = {"window": "while load was sent", "with_drain": "with the drain"}
"""The two stretches of time over which throughput is told, see docs/glossary.md."""

STAMPS: Final = {"kernel": "from the kernel", "user": "from the client's own process"}
"""Where arrival times come from."""


def demand(asked: Demand) -> str:
    """``5 requests/s (poisson) of 40/30/30``, ``32 open requests of own prompts``."""
    of = ""
    if not isinstance(asked, Replay):
        of = " of " + ("own prompts" if asked.mix is None else str(asked.mix))
    if isinstance(asked, Rate):
        return f"{asked.rps:g} requests/s ({asked.pacing}){of}"
    if isinstance(asked, Streams):
        return f"{asked.streams} open request{'s' * (asked.streams != 1)}{of}"
    return f"a trace of {asked.requests} rows at {asked.speed:g} times its speed"


def shown(figures: Mapping[str, Any]) -> dict[str, str]:
    """The keys that had requests, the whole last, and how they are called."""
    return {
        key: name
        for key, name in KEYS.items()
        if key == "all" or (key in figures and figures[key]["due"])
    }


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


def in_unit(value: float, unit: str) -> str:
    """A figure with its unit: ``2.31 s``, ``93.1 %``, ``1,790/s``, ``12 requests``."""
    if unit == "s":
        return seconds(value)
    if unit == "share":
        return percent(value)
    return f"{per_s(value)}/s" if unit == "per_s" else f"{value:,.10g} {unit}"


def per_s(value: float | None) -> str:
    """``3.51``, ``93.1`` or ``1,790``: a rate with three figures or more; a dash without data."""
    if value is None:
        return NO_DATA
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def number(value: float | None) -> str:
    """``2,048`` or ``87.5``; a dash without data."""
    return NO_DATA if value is None else f"{round(value, 1):,.10g}"


def counted(figures: Mapping[str, Any]) -> str:
    """Who counted the tokens, and what the gaps between them are made from."""
    whole, usage, token = (
        figures[name] for name in ("counted", "counted_by_usage", "counted_by_token")
    )
    if not whole:
        return NO_DATA
    by = "usage" if usage == whole else f"usage {usage}, chunks {whole - usage}"
    basis = "token" if token == whole else f"token {token}, frame {whole - token}"
    return f"by {by if usage else 'chunks'}; ITL by {basis if token else 'frame'}"


def asked(dialect: Mapping[str, Any] | None) -> str:
    """How a server was asked, where that is not as engines for inference are; else empty."""
    if dialect is None:
        return ""
    told = [
        "with counts in every frame" if dialect["usage"] == "running" else "",
        "without stream_options" if dialect["usage"] == "none" else "",
        "" if dialect["ignore_eos"] else "without ignore_eos",
        "" if dialect["length_field"] == "max_tokens" else f"with {dialect['length_field']}",
        "" if dialect["tokens_min"] == 1 else f"for {dialect['tokens_min']} tokens at least",
        "" if dialect["system"] else "without system messages",
        "" if dialect["finish_reasons"] else "taking [DONE] for a finish reason",
    ]
    return ", ".join(each for each in told if each)
