"""The colours of everything that we draw: pages, boards, plots.

Blue always means prefill (and TTFT, which prefill decides), green always means decode (and ITL).
Mist, violet and rose are single requests, by workload.
Colour never speaks alone: tiles carry letters and patterns, lines carry names.
"""

from __future__ import annotations

from typing import Final

COLOURS: Final[dict[str, str]] = {
    "ground": "#0a0f16",
    "card": "#111923",
    "raised": "#1b2635",
    "line": "#2a394d",
    "text": "#eaf1f8",
    "muted": "#a3b4c6",
    "action": "#0061eb",  # DigitalOcean blue, a shade darker so that white text passes on it
    "prefill": "#58a6ff",
    "decode": "#84c91a",
    "warning": "#ffb938",
    "alarm": "#ff7b72",
    "mist": "#dbe4ec",
    "violet": "#b99cff",
    "rose": "#f7a5d8",
}

INKS: Final[dict[str, str]] = {
    "blue": "#0b62c4",
    "sky": "#5aa9e6",
    "rust": "#c2410c",
    "green": "#3f7d20",
    "violet": "#7c3aed",
    "lilac": "#b794f4",
}
"""Colours of lines on white paper; sky and lilac are the later turns of blue and violet."""
