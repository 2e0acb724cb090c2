"""Queries and samples that try the language itself: every construct, and its odd cases."""

from __future__ import annotations

import json
import math
import random
from typing import Any

from tools.promql.promql_oracle import STALE, Samples

START_MS = 1_700_000_000_000
STEP_MS = 5_000
STEPS = 120
TIMES_MS = [START_MS + at for at in (1_300, 61_300, 127_900, 301_700, 433_200, 596_100, 700_900)]
"""Off the sample grid: 2.x includes a sample on the left edge of a window, 3.x does not."""

BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, math.inf)

N = 'namespace="dynamo-workload"'
BUCKETS = f"ttft_bucket{{{N}}}"
QUERIES = [
    f"queued{{{N}}}",
    'queued{model=~"llama.*"}',
    'queued{model!~"llama.*",pod!="f-0"}',
    'queued{model="absent"}',
    'queued{model!="absent"}',
    "queued offset 30s",
    "sum(queued)",
    "sum by (pod) (queued)",
    "sum by (pod, nothing) (queued)",
    "sum without (pod, model) (queued)",
    "avg(queued)",
    "min by (model) (queued)",
    "max(queued)",
    "count(queued)",
    "group by (pod) (queued)",
    f"rate(ttft_count{{{N}}}[1m])",
    "rate(ttft_count[30s])",
    "rate(ttft_count[1m] offset 45s)",
    "increase(ttft_count[2m])",
    "irate(ttft_count[1m])",
    "rate(restarted_total[1m])",
    "increase(restarted_total[5m])",
    "irate(restarted_total[20s])",
    "rate(gappy_total[1m])",
    "increase(gappy_total[3m])",
    "rate(late_total[1m])",
    "changes(queued[1m])",
    "changes(odd[5m])",
    "max_over_time(queued[1m])",
    "min_over_time(queued[1m])",
    "avg_over_time(queued[2m])",
    "sum_over_time(queued[2m])",
    "count_over_time(queued[2m])",
    "max_over_time(odd[5m])",
    "odd",
    "odd > 0",
    "odd == odd",
    "max(odd)",
    f"histogram_quantile(0.95, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(0.5, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(0.5, rate({BUCKETS}[1m]))",
    f"histogram_quantile(1, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(0, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(1.1, sum by (le) (rate({BUCKETS}[1m])))",
    f"histogram_quantile(-1, sum by (le) (rate({BUCKETS}[1m])))",
    'histogram_quantile(0.5, sum by (le) (rate(ttft_bucket{le!="+Inf"}[1m])))',
    "histogram_quantile(0.9, queued)",
    f"1000 * histogram_quantile(0.95, sum by (le) (rate({BUCKETS}[1m]))) >= 0",
    f"(1000 * histogram_quantile(0.95, sum by (le) (rate({BUCKETS}[1m]))) >= 0)"
    f" or (0 * max(up{{{N}}} == 1))",
    '(sum(rate(ttft_count{model="absent"}[1m])) >= 0) or (0 * max(up == 1))',
    'sum(rate(ttft_bucket{le="0.5"}[1m])) / sum(rate(ttft_count[1m]))',
    "queued / on (pod) group_left () up",
    "queued * on (pod) group_left (node) up",
    "up * on (pod) group_right (node) queued",
    "queued - ignoring (model) group_left () up",
    "sum by (pod) (queued) / sum by (pod) (up)",
    "sum by (pod) (queued) / on (pod) up",
    "queued > 5",
    "5 < queued",
    "queued > bool 5",
    "5 >= bool queued",
    "up == 1",
    "up == bool 1",
    "queued > on (pod) group_left () (up * 5)",
    "queued >= bool on (pod) group_left () (up * 5)",
    "sum by (pod) (queued) == sum by (pod) (queued)",
    "queued and on (pod) (up == 1)",
    "queued unless on (pod) (up == 1)",
    "queued or up",
    "queued and ignoring (model, node) up",
    "queued or ignoring (model, node) up",
    "queued unless queued",
    "-queued",
    "-(2 ^ 3)",
    "queued % 3",
    "queued ^ 2",
    "queued / 0",
    "0 / (queued * 0)",
    "1 / 0",
    "7 % 4 - 2 * 3",
    "1 < bool 2",
    "vector(7)",
    "vector(1) + 2",
    "scalar(sum(queued)) * 2",
    "scalar(queued)",
    "clamp_min(queued, 5)",
    "clamp_max(queued, 5)",
    "clamp(queued, 3, 5)",
    "clamp(queued, 5, 3)",
    "clamp_max(odd, 1)",
    "abs(-queued)",
    'absent(queued{model="absent",pod=~"f.*"})',
    "absent(queued)",
    'absent(sum(queued{model="absent"}))',
    'absent(queued{model="a",model="b"})',
    "timestamp(queued)",
    "timestamp(sum(queued))",
    "time() - max(timestamp(queued))",
    "max(timestamp(up) and (up == 1))",
    'label_replace(queued, "short", "$1", "model", "(.).*")',
    'label_replace(queued, "kept", "$1", "model", "no(match)")',
    'min(label_replace(max(timestamp(queued)), "input", "0", "", "")'
    ' or label_replace(max(timestamp(up)), "input", "1", "", ""))',
    "count(count by (le) (ttft_bucket))",
    '{__name__=~"up|queued",pod="f-0"}',
    'rate({__name__=~"ttft_count|late_total"}[1m])',
    # refused for the data at hand
    "queued * on (pod) up",
    "queued * on (namespace) up",
    "queued * on (namespace) group_left () up",
    "sum by (pod, model) (queued) * on (pod) group_right () up",
    "up * on (model) queued",
    'rate({__name__=~"late_total|gappy_total"}[5m])',
]


