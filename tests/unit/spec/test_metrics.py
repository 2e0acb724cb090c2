"""The catalogue claims only what a recorded scrape of the simulator shows."""

import itertools
import re
from pathlib import Path

import pytest

from gtc_spec.telemetry.buckets import ITL_BUCKETS, TTFT_BUCKETS, Buckets, frontend_env
from gtc_spec.telemetry.metrics import CATALOGUE, SCRAPE_LABELS, UP, Emitter, Metric, owner

SCRAPES = Path(__file__).resolve().parents[2] / "data" / "dynamo-1.4.2"
LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$")


def recorded(*files: str) -> dict[str, set[str]]:
    """Series name -> label names, over all lines of the recorded scrapes."""
    seen: dict[str, set[str]] = {}
    for file in files:
        for line in (SCRAPES / f"{file}.prom").read_text().splitlines():
            if not line.startswith("#"):
                name, labels = LINE.match(line).groups()
                seen.setdefault(name, set()).update(re.findall(r'(\w+)="', labels or ""))
    return seen


FRONTEND = recorded("frontend")
WORKERS = recorded("prefill", "decode")


def claimed(emitter: Emitter) -> list[Metric]:
    return [m for m in CATALOGUE.values() if m.emitter is emitter and m.rehearsal]


@pytest.mark.parametrize("metric", claimed(Emitter.FRONTEND), ids=lambda metric: metric.name)
def test_frontend_metric_is_in_the_recorded_scrape(metric: Metric) -> None:
    for series in metric.series:
        assert set(metric.labels) <= FRONTEND[series]


@pytest.mark.parametrize("metric", claimed(Emitter.WORKER), ids=lambda metric: metric.name)
def test_worker_metric_is_in_the_recorded_scrape(metric: Metric) -> None:
    for series in metric.series:
        assert set(metric.labels) <= WORKERS[series]


def test_metrics_that_only_the_cluster_has_are_absent_from_the_recorded_scrape() -> None:
    gone = [m for m in CATALOGUE.values() if not m.rehearsal and m.name.startswith("dynamo_")]
    assert gone
    assert not any(series in FRONTEND or series in WORKERS for m in gone for series in m.series)


def test_simulated_workers_never_fill_the_cached_tokens_histogram() -> None:
    lines = (SCRAPES / "frontend.prom").read_text().splitlines()
    assert [line.split()[-1] for line in lines if "cached_tokens_count" in line] == ["0"]


def test_pools_are_told_apart_by_component() -> None:
    for role, component in (("prefill", "prefill"), ("decode", "tensorrt_llm")):
        text = (SCRAPES / f"{role}.prom").read_text()
        assert set(re.findall(r'dynamo_component="(\w+)"', text)) == {component}


def test_no_emitter_writes_a_label_that_the_scrape_owns_except_the_known_one() -> None:
    clashes = {
        (metric.name, label)
        for metric in CATALOGUE.values()
        if metric.emitter in {Emitter.FRONTEND, Emitter.WORKER, Emitter.OURS}
        for label in metric.labels
        if label in SCRAPE_LABELS
    }
    assert clashes == {("dynamo_frontend_requests_total", "endpoint")}


def test_every_series_has_one_owner() -> None:
    assert owner("dynamo_frontend_time_to_first_token_seconds_bucket").name.endswith("_seconds")
    assert owner("up") is UP
    assert owner("dynamo_frontend_time_to_first_token_seconds") is None
    assert len({s for m in CATALOGUE.values() for s in m.series}) == sum(
        len(m.series) for m in CATALOGUE.values()
    )


def test_names_follow_the_prometheus_rules() -> None:
    for metric in CATALOGUE.values():
        assert re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", metric.name)
        assert metric.meaning.endswith(".")
        if metric.emitter is Emitter.OURS:
            assert metric.name.startswith("gtc_")
            assert (metric.kind == "counter") == metric.name.endswith("_total")


@pytest.mark.parametrize(
    ("name", "buckets"),
    [("time_to_first_token", TTFT_BUCKETS), ("inter_token_latency", ITL_BUCKETS)],
)
def test_frontend_that_got_our_variables_has_our_bounds(name: str, buckets: Buckets) -> None:
    text = (SCRAPES / "frontend.prom").read_text()
    bounds = re.findall(rf'dynamo_frontend_{name}_seconds_bucket{{.*le="(.+?)"}}', text)
    assert bounds.pop() == "+Inf"
    assert tuple(map(float, bounds)) == buckets.upper_bounds_s


def test_bounds_are_made_as_the_frontend_makes_its_defaults() -> None:
    """As listed in the source of 0.8.1."""
    default_ttft = Buckets(0.001, 480, 18).upper_bounds_s
    assert default_ttft == (
        0, 0.0022, 0.0047, 0.01, 0.022, 0.047, 0.1, 0.22, 0.47, 1, 2.2, 4.7, 10, 22, 48, 100, 220,
        480,
    )  # fmt: skip
    default_itl = Buckets(0.001, 2, 13).upper_bounds_s
    assert default_itl == (
        0, 0.0019, 0.0035, 0.0067, 0.013, 0.024, 0.045, 0.084, 0.16, 0.3, 0.56, 1.1, 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("buckets", "goals"), [(TTFT_BUCKETS, (0.5, 2.0, 4.0)), (ITL_BUCKETS, (0.01, 0.05))]
)
def test_finer_bounds_hit_the_goals_and_step_by_at_most_19_percent(
    buckets: Buckets, goals: tuple[float, ...]
) -> None:
    bounds = buckets.upper_bounds_s
    assert len(set(bounds)) == buckets.bounds <= 512
    assert set(goals) <= set(bounds)
    for low, high in itertools.pairwise(bounds[1:]):
        assert high / low < 1.19


def test_bounds_are_set_under_both_spellings() -> None:
    env = frontend_env()
    assert len(env) == 12
    assert env["DYN_METRICS_TTFT_MIN"] == env["DYN_HISTOGRAM_DYN_METRICS_TTFT_MIN"] == "0.05"
    assert env["DYN_METRICS_TTFT_MAX"] == "50"
    assert env["DYN_METRICS_ITL_COUNT"] == env["DYN_HISTOGRAM_DYN_METRICS_ITL_COUNT"] == "41"
