"""What `gtc preflight` says when little or nothing is there to be looked at."""

import re
from pathlib import Path

from gtc_runtime.checks.preflight import PROBES
from tests.unit.cli.conftest import Call

DOCS = Path(__file__).parents[3] / "docs"


def test_without_a_cluster_it_names_the_one_cause_and_exits_1(gtc: Call) -> None:
    told = gtc("preflight", "--only", "kubernetes", "--only", "workers", "--only", "digest")

    assert told.code == 1
    lines = told.out.splitlines()
    assert lines[0].startswith("RED")
    assert "-> is the cluster running" in lines[1]
    assert [line.split()[:4] for line in lines[2:4]] == [
        ["n/a", "workers", "see", "kubernetes"],
        ["n/a", "digest", "see", "kubernetes"],
    ]
    assert lines[-1].startswith("not ready: 1 red, 2 not-applicable in ")


def test_json_holds_every_check_with_its_five_fields(gtc: Call) -> None:
    told = gtc("preflight", "--json", "--only", "end date", "--env", "prod")

    assert told.code == 1
    (check,) = told.json["checks"]
    assert check.keys() == {"name", "state", "found", "expected", "hint", "took_s"}
    assert (check["name"], check["state"], check["found"]) == ("end date", "red", "no end date")
    assert told.json["passed"] is False


def test_an_end_date_is_counted_in_hours_gpu_hours_and_dollars(gtc: Call, monkeypatch) -> None:
    monkeypatch.setenv("GTC_UNTIL", "2999-01-01T00:00Z")
    told = gtc("preflight", "--only", "end date")

    assert told.code == 0
    assert re.search(r"ok +end date +[\d.]+ h, \d+ GPU-hours, \d+ USD until 2999-01-01", told.out)


def test_an_unknown_check_is_refused_with_all_names(gtc: Call) -> None:
    told = gtc("preflight", "--only", "gpu")

    assert told.code == 2
    assert told.error.startswith("unknown check 'gpu', allowed: kubernetes, definitions, ")


def test_names_of_checks_are_distinct_and_short() -> None:
    names = [probe.name for probe in PROBES]

    assert len(set(names)) == len(names)
    assert all(len(name.split()) <= 3 for name in names)
