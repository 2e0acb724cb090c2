"""The preflight on a whole rehearsal: what a tired person types in the morning."""

from __future__ import annotations

import json
import urllib.request

import pytest

from .conftest import Rehearsal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
WHOLE_S = 20.0


def test_everything_that_a_rehearsal_has_is_green_in_time_from_outside_and_inside(
    rehearsal: Rehearsal,
) -> None:
    report = rehearsal.gtc("preflight")

    checks = {check["name"]: check for check in report["checks"]}
    odd = {name: each for name, each in checks.items() if each["state"] != "green"}
    assert set(odd) <= {"grafana", "boards", "end date"}, odd
    assert {each["state"] for each in odd.values()} == {"not-applicable"}
    assert report["took_s"] < WHOLE_S

    panel = rehearsal.notes["urls"]["panel"]
    with urllib.request.urlopen(f"{panel}/api/health", timeout=30) as answer:
        inside = json.load(answer)
    assert inside["passed"], inside
    assert [check["name"] for check in inside["checks"]] == list(checks)
