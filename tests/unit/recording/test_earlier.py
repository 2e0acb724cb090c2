"""What a panel that starts makes of the recordings that lie there."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gtc_runtime.recording.earlier import Earlier, earlier
from gtc_runtime.recording.folder import folder, recordings
from gtc_runtime.recording.recorder import Recorder
from gtc_spec.environment import load
from tests.unit.recording.test_recording import NOON, record, second

CLUSTER = "Rehearsal"


@pytest.fixture(scope="module")
def environment():
    return load("prod")


@pytest.fixture
def state_dir(tmp_path):
    return tmp_path / "state"


def found(state_dir, environment, after_s=20):
    return earlier(state_dir, environment, CLUSTER, NOON + timedelta(seconds=after_s))


def seconds(environment, count=5, **fields):
    return [second(environment, number, **fields) for number in range(count)]


def edit(path, change):
    """Write a recording again, with every line as `change` makes it; None leaves it out."""
    lines = gzip.decompress(path.read_bytes()).splitlines()
    made = [change(json.loads(line)) for line in lines]
    path.write_bytes(b"".join(json.dumps(each).encode() + b"\n" for each in made if each))


def kill(path):
    """As by kill -9: without an end."""
    edit(path, lambda line: None if "end" in line else line)


def test_a_panel_that_died_is_found(state_dir, environment):
    record(folder(state_dir), environment, seconds(environment))
    kill(recordings(state_dir)[0])
    before = found(state_dir, environment)

    assert (before.died, before.gone_s, before.load[0]) == (True, 16, 0.8)


def test_a_panel_that_still_drives_has_not_died(state_dir, environment):
    recorder = Recorder(folder(state_dir), environment, print)
    record(folder(state_dir), environment, seconds(environment, mode="read-only"))
    kill(recordings(state_dir)[0])
    for view in seconds(environment):
        recorder._views.put((recorder._clock(), view))
    while recorder._views.qsize():
        pass
    while_it_lives = found(state_dir, environment)
    recorder.close()

    assert while_it_lives is None
    assert not found(state_dir, environment).died


@pytest.mark.parametrize("mode", ["read-only", "unknown"])
def test_a_panel_that_only_showed_does_not_hide_the_one_that_drove(state_dir, environment, mode):
    record(folder(state_dir), environment, seconds(environment))
    kill(recordings(state_dir)[0])
    record(folder(state_dir), environment, seconds(environment, mode=mode))
    kill(recordings(state_dir)[0])
    before = found(state_dir, environment)

    assert before.died
    assert before.last.mode == "manual"


def test_a_panel_of_another_demo_is_passed_over(state_dir, environment):
    record(folder(state_dir), environment, seconds(environment))
    record(folder(state_dir), load("dev"), seconds(load("dev")))

    assert found(state_dir, environment).last.environment == "prod"


@pytest.mark.parametrize(
    "broken",
    [
        {"mode": "x"},
        {"load": {"mix": 7}},
        {"pools": {"~": [0, "none"]}},
        {"phase": {"~": [1, []]}},
        {"at": "noon"},
    ],
)
def test_a_recording_that_cannot_be_read_to_its_end_keeps_no_panel_from_starting(
    state_dir, environment, broken
):
    def spoil(line):
        return line | {"change": broken} if "change" in line else line

    record(folder(state_dir), environment, seconds(environment))
    edit(recordings(state_dir)[0], spoil)

    assert found(state_dir, environment) is None


def test_what_became_of_keda_is_told_only_when_it_is_known(environment):
    view = replace(second(environment, 0), mode="auto")
    before = Earlier((view,), died=True, gone_s=9)

    assert before.told("is still paused").text.endswith("has ended; KEDA is still paused")
    assert before.told("").text.endswith("cycle 1 and has ended")
