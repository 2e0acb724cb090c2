"""Checks of measuring: Prometheus, its targets, and whether our queries find anything."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import gtc_dashboards
from gtc_runtime.checks.scene import Scene
from gtc_runtime.cluster.api.errors import first_line
from gtc_runtime.metrics import readings
from gtc_runtime.metrics.board_check import check_boards, queries_of
from gtc_runtime.metrics.prometheus import PrometheusClient, selectors
from gtc_runtime.metrics.reading import Missing
from gtc_runtime.verdict import RestsOn, Verdict, judge
from gtc_spec import names
from gtc_spec.errors import UnreachableError
from gtc_spec.pools import ROLES
from gtc_spec.telemetry import metrics, promql
from gtc_spec.telemetry.metric import Where
from gtc_spec.telemetry.promql_syntax import lacking, metrics_in

NAMESPACES: Final = (names.NAMESPACE_WORKLOAD, names.NAMESPACE_PANEL, names.NAMESPACE_KEDA)
"""Targets in these are ours; a managed control plane has others that never answer."""
FIRST_SCRAPE_S: Final = 12.0
"""What the check of the frontend has caused is scraped within two intervals."""
NEXT_SCRAPE_S: Final = metrics.SCRAPE_INTERVAL_S + 2.0
"""A target that has just started was not there at the scrape before."""
POLL_INTERVAL_S: Final = 1.0
WITH_FIRST_EVENT: Final = frozenset({metrics.MIGRATIONS, metrics.CACHED_TOKENS})
"""Metrics without series until the first request has moved, or was found in a cache."""
BATCH: Final = 16
"""Selectors that are asked for in one question."""


async def prometheus(scene: Scene) -> Verdict:
    """It evaluates a query."""
    answer = await scene.json("prometheus", "/api/v1/query?query=vector(1)")
    good = isinstance(answer, dict) and answer.get("status") == "success"
    found = scene.addresses["prometheus"] if good else f"it says {first_line(str(answer))}"
    return judge(good, found, "an answer", "kubectl -n monitoring get pods")


async def targets(scene: Scene) -> Verdict:
    """Every target of ours is up, and there is one of each kind."""
    give_up = asyncio.get_running_loop().time() + NEXT_SCRAPE_S
    while (finding := await _targets_now(scene)).state == "red":
        if asyncio.get_running_loop().time() > give_up:
            break
        await asyncio.sleep(POLL_INTERVAL_S)
    return finding


async def _targets_now(scene: Scene) -> Verdict:
    answer = await scene.json("prometheus", "/api/v1/targets?state=active")
    every: list[dict[str, Any]] = answer["data"]["activeTargets"]
    ours = [each for each in every if each["labels"].get("namespace") in NAMESPACES]
    down = [_told(each) for each in ours if each.get("health") == "down"]
    jobs = Counter(each["labels"].get("job", "") for each in ours)
    missing = [job for job in metrics.JOBS.values() if not jobs[job]]
    if not any(job.startswith(f"{names.NAMESPACE_PANEL}/") for job in jobs):
        missing.append(f"{names.NAMESPACE_PANEL}/{names.DEMO}")
    wrong = [*down, *(f"no target of {job}" for job in missing)]
    hint = "kubectl get podmonitors -A; the platform makes Dynamo's, with the monitoring API first"
    return judge(not wrong, "; ".join(wrong) or f"{len(ours)} up", "all up", hint)


def _told(target: dict[str, Any]) -> str:
    who = target["labels"].get("pod") or target.get("scrapeUrl", "?")
    return first_line(f"{who}: {target.get('lastError') or 'down'}")


async def queries(scene: Scene) -> Verdict:
    """Every query of scalers, panel and boards finds its series, with every label that it names."""
    give_up = asyncio.get_running_loop().time() + FIRST_SCRAPE_S
    if (await targets(scene)).state == "red":
        raise RestsOn("targets")
    asked = _asked(scene)
    async with PrometheusClient(scene.addresses["prometheus"]) as client:
        try:
            while empty := await _empty(client, asked, scene.where):
                if asyncio.get_running_loop().time() > give_up:
                    break
                await asyncio.sleep(POLL_INTERVAL_S)
        except UnreachableError as error:
            raise RestsOn("prometheus", error.message) from None
    more = f"; {len(empty) - 3} more" if len(empty) > 3 else ""
    found = "; ".join(empty[:3]) + more if empty else f"all {len(asked)} find their series"
    hint = "gtc dashboards check tells all: a label was renamed, or its source is not scraped"
    return judge(not empty, found, "every metric and label has data", hint)


def _asked(scene: Scene) -> dict[str, str]:
    """Every query that can have an answer here, with the place that asks it first."""
    asked = {
        promql.scaler_query(scene.env.pools.of(r).scale): f"scaler of {names.scaler(r)}"
        for r in ROLES
    }
    for field, query in readings.queries(scene.env.engine.traits).items():
        asked.setdefault(query, f"panel: {field}")
    for board in gtc_dashboards.load(scene.env.engine.traits).values():
        for panel, query in queries_of(board):
            asked.setdefault(query, f"board: {panel}")
    return {query: place for query, place in asked.items() if not lacking(query, scene.where)}


async def _empty(client: PrometheusClient, asked: Mapping[str, str], where: Where) -> list[str]:
    """Where a query finds nothing because a metric or a label is not there, and which.

    Raises:
        UnreachableError: Prometheus does not answer.
    """
    every = list(dict.fromkeys(one for query in asked for one in selectors(query)))
    absent = {one for one in await _absent(client, every) if not _may_be_absent(one)}
    suspects = {q: place for q, place in asked.items() if absent.intersection(selectors(q))}
    panels = [{"title": place, "targets": [{"expr": q}]} for q, place in suspects.items()]
    board = {"panels": panels, "annotations": {"list": []}}
    found = await check_boards(client, {"": board}, where)
    return [f"{each.panel}: {each.reason}" for each in found if each.state == "empty"]


def _may_be_absent(selector: str) -> bool:
    return WITH_FIRST_EVENT.issuperset(metrics_in(selector))


async def _absent(client: PrometheusClient, every: Sequence[str]) -> set[str]:
    """The selectors that find nothing; asked many at a time, because each question costs a trip."""
    there: set[str] = set()
    for begin in range(0, len(every), BATCH):
        batch = every[begin : begin + BATCH]
        numbered = (
            f'label_replace(group({one}), "n", "{begin + i}", "", "")'
            for i, one in enumerate(batch)
        )
        rows = await client.series(" or ".join(numbered))
        if isinstance(rows, Missing):
            raise UnreachableError(rows.reason)
        there.update(every[int(labels["n"])] for labels, _ in rows)
    return set(every) - there
