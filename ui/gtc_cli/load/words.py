"""How figures and states of a run are said, on the terminal and in reports alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gtc_runtime.formats import NO_DATA, latency_s, per_s, percent
from gtc_runtime.load.demand.forms import Demand, Rate, Replay, Streams
from gtc_spec.workloads import STATS

KEYS: Final[dict[str, str]] = {
    **{stat.key: stat.title.lower() for stat in STATS},
    "own": "own prompts",
    "own_turn2plus": "own, turn 2+",
    "all": "all",
}
"""Statistics keys in the order of rows, and how they are called."""

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


def columns(cells: Iterable[str], widths: Iterable[int]) -> str:
    """Cells of a table, each at the right end of its column."""
    return "".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))


def in_unit(value: float, unit: str) -> str:
    """A figure with its unit: ``2.31 s``, ``93.1 %``, ``1,790/s``, ``12 requests``."""
    if unit == "s":
        return latency_s(value)
    if unit == "share":
        return percent(value)
    return f"{per_s(value)}/s" if unit == "per_s" else f"{value:,.10g} {unit}"


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
