"""`gtc plan fit`, `capacity` and `what-if` as they are called: tables, JSON, pages, bad input."""

import json
import re
from functools import partial
from pathlib import Path

import pytest

from gtc_cli.plan import capacity as verb
from gtc_cli.plan import flags
from gtc_cli.plan.flags import environment
from gtc_runtime.calibration import document
from gtc_runtime.calibration.refit import Refit
from gtc_runtime.planning.answers.capacity import capacity
from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.served import Demand, Goals
from gtc_runtime.planning.hardware import Hardware
from gtc_spec.cloud import gpus
from gtc_spec.environment import load
from gtc_spec.overrides import load_with
from gtc_spec.profiles.profile import Profile
from gtc_spec.workloads import WorkloadMix
from tests.unit.cli.conftest import Call

FEW = ("--rps", "0.5", "--gpus", "2")


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words and keys need no figure of thousands of requests."""
    monkeypatch.setattr(verb, "Demand", partial(Demand, requests=200))


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("capacity --rps -3", "invalid value for '--rps': '-3' is not a number of requests"),
        ("capacity --rps nan", "invalid value for '--rps': 'nan' is not a number of requests"),
        ("capacity", "missing option '--rps'"),
        ("capacity --rps 3 --mix 40/30/40", "mix 40/30/40 adds up to 110, allowed: three shares"),
        ("capacity --rps 3 --gpus 1", "invalid value for '--gpus': 1 is not in the range 2<=x<=64"),
        ("capacity --rps 3 --profile gpt", "unknown profile 'gpt', allowed: llama"),
        ("capacity --rps 3 --ttft-p95 1", "ttft-p95 1 is below the floor: one unloaded prompt of"),
        ("capacity --rps 3 --itl-p95 0.001", "itl-p95 0.001 is below the floor: one decode"),
        ("capacity --rps 3 --html no/page.html", "cannot write no/page.html: there is no"),
        ("what-if", "nothing is other than it is"),
        ("what-if --link 0", "invalid value for '--link': '0' is not a number of gb/s above 0"),
        ("what-if --window 5x", "invalid value for '--window': '5x' is not a span above 0"),
        ("what-if --metric-type Sum", "invalid value for '--metric-type': 'sum' is not one of"),
        ("what-if --gpu h200", "nothing is other than it is: timings llama-3.1-70b.h200.fp8"),
        ("what-if --link 20", "nothing is other than it is: KV link, GB/s 20"),
        ("what-if --gpu h200 --profile llama-3.1-8b.h100.fp8", "--gpu and --profile both choose"),
        ("what-if --window 5m", "no trigger of prod reads a latency (queued_requests, decode_str"),
        ("what-if --gpu b200", "no timings of llama-3.1-70b on 'b200', allowed: h200"),
        ("what-if --block-size 0", "invalid value for '--block-size': 0 is not in the range"),
        ("fit --phases encore", "environments/prod.toml: phases: got encore, allowed: one of"),
        ("fit --output no/patch.toml", "cannot write no/patch.toml: there is no directory no"),
        ("check --patch nowhere.toml", "cannot read nowhere.toml"),
        ("check --profile mine.json", "cannot read profile mine.json: No such file"),
        ("fit --profile gpt", "unknown profile 'gpt', allowed: llama"),
        ("fit --patch nowhere.toml", "cannot read nowhere.toml"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_one_line(gtc: Call, command: str, error: str) -> None:
    told = gtc("plan", *command.split())

    assert told.code == 2
    assert told.error.startswith(error)
    assert "Traceback" not in told.err


def test_a_patch_that_breaks_a_rule_is_refused(gtc: Call, tmp_path: Path) -> None:
    (tmp_path / "patch.toml").write_text("[pools.decode.scale]\nmax = 7\n")

    told = gtc("plan", "check", "--patch", "patch.toml")

    assert told.code == 2
    assert "pools.*.scale.max" in told.err


def test_check_plays_the_timings_of_a_file(gtc: Call, tmp_path: Path) -> None:
    small = Profile.load("llama-3.1-8b.h100.bf16")
    slow = Refit(None, 3.0, None, None, None, 9, 9, 0).applied(small, "small", "a run")
    (tmp_path / "mine.json").write_text(document.of(slow))

    told = gtc("plan", "check", "--env", "dev", "--seeds", "1", "--json", "--profile", "mine.json")

    assert told.json["phases"][0]["itl_ms"]["all"]["p50"] > 3 * small.decode_step_ms(1, 1)


def test_the_timings_of_another_engine_can_be_played_and_are_named(gtc: Call) -> None:
    told = gtc("plan", "check", "--env", "dev", "--seeds", "1", "--profile",
               "llama-3.1-8b.h200.bf16.vllm")  # fmt: skip

    assert told.out.startswith("timings: llama-3.1-8b.h200.bf16.vllm (H200, vllm), but the nodes")
    assert "DECODE_STRESS" in told.out


def test_of_two_patches_the_last_one_wins(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('phases = "plan"\n[slo]\nttft_p95_s = 3\n')
    (tmp_path / "two.toml").write_text('phases = "show"\n')

    found = environment("prod", None, [tmp_path / "one.toml", tmp_path / "two.toml"])

    assert (found.phases, found.slo.ttft_p95_s) == ("show", 3)


@pytest.mark.usefixtures("short_runs")
def test_capacity_prints_the_pair_and_every_ratio(gtc: Call, tmp_path: Path) -> None:
    told = gtc("plan", "capacity", *FEW, "--html", "page.html")

    assert told.code == 0
    assert told.out.startswith("timings: llama-3.1-70b.h200.fp8 (H200, trtllm)\n")
    assert "1P:1D" in told.out
    assert "2 aggregated" in told.out
    assert "1P:1D (2 GPUs" in told.out.splitlines()[-1]
    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") == 5
    assert re.findall(r"(?:src|href|url)\s*[=(](?!#)", page) == []


@pytest.mark.usefixtures("short_runs")
def test_capacity_as_json_has_the_keys_that_are_documented_and_too_few_gpus_exit_1(
    gtc: Call,
) -> None:
    told = gtc("plan", "capacity", "--rps", "30", "--gpus", "2", "--json")

    assert told.code == 1
    found = told.json
    assert (found["possible"], found["smallest"], found["aggregated"]) == (False, None, None)
    assert found.keys() == {
        "env", "mix", "rps", "goals", "gpu_usd_h", "floors", "possible", "smallest", "aggregated",
        "pair", "frontier", "frontier_aggregated", "timings",
    }  # fmt: skip
    assert found["pair"][0].keys() >= {
        "topology", "gpus", "rps", "kept", "usd_h", "usd_per_million", "knee_rps", "ttft_s",
        "itl_s", "tpot_s", "good_share", "good_rps", "output_tokens_s", "busy", "by_key",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "llama-3.1-8b.h100.bf16 (H100, trtllm)"),
        (
            {"GTC_GPU_TYPE": "gpu-l40sx1-48gb", "GTC_ENGINE": "vllm"},
            "llama-3.1-8b.h100.bf16 (H100, trtllm), but the nodes have L40Ss and the"
            " engine is vllm",
        ),
        (
            {"GTC_GPU_TYPE": "gpu-h200x1-141gb", "GTC_ENGINE": "vllm"},
            "llama-3.1-8b.h200.bf16.vllm (H200, vllm)",
        ),
    ],
)
def test_an_answer_says_whose_timings_it_rests_on(chosen: dict[str, str], said: str) -> None:
    assert flags.timings(load_with("dev", chosen)) == said


def test_gpus_have_the_price_of_the_nodes_and_with_a_profile_that_of_its_card() -> None:
    dev = load_with("dev", {"GTC_GPU_TYPE": "gpu-h200x1-141gb"})
    mix = WorkloadMix(40, 30, 30)

    ours = verb._demand(dev, None, mix, None, None)
    other = verb._demand(dev, "llama-3.1-8b.h100.fp8", mix, None, None)

    assert ours.gpu_usd_h == gpus.GPUS["h200"].usd_h
    assert other.gpu_usd_h == gpus.GPUS["h100"].usd_h


def test_too_few_gpus_are_told_in_one_sentence() -> None:
    prod = load("prod")
    goals = Goals(prod.slo.ttft_p95_s, prod.slo.itl_p95_s)
    demand = Demand(prod, Hardware.of(prod), WorkloadMix(40, 30, 30), goals, 4.0, requests=200)

    assert verb.sentence(capacity(demand, 30.0, 2, Crew())).startswith(
        "no P:D of 2 GPUs serves 30.0 rps of 40/30/30 within TTFT p95"
    )


def test_what_if_puts_both_sides_beside_each_other(gtc: Call, tmp_path: Path) -> None:
    told = gtc("plan", "what-if", "--link", "2", "--seeds", "1", "--html", "page.html")

    assert told.code == 1
    assert "KV link, GB/s" in told.out
    assert "the story then fails in" in told.out
    assert (tmp_path / "page.html").read_text().count("<svg") == 10


def test_what_if_as_json_tells_what_is_other_and_what_changes(gtc: Call) -> None:
    told = gtc("plan", "what-if", "--env", "dev", "--block-size", "64", "--seeds", "1", "--json")

    found = json.loads(told.out)
    assert found.keys() == {"turned", "before", "after", "differences", "timings"}
    assert found["turned"][0]["after"] == "64"


def test_check_draws_the_cycle(gtc: Call, tmp_path: Path) -> None:
    told = gtc("plan", "check", "--env", "dev", "--seeds", "1", "--html", "page.html")

    page = (tmp_path / "page.html").read_text()
    assert told.code == 0
    assert page.count("<svg") == 5
    assert "Prefill stress" in page or "Prefill" in page
    assert "DECODE_RECOVERY" in page


@pytest.mark.slow
def test_fit_prints_a_patch_that_check_then_plays(gtc: Call, tmp_path: Path) -> None:
    told = gtc("plan", "fit", "--env", "dev", "--phases", "plan", "--seeds", "2",
               "--output", "patch.toml")  # fmt: skip

    assert told.code == 0
    assert "every claim holds by 15 %" in told.out
    checked = gtc("plan", "check", "--env", "dev", "--patch", "patch.toml", "--seeds", "2")
    assert checked.code == 0
    assert "phases plan" in checked.out
