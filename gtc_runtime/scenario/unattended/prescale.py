"""The fallback state: every GPU at work and KEDA held still until a time, with no panel needed.

For a booth where nothing may surprise any more. Like the safe state it takes the Lease by force,
because it is asked for when the panel is dead or not trusted. The pause carries its own end, which
guardian and panel honour. This module must not know phases or the load engine.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.state import with_event
from gtc_runtime.formats import date
from gtc_runtime.scenario.unattended.seized import seized
from gtc_spec.errors import UsageError
from gtc_spec.names import EngineName
from gtc_spec.pools import PDRatio

PRESCALE_MAX: Final = timedelta(hours=12)
"""A day at the booth: a pause that is forgotten must not outlive it."""
PRESCALED_MODE: Final = "prescaled"
"""Value of ``mode`` in the stored state; a panel that reads it stays manual."""


def check_until(until: datetime, now: datetime) -> None:
    """Refuse an end that has passed or is too far away.

    Raises:
        UsageError: It is one of these.
    """
    if not now < until <= now + PRESCALE_MAX:
        hours = PRESCALE_MAX.total_seconds() / 3600
        raise UsageError(
            f"until {date(until)} is out of range, allowed: the next {hours:g} hours",
            "gtc prescale --minutes 90",
        )


async def prescale(
    kube: Kube,
    ratio: PDRatio,
    until: datetime,
    gpu_budget: int,
    times: LeaseTimes = TIMES,
    engine: EngineName = "trtllm",
) -> None:
    """Pause KEDA until a time, then order the ratio.

    Args:
        kube: A client of the workload's namespace.
        ratio: Workers of the fallback state.
        until: When KEDA gets its pools back.
        gpu_budget: GPUs of the cluster.
        times: Times of the Lease.
        engine: What the workers run.

    Raises:
        UsageError: See `check_until`.
        KubeError: The Lease cannot be taken, KEDA not paused, or the ratio not set; the message
            says which. A pause that was made stands, with its end.
    """
    check_until(until, datetime.now(UTC))

    def change(document: Json) -> Json:
        event = f"{ratio} ordered by hand, keda paused until {until:%H:%M} UTC"
        return with_event(document | {"mode": PRESCALED_MODE}, "keda", event)

    async with seized(kube, gpu_budget, "prescale", times, engine) as ours:
        await ours.record(change)
        await ours.wait_for_previous()
        await ours.writer.keda.pause(ours.writer.lease.holder, until=until)
        await ours.writer.scaling.set_ratio(ratio)
