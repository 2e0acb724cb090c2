"""The end date that a deployment must have."""

from __future__ import annotations

from datetime import datetime

from gtc_runtime.formats import date
from gtc_spec.cloud import bill
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError


def refuse_without_end(env: Environment, now: datetime) -> None:
    """Refuse to start prod without an end date, and anything with one that has passed.

    Raises:
        UsageError: There is no end date, or it has passed.
    """
    example = f"make deploy ENV={env.name} UNTIL={bill.EXAMPLE}, or a date as GTC_UNTIL in .env"
    if env.until is None:
        if bill.needs_end(env):
            price = bill.bill(env, 0).usd_h
            raise UsageError(
                f"{env.name} costs about {price:.0f} USD an hour and needs an end", example
            )
        return
    if env.until <= now:
        raise UsageError(f"the end date {date(env.until)} has passed", example)
