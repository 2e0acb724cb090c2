"""Whole runs of `gtc load run` against a server on loopback."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.unit.cli.conftest import Call
from tests.unit.cli.load.openai_server import Manners, serve

KEY = "sk-very-secret"


@pytest.fixture
def manners():
    with serve(Manners()) as running:
        yield running


def command(manners: Manners, *more: str) -> list[str]:
    fixed = "--model m --rps 20 --duration 1.5 --pacing constant --mix 0/50/50"
    return ["load", "run", "--url", manners.url, *fixed.split(), *more]


def test_a_run_counts_what_the_server_counts_and_writes_what_is_asked_for(
    gtc: Call, manners: Manners, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    manners.key = KEY
    monkeypatch.setenv("MY_KEY", KEY)
    told = gtc(
        *command(manners, "--shards", "2", "--api-key-env", "MY_KEY", "--slo", "ttft=5,itl=1"),
        *("--report", "r.json", "--report", "r.csv"),
        *("--request-log", "q.ndjson", "--export", "aiperf:out"),
    )
    assert told.code == 0, told.err
    report = json.loads((tmp_path / "r.json").read_text())
    check, every = report["check"], report["figures"]["all"]
    assert check["holds"]
    assert check["due"] == check["ok"] == every["good"] == len(manners.seen)
    assert 28 <= check["due"] <= 31
    assert every["latency"]["ttft"]["n"] == check["due"]
    assert f"{check['due']} due = {check['due']} ok + 0 failed + 0 shed" in told.out
    rows = list(csv.DictReader((tmp_path / "r.csv").open()))
    assert int(rows[-1]["due"]) == check["due"]
    requests = [json.loads(line) for line in (tmp_path / "q.ndjson").read_text().splitlines()]
    assert len(requests) == check["due"]
    assert [each["due_s"] for each in requests] == sorted(each["due_s"] for each in requests)
    records = (tmp_path / "out" / "profile_export.jsonl").read_text().splitlines()
    assert len(records) == check["due"]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(KEY.encode() not in path.read_bytes() for path in written)
    assert KEY not in told.out + told.err


def test_ctrl_c_ends_the_load_early_waits_for_open_answers_and_still_writes_the_report(
    manners: Manners, tmp_path
):
    manners.itl_s = 0.1
    report = tmp_path / "r.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "gtc_cli", *command(manners, "--duration", "60"),
         "--report", str(report)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        give_up = time.monotonic() + 20
        while len(manners.seen) < 5 and time.monotonic() < give_up:
            time.sleep(0.05)
        assert len(manners.seen) >= 5
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130, out
    told = json.loads(report.read_text())
    assert told["run"]["interrupted"]
    assert told["check"]["holds"]
    assert told["check"]["due"] == told["check"]["ok"] == len(manners.seen) >= 5


def test_a_refusal_during_the_run_is_an_outcome_and_the_report_adds_up(gtc: Call, manners: Manners):
    manners.takes_ignore_eos, manners.busy_after = False, 6
    told = gtc(*command(manners, "--json"))
    assert told.code == 0, told.err
    check = told.json["check"]
    assert check["holds"]
    assert told.json["figures"]["all"]["failed"] == {"refused": check["failed"]}
    assert (check["ok"], check["failed"]) == (6, check["due"] - 6)
    assert not told.json["run"]["exact_lengths"]
    assert all("ignore_eos" not in body for body in manners.seen)
