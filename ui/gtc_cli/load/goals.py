"""What `--slo` says: the longest TTFT and ITL of a good request, in seconds."""

from __future__ import annotations

import math

from gtc_runtime.load.settings import RequestGoals
from gtc_spec.errors import UsageError

FORM = "ttft=2,itl=0.05 (seconds; either may be left out)"


def parse(text: str, default: RequestGoals) -> RequestGoals:
    """Read ``ttft=2,itl=0.05``; a goal that is left out is that of `default`.

    Raises:
        UsageError: The text is not of that form, or a limit is not above 0.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if name not in ("ttft", "itl") or not sign or f"{name}_s" in found:
            raise UsageError(f"not goals of a request: {text!r}, allowed: {FORM}")
        found[f"{name}_s"] = _seconds(name, value)
    return default.model_copy(update=found)


def _seconds(name: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UsageError(f"{name}={value} is not a goal, allowed: seconds above 0", f"--slo {FORM}")
    return seconds
