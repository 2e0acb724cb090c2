"""Manual mode: KEDA scales with the load, and pausing it stops that."""

from __future__ import annotations

import time

import pytest

from .conftest import Rehearsal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def desired(view: dict, role: str) -> int:
    return next(pool["desired"] for pool in view["pools"] if pool["role"] == role)


def test_load_past_the_trigger_scales_prefill_up_and_its_end_scales_down(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.gtc("start", "--rps", "4", "--mix", "0/100/0")
    rehearsal.wait_for(lambda view: desired(view, "prefill") > 2, 60)
    rehearsal.gtc("stop")
    rehearsal.wait_for(lambda view: desired(view, "prefill") == 2, 120)


def test_a_paused_scaler_does_not_scale(rehearsal: Rehearsal) -> None:
    rehearsal.kubectl("annotate", "so", "--all", "autoscaling.keda.sh/paused=true", "--overwrite")
    try:
        rehearsal.wait_for(lambda view: view["keda"] == "paused-by-other", 20)
        rehearsal.gtc("start", "--rps", "4", "--mix", "0/100/0")
        rehearsal.wait_for(lambda view: (view["load"]["waiting"] or 0) > 10, 60)
        time.sleep(8)
        assert desired(rehearsal.status(), "prefill") == 2
    finally:
        rehearsal.kubectl("annotate", "so", "--all", "autoscaling.keda.sh/paused-")


def test_reset_under_load_brings_everything_back_and_leaves_keda_in_charge(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.gtc("start", "--rps", "4", "--mix", "0/100/0")
    rehearsal.wait_for(lambda view: desired(view, "prefill") > 2, 60)
    view = rehearsal.gtc("reset")
    assert (desired(view, "prefill"), desired(view, "decode")) == (2, 3)
    assert view["keda"] == "active"
    assert view["load"]["in_flight"] == 0
    assert view["workloads"]["all"]["due"] == 0
