"""Conditions on a finished run: ``ttft_p95>2``, ``goodput<95%``, ``light=red``.

    condition = name operator value
    name      = [key "."] figure | "light"
    operator  = ">" | ">=" | "<" | "<=" | "=" | "!="
    value     = number ["s" | "ms" | "%"]  |  "green" | "amber" | "red"

Seconds and shares are what numbers without a unit mean.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from gtc_cli.load import words
from gtc_cli.load.judge.names import Named, Unit, named
from gtc_runtime.load.figures.snapshot import Light
from gtc_spec.errors import UsageError

JSON = Mapping[str, Any]

FORM: Final = "--fail-if 'ttft_p95>2' (seconds), 'goodput<0.95' (a share) or light=red"
OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_SCALES: Final[dict[str, tuple[Unit | None, float]]] = {
    "": (None, 1.0),
    "s": ("s", 1.0),
    "ms": ("s", 1e-3),
    "%": ("share", 1e-2),
}
_LIGHTS: Final[tuple[Light, ...]] = get_args(Light)
_PARTS: Final = re.compile(r"\s*([\w.]+)\s*(>=|<=|!=|>|<|=)\s*(\S.*?)\s*\Z")
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(s|ms|%|)\Z")


@dataclass(frozen=True)
class Condition:
    """A comparison of one figure with a value.

    Attributes:
        figure: What is compared; None for the client-quality light.
        sign: One of OPERATORS.
        value: A number in the unit of the figure, or a light.
    """

    figure: Named | None
    sign: str
    value: float | Light

    def __str__(self) -> str:
        told = self.value if isinstance(self.value, str) else repr(self.value)
        return f"{self.figure or 'light'}{self.sign}{told}"

    def judge(self, document: JSON) -> str:
        """Why a run meets the condition, in a few words; empty when it does not.

        A figure without data meets every condition: what was not measured has not passed.
        """
        if self.figure is None:
            light = document["quality"]["light"]
            return f"the light is {light}" if OPERATORS[self.sign](light, self.value) else ""
        value = self.figure.of(document)
        if value is None:
            return f"{self.figure} has no data"
        if not OPERATORS[self.sign](value, self.value):
            return ""
        return f"{self.figure} is {words.in_unit(value, self.figure.figure.unit)}"


def parse(text: str) -> Condition:
    """Read a condition.

    Raises:
        UsageError: It is none, or names no figure; what is allowed is listed.
    """
    parts = _PARTS.match(text)
    if parts is None:
        raise UsageError(
            f"not a condition: {text!r}, allowed: NAME then {_signs()} then VALUE", FORM
        )
    name, sign, value = parts.groups()
    if name == "light":
        return Condition(None, sign, _light(text, sign, value))
    figure = named(name)
    return Condition(figure, sign, number(text, value, figure.figure.unit))


def number(text: str, value: str, unit: Unit) -> float:
    """A number in the unit of a figure.

    Args:
        text: The whole, for the error.
        value: The number with its unit or without.
        unit: What it has to be in.

    Raises:
        UsageError: It is no finite number, or one of another unit.
    """
    parts = _NUMBER.match(value)
    scale_unit, scale = _SCALES[parts[2]] if parts else (None, math.nan)
    found = float(parts[1]) * scale if parts else math.nan
    if not math.isfinite(found) or scale_unit not in (None, unit):
        units = [name for name, (of, _) in _SCALES.items() if of == unit]
        allowed = "a number" + (f", with {' or '.join(units)} behind it or bare" if units else "")
        raise UsageError(f"{value!r} in {text!r} is not allowed: it must be {allowed}", FORM)
    return found


def _light(text: str, sign: str, value: str) -> Light:
    light = next((each for each in _LIGHTS if each == value), None)
    if light is None or sign not in ("=", "!="):
        raise UsageError(
            f"not a condition on the light: {text!r}, allowed: light= or light!= one of"
            f" {', '.join(_LIGHTS)}",
            FORM,
        )
    return light


def _signs() -> str:
    return " ".join(OPERATORS)
