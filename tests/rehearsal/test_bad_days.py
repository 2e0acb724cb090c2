"""Processes die at the worst moment; nothing stays paused and nothing stays behind."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from gtc_spec import names

from .conftest import Rehearsal, alive, command_line

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def pids_of(rehearsal: Rehearsal, words: str) -> list[int]:
    """Processes of the rehearsal whose command line has these words; a restart changes pids."""
    return [pid for pid in rehearsal.descendants() if words in command_line(pid)]


def test_a_killed_panel_loses_its_load_and_goes_on_or_gives_keda_back(
    fresh_rehearsal: Rehearsal,
) -> None:
    rehearsal = fresh_rehearsal
    rehearsal.gtc("auto")
    rehearsal.wait_for(lambda view: view["keda"] == "paused-by-us" and view["load"]["running"], 60)
    before = pauser(rehearsal)
    assert before
    old_load = pids_of(rehearsal, "gtc_runtime.load.worker")
    assert old_load
    (panel,) = pids_of(rehearsal, "gtc_cli serve")
    os.kill(panel, signal.SIGKILL)
    killed = time.monotonic()
    while any(alive(pid) for pid in old_load):
        assert time.monotonic() - killed < 5, "the load outlived its panel"
        time.sleep(0.1)
    while (holder := pauser(rehearsal)) == before:
        assert time.monotonic() - killed < 30, "KEDA is still paused by who is dead"
        time.sleep(0.5)
    view = rehearsal.wait_for(lambda view: view["mode"] in ("auto", "manual"), 60)
    told = [event["text"] for event in view["events"]]
    assert "Balanced" in told, "what happened before is forgotten"
    if view["mode"] == "auto":  # it was back before its phase was long over
        assert holder == view["holder"]
        assert any("the show goes on after a restart" in text for text in told)
        assert view["load"]["running"]
    else:
        assert any("the show is not continued" in text for text in told)
        assert not view["load"]["running"]


def pauser(rehearsal: Rehearsal) -> str:
    """Who has paused KEDA, by the annotation of ours; empty when nobody has."""
    found = rehearsal.kubectl("get", "so", names.scaler("prefill"), "-o", "json").stdout
    annotations = json.loads(found)["metadata"].get("annotations") or {}
    return str(annotations.get(names.ANNOTATION_PAUSED_BY, ""))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_end_of_the_supervisor_leaves_no_process(
    fresh_rehearsal: Rehearsal, number: signal.Signals
) -> None:
    rehearsal = fresh_rehearsal
    below = rehearsal.descendants()
    assert len(below) >= 9  # cluster, panel, guardian, load, frontend and five workers
    rehearsal.process.send_signal(number)
    rehearsal.process.wait(60)
    give_up = time.monotonic() + 15
    while left := [pid for pid in below if alive(pid)]:
        assert time.monotonic() < give_up, f"left behind: {left}"
        time.sleep(0.2)
