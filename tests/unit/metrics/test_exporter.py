"""Our own /metrics: names, buckets, and that nothing unknown is shown as zero."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gtc_rehearsal.prometheus.exposition import samples_of
from gtc_rehearsal.prometheus.promql import Query
from gtc_rehearsal.prometheus.promql_values import Vector
from gtc_rehearsal.prometheus.tsdb import Tsdb
from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.metrics.exporter import Cumulative, Exporter
from gtc_runtime.view import DemoView, Goals, LoadView, PhaseView, PoolView, ProcessView
from gtc_spec import environment
from gtc_spec.telemetry.buckets import TTFT_BUCKETS
from gtc_spec.telemetry.metrics import CATALOGUE, Emitter

PROD = environment.load("prod")
VIEW = DemoView(
    environment="prod",
    digest=PROD.digest,
    cluster="Rehearsal",
    at="2026-03-17T10:00:00.000+00:00",
    uptime_s=5.0,
    mode="auto",
    holder="me",
    phase=PhaseView(name="PREFILL_STRESS", index=2, ends_in_s=30.0),
    strip=(),
    goals=Goals(4000, 45),
    load=LoadView(running=True, in_flight=12, light="green"),
    workloads={},
    pools=(PoolView("prefill", desired=4, ready=2, pending=2), PoolView("decode", 3, 3, 0)),
    gpus_total=8,
    keda="paused-by-us",
    keda_detail="",
    cluster_age_s=0.1,
    load_age_s=0.1,
    events=(),
    process=ProcessView(0.25, {"view": 0, "readings": 3}),
)


def snapshot(**tallies: Tally) -> Snapshot:
    return Snapshot(at_s=1.0, slices={1: tallies})  # type: ignore[dict-item]


def values(exporter: Exporter) -> dict[tuple[str, ...], float]:
    """Samples by name and label values in alphabetical order of the labels."""
    text = exporter.render()[0].decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def families(exporter: Exporter) -> Iterator[str]:
    return (family.name for family in exporter.collect())


def test_everything_exposed_is_in_the_catalogue_and_the_other_way_round() -> None:
    exporter = Exporter(PROD)
    exporter.update(VIEW)
    ours = {
        name.removesuffix("_total")
        for name, metric in CATALOGUE.items()
        if metric.emitter is Emitter.OURS
    }
    assert set(families(exporter)) == ours


def test_labels_are_those_of_the_catalogue() -> None:
    exporter = Exporter(PROD)
    exporter.update(VIEW)
    for family in exporter.collect():
        metric = CATALOGUE.get(family.name) or CATALOGUE[f"{family.name}_total"]
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)


def test_the_view_is_told() -> None:
    exporter = Exporter(PROD)
    exporter.update(VIEW)
    found = values(exporter)
    assert found["gtc_mode", "auto"] == 1
    assert found["gtc_mode", "manual"] == 0
    assert found["gtc_scenario_phase", "PREFILL_STRESS"] == 1
    assert found["gtc_scenario_phase", "BALANCED"] == 0
    assert found["gtc_scenario_phase_end_timestamp_seconds",] == 1773741630
    assert found["gtc_pool_workers", "prefill", "desired"] == 4
    assert found["gtc_pool_workers", "prefill", "ready"] == 2
    assert found["gtc_keda_paused", "decode"] == 1
    assert found["gtc_client_in_flight_requests", "all"] == 12


def test_the_build_is_told_before_there_is_a_view() -> None:
    found = values(Exporter(PROD))
    ((_, digest, name, version),) = [key for key in found if key[0] == "gtc_build_info"]
    assert (name, digest) == ("prod", PROD.digest)
    assert version


def test_what_is_not_known_has_no_sample() -> None:
    exporter = Exporter(PROD)
    exporter.update(
        replace(
            VIEW,
            phase=PhaseView(),
            load=LoadView(),
            pools=(PoolView("prefill"), PoolView("decode")),
            keda="unknown",
        )
    )
    names = {key[0] for key in values(exporter)}
    assert not names & {
        "gtc_pool_workers",
        "gtc_keda_paused",
        "gtc_client_in_flight_requests",
        "gtc_scenario_phase_end_timestamp_seconds",
    }


def test_requests_are_counted_by_workload_and_outcome() -> None:
    exporter = Exporter(PROD)
    exporter.add(snapshot(chat_turn1=Tally(ok=3, shed=1, failed={"timeout": 2})))
    exporter.add(snapshot(chat_turn2plus=Tally(ok=4), reasoning=Tally(ok=1)))
    found = values(exporter)
    assert found["gtc_client_requests_total", "ok", "chat"] == 7
    assert found["gtc_client_requests_total", "shed", "chat"] == 1
    assert found["gtc_client_requests_total", "timeout", "chat"] == 2
    assert found["gtc_client_requests_total", "ok", "reasoning"] == 1
    assert found["gtc_client_requests_total", "ok", "summarization"] == 0


def test_latencies_land_in_the_buckets_of_the_frontend() -> None:
    exporter = Exporter(PROD)
    exporter.add(snapshot(summarization=Tally(ttft=Histogram([0.3, 0.6, 70.0]))))
    text = exporter.render()[0].decode()
    assert 'gtc_client_ttft_seconds_bucket{le="0.5",turn="1",workload="summarization"} 1.0' in text
    assert 'gtc_client_ttft_seconds_bucket{le="50.0",turn="1",workload="summarization"} 2.0' in text
    assert 'gtc_client_ttft_seconds_bucket{le="+Inf",turn="1",workload="summarization"} 3.0' in text
    assert 'gtc_client_ttft_seconds_count{turn="1",workload="summarization"} 3.0' in text


def test_goals_are_those_of_the_environment_and_told_from_the_start() -> None:
    found = values(Exporter(PROD))
    assert found["gtc_goal_seconds", "ttft"] == PROD.slo.ttft_p95_s
    assert found["gtc_goal_seconds", "itl"] == PROD.slo.itl_p95_s
    assert found["gtc_pool_max_workers", "prefill"] == PROD.pools.prefill.scale.max


def test_requests_and_tokens_inside_the_goal_are_counted_exactly() -> None:
    goal_s = PROD.slo.ttft_p95_s
    exporter = Exporter(PROD)
    assert values(exporter)["gtc_client_within_goal_total", "ttft"] == 0
    late = Histogram([goal_s * 0.5, goal_s * 0.98, goal_s * 1.02])
    exporter.add(snapshot(summarization=Tally(ttft=late, itl=Histogram([0.001, 9.0]), tokens=3)))
    found = values(exporter)
    assert found["gtc_client_within_goal_total", "ttft"] == 2
    assert found["gtc_client_within_goal_total", "itl"] == 1
    assert found["gtc_client_output_tokens_total", "summarization"] == 3


def test_the_limit_of_a_scaler_that_divides_by_the_workers_grows_with_the_pool() -> None:
    exporter = Exporter(PROD)
    exporter.update(VIEW)
    found = values(exporter)
    assert PROD.pools.prefill.scale.metric_type == "AverageValue"
    assert found["gtc_scaler_limit", "prefill"] == 4 * PROD.pools.prefill.scale.threshold


def test_the_limit_of_a_latency_scaler_is_its_threshold() -> None:
    rules = {"trigger": "ttft_p95_ms", "threshold": 500}
    exporter = Exporter(
        environment.load("prod", {f"pools.prefill.scale.{key}": rules[key] for key in rules})
    )
    exporter.update(VIEW)
    assert values(exporter)["gtc_scaler_limit", "prefill"] == 500


def test_phases_are_numbered_in_the_order_of_the_show() -> None:
    exporter = Exporter(PROD)
    exporter.update(VIEW)
    assert values(exporter)["gtc_scenario_phase_number",] == 3
    exporter.update(replace(VIEW, phase=PhaseView()))
    assert values(exporter)["gtc_scenario_phase_number",] == 0


def test_counts_only_grow_over_snapshots() -> None:
    exporter = Exporter(PROD)
    for _ in range(3):
        exporter.add(snapshot(reasoning=Tally(itl=Histogram([0.03] * 5), slip=Histogram([0.001]))))
    found = values(exporter)
    assert found["gtc_client_itl_seconds_count", "reasoning"] == 15
    assert found["gtc_client_slip_seconds_count",] == 3


@given(st.lists(st.floats(0.0001, 100), min_size=1, max_size=200))
def test_a_cumulative_histogram_misplaces_nothing_by_more_than_a_bin(seen: list[float]) -> None:
    cumulative = Cumulative(TTFT_BUCKETS.upper_bounds_s)
    cumulative.observe(Histogram(seen))
    for le, count in cumulative.buckets:
        bound = float(le)
        assert sum(one <= bound / 1.01 for one in seen) <= count
        assert count <= sum(one <= bound * 1.01 for one in seen)
    assert math.isclose(cumulative.sum_s, sum(seen), rel_tol=0.01)


def test_the_rehearsals_prometheus_reads_a_quantile_from_it() -> None:
    exporter, store = Exporter(PROD), Tsdb()
    for step in range(13):
        if step:
            exporter.add(snapshot(reasoning=Tally(ttft=Histogram([0.6] * 5))))
        for labels, value in samples_of(exporter.render()[0].decode(), {"job": "gtc"}):
            store.append(labels, 1_000_000 + step * 5_000, value)
    expr = (
        "histogram_quantile(0.95, sum by (le) "
        '(rate(gtc_client_ttft_seconds_bucket{workload="reasoning"}[1m])))'
    )
    found = Query(expr).at(store, 1_060_500)
    assert isinstance(found, Vector)
    assert found.samples[0].value == pytest.approx(0.6, rel=0.12)


def test_restarted_tasks_are_counted_from_0_and_the_lag_of_the_loop_is_told() -> None:
    exporter = Exporter(PROD)
    exporter.update(VIEW)
    found = values(exporter)
    assert found["gtc_task_restarts_total", "view"] == 0
    assert found["gtc_task_restarts_total", "readings"] == 3
    assert found["gtc_loop_lag_seconds",] == 0.25
