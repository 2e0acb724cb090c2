"""The panel over one still scene with five minutes of past: ``still_story.py PORT SCENE``.

For pictures: charts of a demo that has just begun are empty.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from math import sin

import uvicorn
from fastapi import FastAPI

from gtc_panel.app import attach
from gtc_runtime.checks.health import Health
from gtc_runtime.verdict import Report
from gtc_runtime.view import DemoView, Quantiles
from tests.browser import story_scenes
from tests.browser.still_demo import HEALTH, StillDemo, scenes

PAST_S, STEP_S = 300, 2


def past(demo: StillDemo) -> Iterator[DemoView]:
    """Views that lead from the phase before to what is on screen."""
    names, now = list(story_scenes.FIGURES), demo.now
    place = names.index(now.phase.name) if now.phase.name in names else 0
    before = story_scenes.phase(now, demo.environment, names[max(0, place - 1)])
    at = datetime.fromisoformat(now.at)
    for seconds in range(PAST_S, 0, -STEP_S):
        share = min(1.0, max(0.0, (130 - seconds) / 90))
        every = replace(
            now.workloads["all"],
            ttft=_between(before["workloads"]["all"].ttft, now.workloads["all"].ttft, share),
            itl=_between(before["workloads"]["all"].itl, now.workloads["all"].itl, share),
        )
        phase = before["phase"] if share <= 0 else now.phase
        when = (at - timedelta(seconds=seconds)).isoformat()
        expected = [
            (1 - share) * (getattr(one, name) or 0.0) + share * (getattr(other, name) or 0.0)
            for one, other, name in (
                (before["workloads"]["all"].ttft, now.workloads["all"].ttft, "p50_ms"),
                (before["workloads"]["all"].ttft, now.workloads["all"].ttft, "p95_ms"),
                (before["workloads"]["all"].itl, now.workloads["all"].itl, "p50_ms"),
            )
        ]
        twin = story_scenes.twin(*expected)
        yield replace(now, at=when, phase=phase, workloads={"all": every}, twin=twin)


def _between(one: Quantiles, other: Quantiles, share: float) -> Quantiles:
    def mixed(a: float | None, b: float | None, wave: float) -> float:
        low, high = a or 0.0, b or 0.0
        return (low + (high - low) * share) * (1 + 0.06 * sin(40 * share + wave))

    return replace(
        other, p50_ms=mixed(one.p50_ms, other.p50_ms, 0), p95_ms=mixed(one.p95_ms, other.p95_ms, 2)
    )


def main(port: int, scene: str) -> None:
    """Serve one scene until the process is ended."""
    app, demo = FastAPI(docs_url=None, redoc_url=None), StillDemo()
    scenes[scene](demo)

    async def look() -> Report:
        return HEALTH

    attach(app, demo, health=Health(look), past=lambda: list(past(demo)))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
