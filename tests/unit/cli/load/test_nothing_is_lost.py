"""A run that is over is told, whatever breaks while it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call
from tests.unit.cli.load.openai_server import Manners, serve

RUN = "--model m --rps 20 --duration 0.5 --pacing constant --mix 0/0/100 --no-live"


@pytest.fixture
def manners():
    with serve(Manners()) as running:
        yield running


def command(manners: Manners, *more: str) -> list[str]:
    return ["load", "run", "--url", manners.url, *RUN.split(), *more]


def assert_told(told):
    assert "due = " in told.out
    assert "TTFT p50" in told.out


@pytest.mark.parametrize(
    "flag", [("--report", "full.json"), ("--request-log", "full.json"),
             ("--export", "aiperf:full.json")],
)  # fmt: skip
def test_a_full_disk_costs_the_file_and_not_the_figures(
    gtc: Call, manners: Manners, tmp_path, flag
):
    (tmp_path / "full.json").symlink_to("/dev/full")
    told = gtc(*command(manners, *flag, "--report", "r.csv"))
    assert_told(told)
    assert told.code == 1
    assert "error: cannot write full.json: no space left on device" in told.err
    assert (tmp_path / "r.csv").read_text().startswith("key,")


def test_a_form_that_breaks_costs_itself_only(gtc: Call, manners: Manners, monkeypatch, tmp_path):
    def broken(document):
        raise RuntimeError("no font\nfound")

    from gtc_cli.load.reports import outputs

    monkeypatch.setitem(outputs.FORMS, ".csv", broken)
    told = gtc(*command(manners, "--report", "r.csv", "--report", "r.json"))
    assert_told(told)
    assert told.code == 1
    assert "error: cannot write r.csv: no font found" in told.err
    assert json.loads((tmp_path / "r.json").read_text())["check"]["holds"]


def test_a_place_that_has_become_a_file_meanwhile_costs_the_export_only(
    gtc: Call, manners: Manners, tmp_path
):
    (tmp_path / "out").write_text("not a folder")
    told = gtc(*command(manners, "--export", "aiperf:out", "--report", "r.json"))
    assert_told(told)
    assert told.code == 1
    assert "cannot write out/profile_export_aiperf.json" in told.err
    assert (tmp_path / "r.json").exists()


def test_a_full_disk_behind_standard_output_costs_no_file(manners: Manners, tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gtc_cli", *command(manners, "--report", "r.json")],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=50, check=False,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "cannot print the figures: no space left on device" in done.stderr
    assert "due = " in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["check"]["holds"]


def test_no_place_for_temporary_files_is_said_before_any_load(
    gtc: Call, manners: Manners, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    told = gtc(*command(manners))
    assert (told.code, told.hint) == (1, "TMPDIR names another one")
    assert manners.paths == []
