"""How often Prometheus asks, and how long it waits for the answer.

The two always go together: prometheus-operator drops a whole monitor, saying so in its own log
only, when the timeout is longer than the interval, and charts bring timeouts of their own. This
module must not know what is asked.
"""

from __future__ import annotations

from typing import Final

from gtc_spec.telemetry.metrics import SCRAPE_INTERVAL_S

TIMEOUT_MAX_S: Final = 10
"""Longest wait for one answer: Prometheus's own default."""


def pace(interval_s: int = SCRAPE_INTERVAL_S) -> dict[str, str]:
    """Interval and timeout as monitors and charts take them: ``interval``, ``scrapeTimeout``."""
    return {
        "interval": f"{interval_s}s",
        "scrapeTimeout": f"{min(interval_s, TIMEOUT_MAX_S)}s",
    }
