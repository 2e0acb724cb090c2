"""Every form of a report, made from one run whose figures are known."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.extensions.json import JSONSnapshotExtension

from gtc_cli.load import words
from gtc_cli.load.probe.probe import ProbeResult
from gtc_cli.load.reports import aiperf, report
from gtc_cli.load.reports.csv_table import csv_table
from gtc_cli.load.run import Plan, Run
from gtc_runtime import formats
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.snapshot import Gauges, Quality, Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.records import OWN_KEYS
from gtc_runtime.load.settings import RequestGoals, settings_from
from gtc_spec.environment import load
from gtc_spec.workloads import WorkloadMix

RED = Quality(
    light="red",
    reason="requests are sent late: 120 ms",
    stamp_source="kernel",
    slip_p99_ms=120.0,
    cpu_share=0.4,
)


KERNEL = Quality(stamp_source="kernel")


def finished(quality: Quality = KERNEL) -> Run:
    """Ten seconds: 20 documents in time, one refused, one shed; 4 questions, one of them late."""
    settings = settings_from(load("prod"), "http://127.0.0.1:8000").model_copy(
        update={"slo": RequestGoals(ttft_s=2, itl_s=0.05)}
    )
    demand = Rate(rps=2.5, mix=WorkloadMix(0, 80, 20), pacing="constant")
    run = Run(Plan(settings, demand, 10.0), clock=lambda: 115.0)
    run.target = ProbeResult()
    run.started = datetime(2026, 3, 1, 12, tzinfo=UTC)
    run.wall_minus_monotonic_s = run.started.timestamp() - 100.0
    run.began_s, run.load_ended_s = 100.0, 110.0
    documents = Tally(
        due=22, ok=20, good=20, shed=1, tokens=200, failed={"refused": 1},
        counted=20, counted_by_usage=20, counted_by_token=15, answers=20,
        answer_prompt_tokens=20_000, ttft=Histogram([0.5] * 20), itl=Histogram([0.02] * 180),
        stall=Histogram([0.02] * 180), e2e=Histogram([0.68] * 20),
    )  # fmt: skip
    documents.isl.add_at(1_000, 20)
    documents.osl.add_at(10, 20)
    questions = Tally(due=4, ok=4, good=3, ttft=Histogram([0.1, 0.1, 0.1, 3.0]))
    drained = Tally(answers=4, answer_prompt_tokens=400)
    first = Snapshot(105.0, {101: {"summarization": documents}}, Gauges(in_flight=4), quality)
    run.take(first)
    rest = {107: {"reasoning": questions}, 111: {"reasoning": drained}}
    run.take(replace(first, at_s=112.0, slices=rest, gauges=Gauges(last_output_s=111.5)))
    return run


def test_a_run_keeps_of_its_lights_their_shares_and_the_worst():
    green, amber = Quality(slip_p99_ms=9.0), Quality("amber", "the reader stalls", cpu_share=0.8)
    run = finished(green)
    for each in (green, amber, amber):
        run.take(Snapshot(112.5, quality=each))
    assert run.light_shares() == {"green": 0.6, "amber": 0.4, "red": 0.0}
    assert run.worst_quality() == replace(amber, slip_p99_ms=9.0)


def test_a_run_without_a_snapshot_has_no_light():
    run = Run(finished().plan)
    assert run.light_shares() == {"green": 0.0, "amber": 0.0, "red": 0.0}
    assert run.worst_quality() == Quality()


def requests(n: int = 4) -> list[dict]:
    done = {
        "key": "reasoning", "workload": "reasoning", "turn": 1, "due_s": 100.0, "send_s": 100.0,
        "first_s": 100.5, "last_s": 102.5, "prompt_tokens": 80, "max_tokens": 101, "tokens": 101,
        "outcome": "ok", "detail": "",
    }  # fmt: skip
    refused = done | {"outcome": "refused", "detail": "503: busy", "first_s": None, "last_s": None}
    shed = refused | {"outcome": "shed", "detail": "", "send_s": None}
    return [done] * n + [refused, shed]


@pytest.fixture(scope="module")
def document():
    return report.document(finished())


def test_every_request_that_was_due_has_one_outcome_and_the_report_says_the_sum(document):
    assert document["check"] == {"due": 26, "ok": 24, "failed": 1, "shed": 1, "holds": True}


def test_a_report_whose_sum_is_wrong_says_that_it_does_not_hold():
    assert not report.check(Tally(due=3, ok=1, shed=1))["holds"]


def test_goodput_counts_shed_and_failed_requests_as_missed(document):
    assert document["figures"]["summarization"]["goodput_share"] == round(20 / 22, 4)
    assert document["figures"]["reasoning"]["goodput_share"] == 0.75
    assert document["figures"]["all"]["goodput_rps"] == 2.3
    assert document["figures"]["chat_turn1"]["goodput_share"] is None


def test_latencies_without_samples_are_null_and_never_zero(document):
    chat = document["figures"]["chat_turn2plus"]["latency"]["ttft"]
    assert chat["n"] == 0
    assert {value for name, value in chat.items() if name != "n"} == {None}


def test_quantiles_are_those_of_the_histogram(document):
    ttft = document["figures"]["reasoning"]["latency"]["ttft"]
    assert ttft["p50_ms"] == pytest.approx(100, rel=0.006)
    assert ttft["p99_ms"] == pytest.approx(3000, rel=0.006)


def test_the_window_leaves_out_what_arrived_in_the_drain(document):
    throughput = document["figures"]["all"]["throughput"]
    assert throughput["window"] == {
        "length_s": 10.0, "requests_per_s": 2.0, "output_tokens_per_s": 20.0,
        "total_tokens_per_s": 2020.0,
    }  # fmt: skip
    assert throughput["with_drain"]["length_s"] == 11.5
    assert throughput["with_drain"]["requests_per_s"] == round(24 / 11.5, 3)
    assert throughput["with_drain"]["total_tokens_per_s"] == round(20_600 / 11.5, 3)


def test_lengths_are_exact_and_those_of_answers_that_ended_well(document):
    assert document["figures"]["all"]["lengths"]["isl"] == {
        "n": 20, "mean": 1000, "p50": 1000, "p90": 1000, "p95": 1000, "p99": 1000,
    }  # fmt: skip
    assert document["figures"]["reasoning"]["lengths"]["osl"]["mean"] is None


def test_the_course_of_the_run_adds_up_to_the_whole(document):
    for count in ("due", "ok", "good", "shed", "tokens"):
        whole = document["figures"]["all"]
        expected = whole["output_tokens"] if count == "tokens" else whole[count]
        assert sum(point["all"][count] for point in document["course"]) == expected


def test_a_client_that_was_too_late_is_said_not_to_be_trusted():
    quality = report.document(finished(RED))["quality"]
    assert (quality["light"], quality["trust"], quality["stamp_source"]) == ("red", False, "kernel")
    assert formats.light("red", RED.reason, "kernel") == (
        "red: client-limited: do not trust: requests are sent late: 120 ms (kernel time stamps)"
    )


def test_the_json_report_is_as_recorded(document, snapshot):
    known = {name: part for name, part in document.items() if name != "client"}
    run = {k: v for k, v in known["run"].items() if k not in ("reported", "shapes", "limits")}
    short = {key: known["histograms"][key] for key in ("summarization", "reasoning")}
    point = known["course"][1]
    assert known | {"run": run, "histograms": short, "course": [point]} == snapshot(
        extension_class=JSONSnapshotExtension
    )


@given(st.lists(st.floats(1e-6, 5e3), min_size=1, max_size=40))
def test_no_sample_lies_above_the_bound_of_its_bucket_and_none_is_lost(values):
    rows = report.buckets(Histogram(values))
    assert sum(count for _, count in rows) == len(values)
    assert rows == sorted(rows)
    assert max(values) <= rows[-1][0] * 1.00001
    assert min(values) >= rows[0][0] / 1.0101 or rows[0][0] < 1.1e-6


def test_the_csv_has_one_row_a_key_and_an_empty_cell_for_no_data(document):
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(csv_table(document)))}
    assert list(rows) == [key for key in words.KEYS if key not in OWN_KEYS]
    assert (rows["all"]["due"], rows["all"]["failed_refused"], rows["all"]["shed"]) == (
        "26", "1", "1",
    )  # fmt: skip
    assert rows["chat_turn1"]["ttft_p95_ms"] == ""
    assert float(rows["summarization"]["ttft_p95_ms"]) == pytest.approx(500, rel=0.006)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_page_stands_alone_and_says_sum_goodput_and_light():
    from gtc_cli.load.reports.html_page import html_page

    html = html_page(
        report.document(finished(RED)) | {"client": report.document(finished())["client"]}
    )
    assert "26 due = 24 ok + 1 failed + 1 shed" in html
    assert "Client red: client-limited: do not trust." in html
    assert "requests are sent late: 120 ms" in html
    assert "Goodput 88.5 %" in html
    assert html.count("<svg") == 6
    assert not re.search(r"<script|<link|@import|src=|href=\"(?!#)", html)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_the_summary_for_aiperf_has_its_names_units_and_definitions(document):
    told = json.loads(aiperf.summary(document, requests()))
    assert told["time_to_first_token"]["unit"] == "ms"
    assert told["time_to_first_token"]["p99"] == pytest.approx(500)
    assert told["inter_token_latency"]["avg"] == pytest.approx(20)
    assert told["request_latency"]["count"] == 4
    assert told["request_count"]["avg"] == 4
    assert told["error_request_count"]["avg"] == 1
    assert told["output_token_throughput"]["avg"] == pytest.approx(4 * 101 / 11.5)
    assert told["error_summary"] == [
        {"error_details": {"type": "refused", "message": "503: busy"}, "count": 1}
    ]
    assert told["goodput"]["unit"] == "requests/sec"


def test_records_for_aiperf_are_the_requests_that_were_sent_in_wall_clock_time(document):
    lines = [json.loads(line) for line in aiperf.records(document, requests()).splitlines()]
    assert [line["metadata"]["session_num"] for line in lines] == [0, 1, 2, 3, 4]
    noon_ns = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1e9)
    assert lines[0]["metadata"]["request_start_ns"] == noon_ns
    assert lines[0]["metadata"]["request_end_ns"] == noon_ns + 2_500_000_000
    assert lines[0]["metrics"]["output_sequence_length"] == {"value": 101, "unit": "tokens"}
    assert lines[0]["error"] is None
    assert lines[4]["metrics"] == {}
    assert lines[4]["error"] == {"type": "refused", "message": "503: busy"}


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=50))
def test_percentiles_for_aiperf_lie_between_the_extremes_and_rise(values):
    ordered = sorted(values)
    found = [aiperf._percentile(ordered, percent) for percent in (1, 25, 50, 75, 99)]
    assert found == sorted(found)
    assert ordered[0] <= found[0] <= found[-1] <= ordered[-1]
