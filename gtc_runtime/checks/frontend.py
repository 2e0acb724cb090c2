"""Checks of the OpenAI-compatible door: the model behind it, and the bounds of its histograms."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from gtc_runtime.checks.scene import Scene
from gtc_runtime.verdict import NotApplicable, Verdict, judge, red
from gtc_spec.telemetry import metrics
from gtc_spec.telemetry.buckets import ITL_BUCKETS, TTFT_BUCKETS, Buckets
from gtc_spec.telemetry.metric import Metric

POLL_INTERVAL_S: Final = 0.5
FIRST_ANSWER_S: Final = 8.0
"""Histograms appear with the first answer; the check beside this one asks for one."""
TOKENS: Final = 8
BOUNDS: Final = ((metrics.TTFT, TTFT_BUCKETS), (metrics.ITL, ITL_BUCKETS))
_LE: Final = re.compile(r'\ble="([^"]+)"')


async def frontend(scene: Scene) -> Verdict:
    """It lists the model and answers one short request, which also gives its metrics a value."""
    name = scene.env.model.served_name
    listed = await scene.json("frontend", "/v1/models")
    served = [str(each.get("id")) for each in listed.get("data") or []]
    hint = (
        "workers register the model once they are ready: see workers, and their --served-model-name"
    )
    if name.lower() not in (each.lower() for each in served):
        return red(f"serves {', '.join(served) or 'no model'}", name, hint)
    model = next(each for each in served if each.lower() == name.lower())
    asked = {
        "model": model,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": TOKENS,
        "stream": False,
    }
    answer = await scene.json("frontend", "/v1/chat/completions", asked)
    answered = bool(answer.get("choices"))
    return judge(answered, f"serves {model}" if answered else "an answer without text", name, hint)


async def buckets(scene: Scene) -> Verdict:
    """The bounds in its own /metrics are ours; the defaults show no goal."""
    give_up = asyncio.get_running_loop().time() + FIRST_ANSWER_S
    while True:
        text = await scene.text("frontend", "/metrics")
        found = {metric.name: _bounds(text, metric) for metric, _ in BOUNDS}
        if all(found.values()):
            break
        if asyncio.get_running_loop().time() > give_up:
            raise NotApplicable("no request was answered yet, so there are no histograms")
        await asyncio.sleep(POLL_INTERVAL_S)
    wrong = [_told(m, found[m.name]) for m, b in BOUNDS if not _same(found[m.name], b)]
    expected = " and ".join(f"{len(each.upper_bounds_s)} bounds" for _, each in BOUNDS)
    hint = "the frontend read neither DYN_METRICS_* nor DYN_HISTOGRAM_*: see its pod's variables"
    return judge(not wrong, "; ".join(wrong) or expected, expected, hint)


def _bounds(text: str, metric: Metric) -> tuple[float, ...]:
    """Finite upper bounds of a histogram in an exposition, ascending; empty without any."""
    lines = (line for line in text.splitlines() if line.startswith(metric.bucket))
    found = {float(match[1]) for line in lines if (match := _LE.search(line))}
    return tuple(sorted(found - {float("inf")}))


def _same(found: tuple[float, ...], wanted: Buckets) -> bool:
    expected = wanted.upper_bounds_s
    return len(found) == len(expected) and all(
        abs(have - want) <= 1e-6 + 0.01 * want for have, want in zip(found, expected, strict=True)
    )


def _told(metric: Metric, found: tuple[float, ...]) -> str:
    return f"{metric.name} has {len(found)} bounds up to {found[-1]:g} s"
