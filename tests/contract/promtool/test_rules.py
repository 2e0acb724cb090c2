"""Queries that decide something, judged by promtool: with traffic, idle, empty and target down."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gtc_spec.pools import ScaleRule
from gtc_spec.telemetry import promql
from gtc_spec.telemetry.metrics import INFLIGHT, ITL, JOBS, QUEUED, TTFT, UP, Emitter, Metric

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not on PATH: python3 -m tools.prometheus"
)

N = 'namespace="dynamo-workload"'
STEPS = 24
AT = "1m57s"
"""Two minutes of scrapes, asked off their grid."""
FRONTEND_UP = f'{UP.name}{{{N},job="{JOBS[Emitter.FRONTEND]}"}}'
TRIGGERS = {
    "ttft": ("ttft_p95_ms", promql.ttft_ms(0.95)),
    "itl": ("itl_p95_ms", promql.itl_ms(0.95)),
    "queue": ("queued_requests", promql.queued_requests()),
    "streams": ("decode_streams", promql.decode_streams()),
}
BUSY = {"ttft": 950.0, "itl": 47.5, "queue": 7.0, "streams": 93.0}
"""What the samples below are worth: p95 inside a bucket, 7 of 100 open requests waiting."""
every_trigger = pytest.mark.parametrize("trigger", TRIGGERS)


def guarded(trigger: str) -> str:
    """The query of KEDA; without a dead band, so that its value is the plain one."""
    return promql.guarded(TRIGGERS[trigger][1])


def up(value: int) -> list[dict[str, str]]:
    return [{"series": FRONTEND_UP, "values": f"{value}x{STEPS}"}]


def histogram(metric: Metric, below_s: str, bounds: tuple[str, ...], per_step: int):
    """Every observation lies in the bucket that ends at ``below_s``."""
    return [
        {
            "series": f'{metric.bucket}{{{N},model="m",le="{bound}"}}',
            "values": f"0+{per_step if float(bound) >= float(below_s) else 0}x{STEPS}",
        }
        for bound in bounds
    ]


def gauge(metric: Metric, value: int) -> list[dict[str, str]]:
    return [{"series": f'{metric.name}{{{N},model="m"}}', "values": f"{value}x{STEPS}"}]


def samples(trigger: str, *, busy: bool) -> list[dict[str, str]]:
    if trigger == "ttft":
        return histogram(TTFT, "1.0", ("0.0", "1.0", "2.0", "+Inf"), 10 if busy else 0)
    if trigger == "itl":
        return histogram(ITL, "0.05", ("0.0", "0.05", "0.1", "+Inf"), 100 if busy else 0)
    return gauge(QUEUED, 7 if busy else 0) + gauge(INFLIGHT, 100 if busy else 0)


def ask(folder: Path, expr: str, series: list[dict[str, str]], expected: float | None) -> None:
    """Let promtool judge; the expected value, or None for no sample at all."""
    rounded = f"round({expr}, 0.001)"
    exp = [] if expected is None else [{"labels": "{}", "value": expected}]
    test = {
        "interval": "5s",
        "input_series": series,
        "promql_expr_test": [{"expr": rounded, "eval_time": AT, "exp_samples": exp}],
    }
    file = folder / "rules.yaml"
    file.write_text(json.dumps({"rule_files": [], "evaluation_interval": "5s", "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stdout + done.stderr


@every_trigger
def test_traffic_is_read_as_it_is(trigger: str, tmp_path: Path) -> None:
    series = up(1) + samples(trigger, busy=True)

    ask(tmp_path, guarded(trigger), series, BUSY[trigger])
    ask(tmp_path, TRIGGERS[trigger][1], series, BUSY[trigger])


@every_trigger
def test_an_idle_frontend_is_zero_for_a_scaler(trigger: str, tmp_path: Path) -> None:
    ask(tmp_path, guarded(trigger), up(1) + samples(trigger, busy=False), 0)


@pytest.mark.parametrize("trigger", ["ttft", "itl"])
def test_an_idle_histogram_is_not_a_number_without_the_guard(trigger: str, tmp_path: Path) -> None:
    plain = TRIGGERS[trigger][1]

    ask(tmp_path, f"count(({plain}) != ({plain}))", samples(trigger, busy=False), 1)


@every_trigger
def test_a_frontend_that_served_nothing_yet_is_zero_for_a_scaler(
    trigger: str, tmp_path: Path
) -> None:
    ask(tmp_path, guarded(trigger), up(1), 0)


@every_trigger
def test_labels_that_match_nothing_stay_empty(trigger: str, tmp_path: Path) -> None:
    strangers = [
        {**one, "series": one["series"].replace("dynamo-workload", "somebody-else")}
        for one in up(1) + samples(trigger, busy=True)
    ]

    ask(tmp_path, guarded(trigger), strangers, None)


@every_trigger
def test_a_frontend_that_is_down_stays_empty_so_that_keda_holds(
    trigger: str, tmp_path: Path
) -> None:
    ask(tmp_path, guarded(trigger), up(0), None)


@pytest.mark.parametrize(
    ("step", "reads"), [(10, 500), (0, 0)], ids=["inside the band", "idle, below the band"]
)
def test_a_latency_scaler_keeps_the_workers_inside_its_band(
    step: int, reads: float, tmp_path: Path
) -> None:
    rule = ScaleRule(trigger="ttft_p95_ms", threshold=500, min=1, max=4)
    series = up(1) + histogram(TTFT, "0.45", ("0.0", "0.2", "0.45", "0.5", "+Inf"), step)

    ask(tmp_path, promql.scaler_query(rule), series, reads)
