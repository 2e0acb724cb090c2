"""Reads the text form of Prometheus metrics, as far as sums over series need it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_LABELS = r'(?:\{(?:[^"}]|"(?:\\.|[^"\\])*")*\})?'
_SAMPLE = re.compile(rf"([a-zA-Z_:][\w:]*){_LABELS}[ \t]+(\S+)")

Samples = Mapping[str, tuple[float, ...]]
"""The values of all series of a name."""


def samples(text: str) -> Samples:
    """Every name with its values; lines that are no samples, and values that are none, are left."""
    found: dict[str, list[float]] = {}
    for line in text.splitlines():
        match = None if line.startswith("#") else _SAMPLE.match(line.strip())
        if match is None:
            continue
        try:
            value = float(match[2])
        except ValueError:
            continue
        if not math.isnan(value):
            found.setdefault(match[1], []).append(value)
    return {name: tuple(values) for name, values in found.items()}
