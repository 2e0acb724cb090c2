"""What the headers of an answer of Kubernetes say about time. It must not know bodies."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx


def date(response: httpx.Response) -> datetime | None:
    """The server's wall clock, to the second; None when it does not say."""
    try:
        when = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else None


def retry_after_s(response: httpx.Response) -> float | None:
    """Retry-After in seconds; its date form is not used by Kubernetes and counts as absent."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
