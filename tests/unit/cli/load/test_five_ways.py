"""One run as the terminal, JSON, CSV, AIPerf's form and the panel's metrics tell it.

Requests and tokens agree exactly. Latencies agree exactly where the definition is one (samples,
sums of gaps, means weighted by tokens), and within the 1 % of a bucket where one is rounded to it.
"""

import csv
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gtc_cli.load import summary
from gtc_cli.load.reports import aiperf
from gtc_cli.load.reports.csv_table import csv_table
from gtc_cli.load.reports.report import document
from gtc_cli.load.run import Plan, Run
from gtc_cli.load.session import drive
from gtc_runtime.load.demand.forms import Rate
from gtc_runtime.load.figures import request_log
from gtc_runtime.load.settings import RequestGoals, settings_from
from gtc_runtime.metrics.exporter import Exporter
from gtc_spec.environment import load
from gtc_spec.telemetry import metrics as catalogue
from gtc_spec.workloads import WorkloadMix
from tests.unit.cli.load.openai_server import Manners, serve

ENVIRONMENT = load("dev")
BUCKET = 0.006
"""Relative error of a value that is rounded to the middle of a bucket, and a little."""


class Watched(Run):
    """A run whose snapshots also reach the panel's metrics."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.exporter = Exporter(ENVIRONMENT)

    def take(self, snapshot):
        super().take(snapshot)
        self.exporter.add(snapshot)


@dataclass
class Told:
    """One run, told five times, and its single requests."""

    terminal: list[str]
    report: dict
    row: dict
    aiperf: dict
    metrics: dict[str, list]
    requests: list[dict]

    @property
    def every(self) -> dict:
        return self.report["figures"]["all"]

    def metric(self, metric, suffix: str = "", **labels: str) -> float:
        """The sum of the samples of a metric that have these labels."""
        name = metric.name.removesuffix("_total")
        return sum(
            sample.value
            for sample in self.metrics[name]
            if sample.name == metric.name + suffix and labels.items() <= sample.labels.items()
        )


@pytest.fixture(scope="module", params=["running usage", "usage at the end"])
def told(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("requests")
    manners = Manners(
        tokens=12, per_frame=4, itl_s=0.02, aborts_every=5, running=request.param == "running usage"
    )
    with serve(manners) as server:
        settings = settings_from(ENVIRONMENT, server.url, request_log=str(folder)).model_copy(
            update={"model": "m", "slo": RequestGoals(ttft_s=2, itl_s=0.05)}
        )
        demand = Rate(rps=20, mix=WorkloadMix(0, 30, 70), pacing="constant")
        run = Watched(Plan(settings, demand, 1.5))
        import asyncio

        asyncio.run(drive(run))
    requests = request_log.read(request_log.path_of(Path(folder), 0))
    report = document(run)
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(csv_table(report)))}
    text = run.exporter.render()[0].decode()
    families = {each.name: each.samples for each in text_string_to_metric_families(text)}
    exported = json.loads(aiperf.summary(report, requests))
    return Told(list(summary.lines(report)), report, rows["all"], exported, families, requests)


def test_requests_agree_exactly(told):
    every, check = told.every, told.report["check"]
    assert every["failed"] == {"aborted": check["failed"]}
    assert check["ok"] > check["failed"] > 0
    assert told.terminal[0].startswith(
        f"{check['due']} due = {check['ok']} ok + {check['failed']} failed + 0 shed"
    )
    assert [int(told.row[name]) for name in ("due", "ok", "failed", "failed_aborted")] == [
        check["due"], check["ok"], check["failed"], check["failed"],
    ]  # fmt: skip
    assert told.aiperf["request_count"]["avg"] == check["ok"]
    assert told.aiperf["error_request_count"]["avg"] == check["failed"]
    assert told.aiperf["good_request_count"]["avg"] == every["good"] == int(told.row["good"])
    requests = catalogue.CLIENT_REQUESTS
    assert told.metric(requests, outcome="ok") == check["ok"]
    assert told.metric(requests, outcome="aborted") == check["failed"]
    assert told.metric(requests) == check["due"] == len(told.requests)
    assert told.aiperf["error_summary"] == [
        {
            "error_details": {"type": "aborted", "message": "finish_reason abort"},
            "count": check["failed"],
        }
    ]


def test_tokens_agree_exactly(told):
    every = told.every
    tokens = sum(each["tokens"] for each in told.requests)
    answered = sum(each["tokens"] for each in told.requests if each["outcome"] == "ok")
    assert every["output_tokens"] == tokens == int(told.row["output_tokens"])
    assert told.metric(catalogue.CLIENT_TOKENS) == tokens
    assert sum(point["all"]["tokens"] for point in told.report["course"]) == tokens
    assert told.aiperf["total_osl"]["avg"] == answered  # of answers that ended well
    osl = every["lengths"]["osl"]
    assert osl["mean"] * osl["n"] == pytest.approx(answered, abs=0.01 * osl["n"])
    assert osl["mean"] == pytest.approx(told.aiperf["output_sequence_length"]["avg"], abs=0.01)
    assert tokens == 12 * len(told.requests)


def test_the_counting_is_told_alike(told):
    every, run = told.every, told.report["run"]
    by_token = {each["itl_basis"] for each in told.requests} == {"token"}
    assert {each["counted_by"] for each in told.requests} == {"usage"}
    assert (run["token_counts"], run["itl_basis"]) == ("usage", "token" if by_token else "frame")
    assert every["counted"] == every["counted_by_usage"] == len(told.requests)
    line = next(each for each in told.terminal if each.startswith("tokens counted"))
    assert line.endswith(f"by usage; ITL by {run['itl_basis']}")
    assert by_token == (run["dialect"]["usage"] == "running")


def test_the_time_to_the_first_token_agrees(told):
    ttft = told.every["latency"]["ttft"]
    single = sorted((each["first_s"] - each["send_s"]) * 1000 for each in told.requests)
    good = [each for each in told.requests if each["outcome"] == "ok"]
    assert ttft["n"] == len(single) == told.metric(catalogue.CLIENT_TTFT, "_count")
    assert told.aiperf["time_to_first_token"]["count"] == len(good)
    for name, q in (("p50", 0.5), ("p95", 0.95)):
        nearest = single[math.ceil(q * len(single)) - 1]
        assert ttft[f"{name}_ms"] == pytest.approx(nearest, rel=BUCKET)
        assert float(told.row[f"ttft_{name}_ms"]) == ttft[f"{name}_ms"]
    assert told.metric(catalogue.CLIENT_TTFT, "_sum") == pytest.approx(
        sum(single) / 1000, rel=BUCKET
    )
    assert told.aiperf["time_to_first_token"]["avg"] == pytest.approx(
        sum((each["first_s"] - each["send_s"]) * 1000 for each in good) / len(good), rel=1e-6
    )


def test_the_gaps_between_tokens_agree(told):
    itl = told.every["latency"]["itl"]
    gaps_s = sum(each["last_s"] - each["first_s"] for each in told.requests)
    weight = sum(each["tokens"] - 1 for each in told.requests)
    assert itl["n"] == weight == told.metric(catalogue.CLIENT_ITL, "_count")
    assert itl["mean_ms"] * weight == pytest.approx(gaps_s * 1000, rel=BUCKET)
    assert told.metric(catalogue.CLIENT_ITL, "_sum") == pytest.approx(gaps_s, rel=BUCKET)
    assert float(told.row["itl_mean_ms"]) == itl["mean_ms"]
    # AIPerf's is the mean of a request, over its tokens but the first: weighted, it is ours
    good = [each for each in told.requests if each["outcome"] == "ok"]
    means = [(each["last_s"] - each["first_s"]) / (each["tokens"] - 1) for each in good]
    assert told.aiperf["inter_token_latency"]["avg"] == pytest.approx(
        1000 * sum(means) / len(means), rel=1e-6
    )
    assert itl["p50_ms"] == pytest.approx(told.every["latency"]["stall"]["p50_ms"] / 4, rel=0.25)


def test_the_pace_and_the_whole_agree(told):
    good = [each for each in told.requests if each["outcome"] == "ok"]
    for name, value_of in (
        ("e2e", lambda each: each["last_s"] - each["send_s"]),
        (
            "tpot",
            lambda each: (
                (each["last_s"] - each["first_s"]) / (each["tokens"] - each["first_tokens"])
            ),
        ),
    ):
        found = told.every["latency"][name]
        values = sorted(1000 * value_of(each) for each in good)
        assert found["n"] == len(values)
        assert found["p50_ms"] == pytest.approx(
            values[math.ceil(0.5 * len(values)) - 1], rel=BUCKET
        )
        assert float(told.row[f"{name}_p50_ms"]) == found["p50_ms"]
    assert told.aiperf["request_latency"]["count"] == len(good)
