"""Two runs held against each other: what is told from noise, and how it is said."""

import json
import random

import pytest

from gtc_cli.load.against import comparison
from gtc_cli.load.against.spread import Difference, differences, quantile
from gtc_cli.load.reports import report
from gtc_runtime.load.figures.histogram import Histogram
from tests.unit.cli.conftest import Call
from tests.unit.cli.load.test_reports import finished


def pieces(seed, ttft_s=0.5, n=20, requests=40):
    chance = random.Random(seed)
    made = []
    for _ in range(n):
        values = [ttft_s * chance.lognormvariate(0, 0.3) for _ in range(requests)]
        counts = {"due": requests, "ok": requests, "good": requests, "shed": 0, "failed": 0}
        spread = report.buckets(Histogram(values))
        made.append({
            "length_s": 3, **counts, "answers": requests, "tokens": 100 * requests,
            **dict.fromkeys(("ttft", "itl", "tpot", "e2e"), spread),
        })  # fmt: skip
    return made


def test_two_runs_of_the_same_server_differ_by_noise_nearly_always():
    told_apart = sum(
        differences(pieces(seed), pieces(seed + 1000))[1].told is True for seed in range(20)
    )
    assert told_apart <= 4  # one in twenty is meant


@pytest.mark.parametrize("seed", range(3))
def test_a_server_that_is_slower_by_a_third_is_told_from_noise(seed):
    found = {each.name: each for each in differences(pieces(seed), pieces(seed + 9, ttft_s=0.67))}
    assert found["ttft_p50"].told
    assert comparison.verdict(found["ttft_p50"]) == "worse"
    assert comparison.verdict(found["goodput"]) == "noise"
    assert (
        found["ttft_p50"].low < found["ttft_p50"].b - found["ttft_p50"].a < found["ttft_p50"].high
    )


def test_less_latency_is_better_and_less_throughput_is_worse():
    assert comparison.verdict(Difference("ttft_p95", 2.0, 1.0, -1.2, -0.8)) == "better"
    assert comparison.verdict(Difference("request_throughput", 2.0, 1.0, -1.2, -0.8)) == "worse"
    assert comparison.verdict(Difference("ttft_p95", None, 1.0)) == "unknown"


def test_runs_that_are_too_short_say_nothing_about_noise():
    found = differences(pieces(1, n=4), pieces(2, n=20))
    assert {each.told for each in found} == {None}
    assert {comparison.verdict(each) for each in found} == {"unknown"}


def test_a_quantile_over_pieces_is_that_of_all_their_values():
    made = pieces(3, n=5)
    whole = Histogram()
    for piece in made:
        for bound_s, count in piece["ttft"]:
            whole.add(bound_s / 1.005, count)
    assert quantile(made, "ttft", 0.9) == pytest.approx(whole.quantile(0.9), rel=0.011)


@pytest.fixture
def paths(tmp_path):
    document = report.document(finished())
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(document))
    return tmp_path


def test_the_table_names_both_runs_and_fits_80_columns(gtc: Call, paths):
    said = gtc("load", "compare", "a.json", "b.json")
    assert said.code == 0, said.err
    assert "a: a.json, 2026-03-01T12:00, 2.5 requests/s (constant) of 0/80/20" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    assert "noise" in said.out


def test_runs_of_different_questions_are_warned_about(gtc: Call, paths):
    other = json.loads((paths / "b.json").read_text())
    other["run"] |= {"load": "9 requests/s"}
    other["quality"]["light"] = "red"
    (paths / "b.json").write_text(json.dumps(other))
    warnings = gtc("load", "compare", "a.json", "b.json", "--json").json["warnings"]
    assert "load differs: 2.5 requests/s (constant) of 0/80/20 and 9 requests/s" in warnings
    assert any("b was client-limited" in each for each in warnings)


def test_what_is_no_report_is_refused(gtc: Call, paths):
    (paths / "b.json").write_text("{}")
    said = gtc("load", "compare", "a.json", "b.json")
    assert said.code == 2
    assert "b.json is no report of one run" in said.err


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_page_stands_alone(gtc: Call, paths):
    assert gtc("load", "compare", "a.json", "b.json", "--page", "c.html").code == 0
    page = (paths / "c.html").read_text()
    assert page.count("<svg") == 3
    assert "<script" not in page
