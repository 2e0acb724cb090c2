"""`gtc calibrate` prints measured, profile and difference, and writes a profile that has a name."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from gtc_cli.main import main
from gtc_spec.profiles.profile import Profile
from tests.unit.calibration.truth import Truth

BASE = "llama-3.1-8b.h100.bf16"
SMALL = Profile.load(BASE)


@pytest.fixture
def bench(tmp_path: Path) -> str:
    """A self-benchmark of a card that takes a tenth more than the packaged table."""
    rows = [["prefill", 1, new, 0, 1.1 * SMALL.prefill_ms(new)] for new in (64, 512, 4_096, 20_480)]
    path = tmp_path / "bench.json"
    path.write_text(
        json.dumps(
            {
                "columns": ["type", "batch", "new_tokens", "kv_read_tokens", "ms"],
                "rows": rows,
                "limits": {"block_size": 16, "num_gpu_blocks": 50_000},
                "timing": {"started_at": "2026-11-29T05:15:23+00:00"},
            }
        )
    )
    return str(path)


@pytest.fixture
def log(tmp_path: Path) -> str:
    """Requests one after the other, 30 % slower in prefill than the table, decode as the table."""
    run = Truth(BASE, prefill=1.3, request_ms=20, link_gb_s=5).run(20)
    lines = [json.dumps(asdict(each) | {"outcome": "ok"}) for each in run.answered]
    path = tmp_path / "requests.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def figures(told: str) -> dict[str, dict[str, Any]]:
    return {each["what"]: each for each in json.loads(told)["figures"]}


def test_a_benchmark_is_told_beside_the_profile_and_written(
    bench: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = str(tmp_path / "mine.json")

    assert main(["calibrate", "--from-benchmark", bench, "--profile", BASE, "--output", mine]) == 0

    said = capsys.readouterr().out
    assert "prefill 4096 after 0" in said
    assert said.count("+10.0%") == 4
    assert f"--profile {mine}" in said.replace("\n", "")
    assert Profile.load(mine).prefill_ms(4_096) == pytest.approx(107.2, rel=0.001)


def test_a_run_is_told_beside_the_profile_and_written(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = str(tmp_path / "mine.json")
    asked = ["calibrate", "--from-report", log, "--profile", BASE, "--output", mine]

    assert main([*asked, "--json"]) == 0

    rows = figures(capsys.readouterr().out)
    assert rows["prefill 10240"]["difference"] == pytest.approx(0.3, abs=0.02)
    assert rows["decode step 64 @ 1024"]["difference"] == pytest.approx(0, abs=0.02)
    assert rows["KV link"]["measured"] == pytest.approx(5, rel=0.05)
    assert rows["start of a worker"]["measured"] is None
    live = Profile.load(mine).live
    assert live is not None
    assert live.request_ms == pytest.approx(20, abs=1)


def test_a_refitted_profile_is_the_beginning_of_the_next_one(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = str(tmp_path / "mine.json")
    main(["calibrate", "--from-report", log, "--profile", BASE, "--output", mine])
    capsys.readouterr()

    assert main(["calibrate", "--from-report", log, "--profile", mine, "--json"]) == 0

    rows = figures(capsys.readouterr().out)
    assert rows["prefill 10240"]["difference"] == pytest.approx(0, abs=0.02)
    assert rows["host before the prefill"]["difference"] == pytest.approx(0, abs=0.05)


RECORD = Path(__file__).parents[3] / "tools" / "fidelity" / "h200-requests.json"
NVLINK = "llama-3.1-8b.h200.bf16.vllm"


@pytest.fixture(scope="module")
def h200(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The requests of one P and one D on two H200s with NVLink between them, as a log."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("h200") / "requests.ndjson"
    lines, began = [], 0.0
    for load in record["sequences"][0]["loads"]:
        rows = load["requests"]
        for due, key, prompt, tokens, talk, first, last in rows:
            told = {"turn": 2 if key == 1 else 1, "prompt_tokens": prompt, "tokens": tokens}
            told |= {"send_s": began + due, "first_s": began + first, "last_s": began + last}
            told |= {"conversation": f"{began}-{talk}" if talk else ""}
            lines.append(json.dumps(told | {"first_tokens": 1, "outcome": "ok"}))
        began += max(row[-1] for row in rows) + 5
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_link_that_the_requests_do_not_tell_is_assumed_aloud(
    h200: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["calibrate", "--from-report", h200, "--env", "dev", "--profile", NVLINK]

    assert main([*asked, "--json"]) == 0
    rows = figures(capsys.readouterr().out)
    assert rows["prefill 10240"]["difference"] == pytest.approx(0, abs=0.06)
    assert rows["decode step 1 @ 1024"]["difference"] == pytest.approx(0, abs=0.06)
    assert main(asked) == 0
    assert "390 GB/s was assumed, where the profile was measured" in capsys.readouterr().out
    assert main([*asked, "--link", "200", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["assumed_link"] == {"gb_s": 200, "whose": "given with --link"}


@pytest.mark.parametrize("more", [["--profile", NVLINK, "--link", "2"], []])
def test_requests_that_came_sooner_than_the_link_allows_are_refused_in_one_line(
    h200: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--from-report", h200, "--env", "dev", *more]) == 2

    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: over a KV link of 2 GB/s the cache of ")
    assert hint.startswith("hint: --link GB/s says how fast the link was")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--from-report", "none.json", "--link", "0"], "0"),
        ([], "what to calibrate by is missing"),
        (["--gpu", "--from-report", "x.json"], "or more than one, allowed: one of"),
        (["--from-benchmark", "none.json"], "cannot read none.json: No such file"),
        (["--from-report", "none.json", "--profile", "nobody"], "unknown profile 'nobody'"),
        (["--from-report", "none.json", "--output", "mine.toml"], "a file that ends with .json"),
        (["--from-report", "none.json", "--output", "no/x.json"], "there is no directory no"),
        (["--from-benchmark", "none.json", "--kv-fraction", "1.2"], "1.2"),
    ],
)
def test_bad_input_is_one_line(
    asked: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", *asked]) == 2

    error = capsys.readouterr().err
    assert says in error
    assert error.splitlines()[0].startswith("error: ")


def test_workers_that_are_no_ratio_are_one_line(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--from-report", log, "--workers", "many"]) == 2

    assert "many" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_one_line_says_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--gpu"]) == 1

    assert capsys.readouterr().err.splitlines() == [
        "error: gtc needs torch for this, which is not installed",
        "hint: pip install 'gtc-demo[runtime,ui,gpu]'",
    ]
