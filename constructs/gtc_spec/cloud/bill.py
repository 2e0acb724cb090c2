"""When a deployment has to be gone, and what it costs until then.

Nothing at a booth is as easy to forget as eight GPUs. The end date travels with the deployment (a
tag of the cluster, a variable of the panel), prices are in `prices`. Pure arithmetic:
it must not read a clock, the account or the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gtc_spec import names
from gtc_spec.cloud import costs
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError

BANNER_MINUTES: Final = (60, 15, 0)
"""Minutes before the end at which everybody is told."""

EXAMPLE: Final = "+8h"
"""An end date for hints and documents: it cannot go stale."""
END_NEEDED_USD_H: Final = 25
"""Dollars an hour from which on nothing is started that nobody has said the end of."""

_TAG_TIME: Final = "%Y%m%dt%H%Mz"
_SPAN: Final = re.compile(r"\+(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?")


def parse_until(text: str, now: datetime | None = None) -> datetime:
    """An end date in UTC, to the minute.

    Args:
        text: ISO 8601 with its zone; with ``now`` also a span from then, such as ``+8h``, ``+2d``
            or ``+1d12h30m``.
        now: The time, with zone. None allows no span.

    Raises:
        UsageError: It is not that. A time without a zone is refused: the cluster, the laptop and
            the booth need not share one.
    """
    hint = f"write {EXAMPLE} or +2d for a span from now, or YYYY-MM-DDThh:mm+01:00, or ...Z for utc"
    try:
        if now is not None and text.strip().startswith("+"):
            return (now + _span(text, hint)).astimezone(UTC).replace(second=0, microsecond=0)
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"not an end date: {text!r}, allowed: ISO 8601 with zone", hint) from None
    except OverflowError:
        raise UsageError(f"end date {text!r} is out of range", hint) from None
    if when.utcoffset() is None:
        raise UsageError(f"end date {text!r} has no time zone", hint)
    try:
        return when.astimezone(UTC).replace(second=0, microsecond=0)
    except OverflowError:
        raise UsageError(f"end date {text!r} is out of range", hint) from None


def _span(text: str, hint: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip())
    span = timedelta(**{k: int(v) for k, v in found.groupdict("0").items()}) if found else None
    if not span:
        raise UsageError(f"not a span: {text!r}, allowed: +8h, +2d, +90m or +1d12h", hint)
    return span


def tag_of(until: datetime) -> str:
    """The cluster's tag for an end date: letters, digits and hyphens only, as tags must be."""
    return f"{names.UNTIL_TAG}{until.astimezone(UTC):{_TAG_TIME}}"


def until_of(tags: Iterable[str]) -> datetime | None:
    """The end date among a cluster's tags, the earliest if there are several; None without one.

    Raises:
        UsageError: A tag begins like an end date but holds none.
    """
    found = []
    for tag in tags:
        if not tag.lower().startswith(names.UNTIL_TAG):
            continue
        try:
            when = datetime.strptime(tag.lower().removeprefix(names.UNTIL_TAG), _TAG_TIME)
        except ValueError:
            raise UsageError(
                f"the cluster's tag {tag!r} holds no end date",
                f"set it again: make infra-up UNTIL={EXAMPLE}",
            ) from None
        found.append(when.replace(tzinfo=UTC))
    return min(found, default=None)


def minutes_left(until: datetime, now: datetime) -> int:
    """Whole minutes until the end, rounded up; negative when it has passed."""
    return -int(-(until - now).total_seconds() // 60)


def warning(until: datetime | None, now: datetime) -> str:
    """One sentence for a banner when the end is an hour away or less; empty before.

    Args:
        until: End date, None when nobody said one.
        now: The time, with zone.
    """
    if until is None:
        return ""
    left = minutes_left(until, now)
    for limit in sorted(BANNER_MINUTES):
        if left <= limit:
            return (
                f"the end date {until:%Y-%m-%d %H:%M} UTC has passed: tear down or extend it"
                if left <= 0
                else f"{left} min left until the end date {until:%H:%M} UTC: extend it or wind up"
            )
    return ""


@dataclass(frozen=True)
class Bill:
    """What a deployment costs.

    Attributes:
        worker_nodes, gpus, management_nodes: What runs; no GPU where workers are simulated.
        usd_h: Dollars an hour of everything, see `costs.lines`; traffic is not in it.
        hours: How long it has run, hours.
    """

    worker_nodes: int
    gpus: int
    management_nodes: int
    usd_h: float
    hours: float

    @property
    def gpu_hours(self) -> float:
        """GPUs times hours."""
        return self.gpus * self.hours

    @property
    def usd(self) -> float:
        """Dollars so far."""
        return self.usd_h * self.hours

    def after(self, more_hours: float) -> float:
        """Dollars when it has run ``more_hours`` longer."""
        return self.usd + self.usd_h * max(0.0, more_hours)


def bill(
    env: Environment,
    hours: float,
    *,
    worker_nodes: int | None = None,
    management_nodes: int | None = None,
) -> Bill:
    """The bill of an environment.

    Args:
        env: Prices and sizes.
        hours: How long it has run, hours, from 0.
        worker_nodes: Nodes of workers that run; None takes the environment's.
        management_nodes: The others; None takes the environment's least.
    """
    nodes = env.nodes
    large = nodes.count if worker_nodes is None else worker_nodes
    small = env.hosting.management_nodes[0] if management_nodes is None else management_nodes
    price = costs.usd_h(costs.lines(env, worker_nodes=large, management_nodes=small))
    return Bill(large, large * nodes.gpus // nodes.count, small, price, max(0.0, hours))


def needs_end(env: Environment) -> bool:
    """Whether it costs too much an hour to be started without an end date."""
    return bill(env, 0).usd_h > END_NEEDED_USD_H


def usd_per_million(usd: float, tokens: int) -> float | None:
    """Dollars for a million output tokens; None when there were none."""
    return usd / tokens * 1e6 if tokens > 0 else None
