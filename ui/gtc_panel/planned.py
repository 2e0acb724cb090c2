"""Which red checks are only the show at work: workers that it has ordered and that are not late.

It must not know how checks are shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gtc_runtime.verdict import Verdict
from gtc_runtime.view import DemoView

LATE: Final = 1.5
"""A start that takes longer than this many planned starts is told as a fault."""
_WORKERS: Final = frozenset({"workers", "graph"})
"""Checks that are red while a worker starts."""


def as_ordered(check: Verdict, view: DemoView, worker_start_s: float) -> bool:
    """Whether a red check only says that workers start which the show has ordered.

    Args:
        check: A verdict of the preflight.
        view: The demo now.
        worker_start_s: How long a start is planned to take.
    """
    if check.state != "red" or check.name not in _WORKERS or view.mode != "auto":
        return False
    since_s = _since_order_s(view)
    starting = any(pool.pending for pool in view.pools)
    return starting and since_s is not None and since_s <= LATE * worker_start_s


def _since_order_s(view: DemoView) -> float | None:
    """Seconds since the show last ordered another ratio; None when it is not known."""
    ordered = [event.at for event in view.events if event.kind == "scale"]
    try:
        now = datetime.fromisoformat(view.at)
        return (now - datetime.fromisoformat(ordered[-1])).total_seconds()
    except (IndexError, ValueError):
        return None
