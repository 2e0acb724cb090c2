"""GPU timings in the simulator's format say what the profile says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.rehearsal.profile_npz import write_npz
from gtc_spec import profile
from gtc_spec.profile import Profile

PROD = Profile.load("llama-3.1-70b.h200.fp8")


@pytest.fixture(scope="module")
def timings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    path = write_npz(PROD, 512, tmp_path_factory.mktemp("npz") / "timings.npz")
    with np.load(path) as data:
        return dict(data)


@pytest.mark.parametrize("name", profile.names())
def test_every_packaged_profile_can_be_written(name: str, tmp_path: Path) -> None:
    with np.load(write_npz(Profile.load(name), 512, tmp_path / "t.npz")) as data:
        grid = (len(data["decode_active_kv_tokens"]), len(data["decode_context_length"]))
        assert data["decode_itl"].shape == grid
        assert data["prefill_isl"].shape == data["prefill_ttft_ms"].shape
        assert np.all(np.isfinite(data["decode_itl"]))
        assert np.all(data["decode_itl"] > 1)  # the simulator's own floor is 1 ms


def test_prefill_points_are_those_of_the_profile(timings: dict[str, np.ndarray]) -> None:
    for length, ms in zip(timings["prefill_isl"], timings["prefill_ttft_ms"], strict=True):
        assert ms == pytest.approx(PROD.prefill_ms(length))


def test_a_longer_prompt_takes_longer(timings: dict[str, np.ndarray]) -> None:
    assert np.all(np.diff(timings["prefill_ttft_ms"]) > 0)


def test_a_step_never_gets_faster_with_more_kv_tokens(timings: dict[str, np.ndarray]) -> None:
    assert np.all(np.diff(timings["decode_itl"], axis=0) >= -0.02)


@settings(max_examples=30, deadline=None)
@given(batch=st.integers(1, 240), context=st.integers(150, 1500))
def test_between_the_grid_points_a_step_is_within_four_percent_of_the_profile(
    timings: dict[str, np.ndarray], batch: int, context: int
) -> None:
    looked_up = _bilinear(timings, batch * context, context)

    assert looked_up == pytest.approx(PROD.decode_step_ms(batch, batch * context), rel=0.04)


def _bilinear(timings: dict[str, np.ndarray], kv: float, context: float) -> float:
    """As the simulator does it."""
    rows = [
        np.interp(context, timings["decode_context_length"], row) for row in timings["decode_itl"]
    ]
    return float(np.interp(kv, timings["decode_active_kv_tokens"], rows))