def data_set() -> dict[str, Samples]:
    """Series by their JSON-encoded labels; a value is a number, "NaN", "+Inf" or "stale"."""
    rng = random.Random(20261122)
    series: dict[str, Samples] = {}

    def add(name: str, samples: Samples, **labels: str) -> None:
        pairs = {"__name__": name, "namespace": "dynamo-workload", **labels}
        series[json.dumps(pairs, sort_keys=True)] = samples

    times = [START_MS + step * STEP_MS for step in range(STEPS)]
    for pod, model, ends in (("f-0", "llama-70b", 120), ("f-1", "llama-8b", 90), ("g-0", "q", 88)):
        alive = times[:ends]
        tail: Samples = [(times[ends], STALE)] if ends < STEPS else []
        add("queued", [(t, rng.randint(0, 9)) for t in alive] + tail, pod=pod, model=model)
        up: Samples = [(t, 1 if t < times[ends - 6] else 0) for t in alive]
        add("up", up + tail, pod=pod, node=f"n-{pod}")
        _add_histogram(add, rng, alive, tail, pod)
    add("restarted_total", [(t, (i * 3) % 71) for i, t in enumerate(times)], pod="f-0")
    gappy = [(t, 100.0 + i * 1.5) for i, t in enumerate(times) if rng.random() < 0.6]
    add("gappy_total", gappy, pod="f-0")
    add("late_total", [(t, i * 2.5) for i, t in enumerate(times[60:])], pod="f-0")
    odd = ["NaN", "NaN", 1, "+Inf", "-Inf", 2, "NaN", 3]
    add("odd", [(t, odd[i % len(odd)]) for i, t in enumerate(times)], pod="f-0")
    return series


def _add_histogram(add: Any, rng: random.Random, times: list[int], tail: Samples, pod: str) -> None:
    totals = [0] * len(BOUNDS)
    rows: list[Samples] = [[] for _ in BOUNDS]
    for index, t in enumerate(times):
        for _ in range(rng.randint(0, 6) if index < 75 else 0):
            seen = rng.lognormvariate(-1.2, 1.1)
            totals = [n + (seen <= bound) for n, bound in zip(totals, BOUNDS, strict=True)]
        for row, total in zip(rows, totals, strict=True):
            row.append((t, total))
    for bound, row in zip(BOUNDS, rows, strict=True):
        add("ttft_bucket", row + tail, pod=pod, le="+Inf" if math.isinf(bound) else str(bound))
    add("ttft_count", rows[-1] + tail, pod=pod)
