"""How the processes that run beside a cluster log."""

from __future__ import annotations

import logging

from gtc_spec.errors import UsageError

LEVELS = ("debug", "info", "warning", "error")


def set_up_logging(level: str) -> None:
    """Log to standard error; libraries speak only when something is wrong.

    Raises:
        UsageError: There is no such level.
    """
    if level not in LEVELS:
        raise UsageError(f"unknown log level '{level}', allowed: {', '.join(LEVELS)}")
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in ("httpx", "uvicorn", "nicegui", "watchfiles"):
        logging.getLogger(name).setLevel(logging.WARNING)
