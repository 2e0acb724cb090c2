"""Checks of autoscaling: scalers, their HPAs, and pauses that somebody left behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster.api.kube import Json
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.keda_sight import deaf, unread
from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_runtime.cluster.lease_view import holder_of, spec_of
from gtc_runtime.cluster.pools import condition
from gtc_runtime.cluster.waiting import unready
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, judge, red
from gtc_spec import names
from gtc_spec.kinds import HPA, LEASE, SCALED_OBJECT
from gtc_spec.pools import ROLES

POLL_INTERVAL_S: Final = 1.0
YOUNG_S: Final = 45.0
"""An HPA of less than this age may still be about to read its metric for the first time: it looks
every 15 s."""


async def scalers(scene: Scene) -> Verdict:
    """Both ScaledObjects exist and KEDA can read their triggers."""
    found = await asyncio.gather(*(scene.one(SCALED_OBJECT, names.scaler(role)) for role in ROLES))
    lacks = {names.scaler(r): unready(each) for r, each in zip(ROLES, found, strict=True)}
    wrong = [f"{name}: {why}" for name, why in lacks.items() if why]
    hint = "kubectl describe so; kubectl -n keda logs deploy/keda-operator"
    told = "; ".join(wrong) or "both are ready and read their triggers"
    return judge(not wrong, told, "Ready, every trigger read", hint)


async def pause(scene: Scene) -> Verdict:
    """Nobody's pause is left behind; one that its holder is using is none.

    A show in auto mode pauses KEDA under its Lease, and ``gtc prescale`` until a time.
    """
    status = await _status(scene)
    oddities = [s.held for s in status.scalers.values() if s.held]
    if status.paused_by_other or oddities:
        found = "; ".join([status.paused_by_other, *oddities]).strip("; ")
        hint = "ask who did it, then kubectl annotate so --all KEY-, or gtc safe"
        return red(found, "no pause", hint)
    if not status.paused_by_us:
        return judge(True, "not paused", "no pause", "")
    used = status.held_at(scene.now()) or await _is_held(scene, status.holder)
    hint = "its holder is gone: the guardian resumes KEDA within 30 s, or gtc safe"
    return judge(used, status.reason, "no pause that its holder has left", hint)


async def _status(scene: Scene) -> KedaStatus:
    for role in ROLES:
        await scene.one(SCALED_OBJECT, names.scaler(role))  # tells a missing kind from no object
    return await Keda(scene.kube).status()


async def _is_held(scene: Scene, holder: str) -> bool:
    """Whether the Lease says that this holder was alive a moment ago."""
    lease = await scene.one(LEASE, names.LEASE)
    if lease is None or holder_of(lease) != holder:
        return False
    renewed = _time(spec_of(lease).get("renewTime"))
    seconds = spec_of(lease).get("leaseDurationSeconds")
    if renewed is None or not isinstance(seconds, int):
        return False
    return scene.now() - renewed < timedelta(seconds=2 * seconds)


async def hpas(scene: Scene) -> Verdict:
    """Each HPA exists and has read its metric; a young one gets the time to do so.

    A metric that KEDA's fallback makes up is none, although the HPA cannot tell.
    """
    while True:
        status = await _status(scene)
        if not any(scaler.present for scaler in status.scalers.values()):
            raise RestsOn("scalers")
        if any(scaler.pause for scaler in status.scalers.values()):
            raise NotApplicable("KEDA is paused, so there is no HPA: see pause")
        looks = await asyncio.gather(*(_hpa(scene, names.scaler(role)) for role in ROLES))
        wrong = [said for said, _ in looks if said]
        if not wrong or not any(young for _, young in looks):
            break
        await asyncio.sleep(POLL_INTERVAL_S)
    hint = f"kubectl -n {names.NAMESPACE_WORKLOAD} describe hpa: it says which query has no data"
    return judge(not wrong, "; ".join(wrong) or "both read their metric", "a reading", hint)


async def _hpa(scene: Scene, scaler: str) -> tuple[str, bool]:
    """What is wrong with the HPA of a scaler, empty for nothing; and whether time may mend it."""
    name = names.hpa(scaler)
    hpa, owner = await asyncio.gather(scene.one(HPA, name), scene.one(SCALED_OBJECT, scaler))
    if hpa is None:
        return f"no {name}", False
    born = _time(hpa["metadata"].get("creationTimestamp"))
    young = born is not None and scene.now() - born < timedelta(seconds=YOUNG_S)
    if why := deaf(hpa):
        return f"{name} is <unknown>: {why}", young
    if not _reads(hpa):
        return f"{name} is <unknown>: it has read nothing yet", young
    if owner and condition(owner, "Fallback").get("status") == "True":
        return f"{name} is told a made-up metric: {unread(owner)}", False
    return "", False


def _reads(hpa: Json) -> bool:
    return any(
        (metric.get("external") or {}).get("current")
        for metric in (hpa.get("status") or {}).get("currentMetrics") or []
    )


def _time(text: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else None
