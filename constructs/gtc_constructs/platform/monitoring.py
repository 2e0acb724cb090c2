"""Who measures a cluster, as those see it who are measured or who ask.

It must not know how it was installed.
"""

from __future__ import annotations

from typing import Protocol

from gtc_constructs.base import GtcConstruct, Ordered


class Monitoring(Protocol):
    """An `Observability`, or an `ExistingMonitoring`."""

    @property
    def prometheus_url(self) -> str:
        """Base URL of Prometheus inside the cluster."""
        ...

    @property
    def prometheus(self) -> Ordered | None:
        """What brings Prometheus and its API; None where both are there already."""
        ...


def address_of(construct: GtcConstruct, monitoring: Monitoring) -> str:
    """Base URL of its Prometheus, without a final slash.

    Raises:
        UsageError: This measures nothing.
    """
    url = getattr(monitoring, "prometheus_url", None)
    if not isinstance(url, str):
        raise construct.refused(
            f"monitoring is a {type(monitoring).__name__}, "
            "allowed: an Observability or ExistingMonitoring(prometheus_url=...)"
        )
    return url.rstrip("/")


def wait_for(construct: GtcConstruct, monitoring: Monitoring | None) -> str:
    """Let a construct wait for whoever measures it.

    Returns:
        Base URL of its Prometheus; empty without one.
    """
    if monitoring is None:
        return ""
    url = address_of(construct, monitoring)
    if monitoring.prometheus is not None:
        construct.wait_for(monitoring.prometheus)
    return url
