"""What the twin runs on: which fact of environment, profile and live run counts."""

from __future__ import annotations

import pytest

from gtc_runtime.planning.hardware import Hardware
from gtc_spec.environment import load
from gtc_spec.profiles.measured import Live
from gtc_spec.profiles.profile import Profile

PROD = load("prod")
VLLM = Profile.load("llama-3.1-70b.h200.fp8.vllm")


def test_a_worker_starts_as_its_environment_says_where_nobody_timed_one() -> None:
    assert Hardware.of(PROD).worker_start_s == PROD.worker_start_s


def test_a_worker_that_was_timed_starts_as_one_that_finds_nothing_compiled() -> None:
    cold_s = (152 + 163 + 168) / 3  # as seen on an H200

    assert Hardware.of(PROD, VLLM).worker_start_s == pytest.approx(cold_s, rel=0.05)


def test_a_start_of_a_live_run_wins() -> None:
    seen = VLLM.model_copy(update={"live": Live(worker_start_s=200)})

    assert Hardware.of(PROD, seen).worker_start_s == 200
