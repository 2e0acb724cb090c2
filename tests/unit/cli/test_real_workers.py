"""Flags of a rehearsal on GPUs, and what is said where they make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtc_cli.real_workers import Asked
from gtc_spec import environment
from gtc_spec.errors import GtcError, UsageError

DEV = environment.load("dev")


def test_simulated_workers_need_nothing_more() -> None:
    asked = Asked("simulated", None, None, random_weights=False)
    asked.refuse_odd()

    assert asked.planned(DEV, "") == {}


@pytest.mark.parametrize(
    ("asked", "flag"),
    [
        (Asked("simulated", 2, None, random_weights=False), "--gpu-share"),
        (Asked("simulated", None, Path(), random_weights=False), "--weights"),
        (Asked("simulated", None, None, random_weights=True), "--random-weights"),
    ],
)
def test_what_only_real_workers_have_is_refused_for_simulated_ones(asked: Asked, flag: str) -> None:
    with pytest.raises(UsageError, match=f"{flag} needs --workers vllm"):
        asked.refuse_odd()


@pytest.mark.parametrize("weights", [None, Path()])
def test_real_workers_need_weights_or_random_ones_and_not_both(weights: Path | None) -> None:
    with pytest.raises(UsageError, match="one of the two"):
        Asked("vllm", None, weights, random_weights=weights is not None).refuse_odd()


def test_the_panel_is_told_that_starts_are_real() -> None:
    assert Asked("vllm", None, None, random_weights=True).panel_flags == ("--real-starts",)
    assert Asked("simulated", None, None, random_weights=False).panel_flags == ()


def test_weights_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checkpoint: there is no directory"):
        Asked("vllm", None, tmp_path / "nope", random_weights=False).refuse_odd()


def test_without_a_gpu_nothing_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GtcError, match="no NVIDIA GPU here"):
        Asked("vllm", None, None, random_weights=True).planned(DEV, "")
