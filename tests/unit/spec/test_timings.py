"""GPU timings in the simulator's format say what the profile says."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_spec.engines.timings import npz
from gtc_spec.profiles import profile
from gtc_spec.profiles.profile import Profile

PROD = Profile.load("llama-3.1-70b.h200.fp8")


def read(name: str) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(npz(Profile.load(name), 512))) as data:
        return dict(data)


@pytest.fixture(scope="module")
def timings() -> dict[str, np.ndarray]:
    return read("llama-3.1-70b.h200.fp8")


@pytest.mark.parametrize("name", profile.names())
def test_numpy_reads_what_is_written_without_it(name: str) -> None:
    data = read(name)
    grid = (len(data["decode_active_kv_tokens"]), len(data["decode_context_length"]))
    assert data["decode_itl"].shape == grid
    assert data["prefill_isl"].shape == data["prefill_ttft_ms"].shape
    assert np.all(np.isfinite(data["decode_itl"]))
    assert np.all(data["decode_itl"] > 1)  # the simulator's own floor is 1 ms


def test_the_same_profile_gives_the_same_bytes() -> None:
    assert npz(PROD, 512) == npz(PROD, 512)


def test_a_prefill_takes_what_the_profile_says(timings: dict[str, np.ndarray]) -> None:
    for length, ms in zip(timings["prefill_isl"], timings["prefill_ttft_ms"], strict=True):
        assert ms == pytest.approx(PROD.prefill_ms(length))


def test_the_next_length_up_is_never_more_than_three_percent_off_from_2048_tokens_on(
    timings: dict[str, np.ndarray],
) -> None:
    """Release 0.8.1 takes the next point of the grid instead of a value between two."""
    ms = timings["prefill_ttft_ms"][timings["prefill_isl"] >= 2048]

    assert np.all(ms[1:] / ms[:-1] < 1.04)


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
