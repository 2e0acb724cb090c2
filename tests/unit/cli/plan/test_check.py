"""`gtc plan check` as a process, as people run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gtc_spec.environment import ENVIRONMENTS

ROOT = Path(__file__).parents[4]


def plan_check(*flags: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(
        str(ROOT / part) for part in ("constructs", "dashboards", "rehearsal", "ui", ".")
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GTC_")}
    return subprocess.run(
        [sys.executable, "-m", "gtc_cli", "plan", "check", *flags],
        env={**environment, "PYTHONPATH": paths, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=55,
        cwd=ROOT / "tests",
        check=False,
    )


def test_the_plans_numbers_exit_1_and_the_failing_phases_are_named() -> None:
    done = plan_check("--env", "prod", "--phases", "plan", "--seeds", "1")

    assert done.returncode == 1
    assert "the story fails in PREFILL_STRESS" in done.stdout or "PREFILL_RECOVERY" in done.stdout
    assert "DECODE_STRESS" in done.stdout.splitlines()[-1]
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_show_exits_0_and_prints_every_phase(name: str) -> None:
    done = plan_check("--env", name)

    assert done.returncode == 0
    assert done.stdout.count("RED") == 0
    for phase in ("BALANCED", "KV_CACHE_DEMO", "DECODE_RECOVERY", "FULL_LOAD", "COOLDOWN"):
        assert phase in done.stdout


def test_json_is_one_document() -> None:
    done = plan_check("--env", "dev", "--seeds", "1", "--json")

    assert json.loads(done.stdout)["passed"] is (done.returncode == 0)
