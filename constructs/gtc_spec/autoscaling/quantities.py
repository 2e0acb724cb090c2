"""Kubernetes quantities in milli-units, the form in which metrics travel to an HPA."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from gtc_spec.errors import UsageError

_SUFFIXES = {"m": Decimal("0.001"), "": Decimal(1), "k": Decimal(1000), "M": Decimal(1_000_000)}


def milli(value: float) -> int:
    """A finite number in milli-units, rounded as KEDA 2.20 does."""
    return round(value * 1000)


def text_of(milli_units: int) -> str:
    """Milli-units as Kubernetes writes them: "1500m", "2"."""
    whole, rest = divmod(milli_units, 1000)
    return f"{milli_units}m" if rest else str(whole)


def milli_of(text: str) -> int:
    """Milli-units of a quantity such as "500m", "0.5" or "2k".

    Raises:
        UsageError: The text is not a quantity.
    """
    suffix = text[-1:] if text[-1:].isalpha() else ""
    try:
        number = Decimal(text.removesuffix(suffix)) * _SUFFIXES[suffix]
    except (InvalidOperation, KeyError):
        raise UsageError(f"not a quantity: got {text}, allowed: such as 500m, 0.5 or 2k") from None
    return round(number * 1000)
