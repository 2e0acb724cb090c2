"""Checks of the boards: Grafana, and whether it has ours."""

from __future__ import annotations

import asyncio

import gtc_dashboards
from gtc_runtime.checks.scene import Scene
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, judge


async def grafana(scene: Scene) -> Verdict:
    """It answers and its database works."""
    _refuse_without(scene)
    answer = await scene.json("grafana", "/api/health")
    database = str(answer.get("database"))
    found = f"{answer.get('version', '?')}, database {database}"
    return judge(database == "ok", found, "database ok", "kubectl -n monitoring get pods")


async def boards(scene: Scene) -> Verdict:
    """Its sidecar has loaded every board of ours."""
    _refuse_without(scene)
    await scene.json("grafana", "/api/health")
    ours = gtc_dashboards.load(scene.env.engine.traits).values()
    wanted = {str(board["uid"]): str(board["title"]) for board in ours}
    there = await asyncio.gather(*(_has(scene, uid) for uid in wanted))
    missing = [title for title, has in zip(wanted.values(), there, strict=True) if not has]
    found = f"without {', '.join(missing)}" if missing else ", ".join(wanted.values())
    hint = "make cluster-config ships them as ConfigMaps; the sidecar loads them within a minute"
    return judge(not missing, found, ", ".join(wanted.values()), hint)


async def _has(scene: Scene, uid: str) -> bool:
    try:
        await scene.json("grafana", f"/api/dashboards/uid/{uid}")
    except RestsOn:
        return False
    return True


def _refuse_without(scene: Scene) -> None:
    if scene.rehearsal and "grafana" not in scene.addresses:
        raise NotApplicable("a rehearsal has no Grafana; the stage page stands in")
