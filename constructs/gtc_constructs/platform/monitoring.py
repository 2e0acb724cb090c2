"""Who measures a cluster, as those see it who are measured or who ask.

It must not know how it was installed.
"""

from __future__ import annotations

from typing import Protocol

from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.management import take
from gtc_spec.arguments import introduce


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


introduce(Monitoring, "an Observability or ExistingMonitoring(prometheus_url=...)")


def address_of(monitoring: Monitoring) -> str:
    """Base URL of its Prometheus, without a final slash."""
    return monitoring.prometheus_url.rstrip("/")


def wait_for(construct: GtcConstruct, monitoring: Monitoring | None) -> str:
    """Let a construct wait for whoever measures it.

    Returns:
        Base URL of its Prometheus; empty without one.
    """
    if monitoring is None:
        return ""
    if monitoring.prometheus is not None:
        take(construct, monitoring.prometheus)
    return address_of(monitoring)
