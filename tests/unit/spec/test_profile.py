"""Profiles answer from their table, continue it smoothly, and agree with a measured card."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.errors import UsageError
from gtc_spec.profiles.profile import PROFILES, Profile, names
from tools.import_profiles import PROFILES as IMPORTED
from tools.import_profiles import profile as imported_profile
from tools.import_profiles import text
from tools.measured.import_h200_vllm import PROFILES as MEASURED

SHARED = Path(__file__).resolve().parents[4] / "shared" / "profiles"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/profiles is not here")
LARGE = Profile.load("llama-3.1-70b.h200.fp8")
SMALL = Profile.load("llama-3.1-8b.h100.bf16")


def measured() -> dict[str, object]:
    return json.loads((SHARED / "h200-measured.json").read_text())["llama-3.1-70b-fp8"]


@needs_shared
def test_predicted_prefill_is_within_20_percent_of_the_measured_card_everywhere() -> None:
    profile = Profile.load("llama-3.1-70b.h200.fp8-bf16kv")
    points = measured()["prefill_ms"].items()
    assert len(points) == 8
    for tokens, ms in points:
        assert profile.prefill_ms(int(tokens)) == pytest.approx(ms, rel=0.20), tokens


@needs_shared
def test_predicted_decode_is_within_25_percent_of_the_measured_card_everywhere() -> None:
    profile = Profile.load("llama-3.1-70b.h200.fp8-bf16kv")
    points = measured()["decode_ms"]
    assert len(points) == 17
    for batch, context, ms in points:
        assert profile.decode_step_ms(batch, batch * context) == pytest.approx(ms, rel=0.25)


@needs_shared
@pytest.mark.parametrize("name", IMPORTED)
def test_packaged_files_are_what_the_import_makes_of_the_tables(name: str) -> None:
    assert (PROFILES / f"{name}.json").read_text() == text(imported_profile(SHARED, IMPORTED[name]))


def test_every_packaged_profile_loads_and_is_a_prediction_or_a_measurement() -> None:
    assert set(names()) == set(IMPORTED) | set(MEASURED)
    for name in IMPORTED:
        assert Profile.load(name).provenance.perf_db == "trtllm-1.3.0rc20"
        assert Profile.load(name).measured is None
    for name in MEASURED:
        assert Profile.load(name).provenance.bench is not None
        assert Profile.load(name).measured is not None


@pytest.mark.parametrize("name", [*IMPORTED, *MEASURED])
def test_table_points_are_answered_exactly(name: str) -> None:
    profile = Profile.load(name)
    for new, cached, ms in profile.prefill:
        assert profile.prefill_timing(new, cached) == (pytest.approx(ms), "table")
    for batch, context, ms in profile.decode:
        assert profile.decode_timing(batch, batch * context) == (pytest.approx(ms), "table")


def test_halfway_between_two_prefills_is_their_mean() -> None:
    low, high = LARGE.prefill_ms(10_240), LARGE.prefill_ms(12_288)
    assert LARGE.prefill_ms(11_264) == pytest.approx((low + high) / 2)


def test_a_cached_prefix_makes_a_turn_cheap_but_not_free() -> None:
    assert LARGE.prefill_ms(300) < LARGE.prefill_ms(300, 8_192) < LARGE.prefill_ms(8_492) / 10


@pytest.mark.parametrize(("batch", "context"), [(1, 40_000), (900, 1_000), (64, 100), (1_000, 10)])
def test_beyond_the_decode_table_the_closed_form_continues(batch: int, context: int) -> None:
    timing = LARGE.decode_timing(batch, batch * context)
    assert timing.source == "fit"
    assert timing.ms == pytest.approx(LARGE.decode_fit.ms(batch, context), rel=0.15)


def test_beyond_the_prefill_table_the_closed_form_continues() -> None:
    timing = LARGE.prefill_timing(30_000, 2_000)
    assert timing.source == "fit"
    assert timing.ms == pytest.approx(LARGE.prefill_fit.ms(30_000, 2_000), rel=0.15)


@given(st.floats(1, 40_000), st.floats(0, 40_000))
def test_prefill_never_jumps(new: float, cached: float) -> None:
    here, next_to_it = LARGE.prefill_ms(new, cached), LARGE.prefill_ms(new + 0.01, cached + 0.01)
    assert here > 0
    assert abs(next_to_it - here) < 0.02


@given(st.floats(1, 1_000), st.floats(1, 2_000_000))
def test_decode_never_jumps(batch: float, kv_tokens: float) -> None:
    here = LARGE.decode_step_ms(batch, kv_tokens)
    assert here > 0
    assert abs(LARGE.decode_step_ms(batch, kv_tokens + 0.01) - here) < 0.02


def test_kv_pool_at_the_engines_default_fraction() -> None:
    assert (LARGE.kv_pool_tokens(0.9), SMALL.kv_pool_tokens(0.9)) == (403_799, 448_675)
    assert LARGE.kv_pool_tokens(0.85) < LARGE.kv_pool_tokens(0.87) < LARGE.kv_pool_tokens(0.9)


def test_bf16_cache_holds_half_as_many_tokens() -> None:
    other = Profile.load("llama-3.1-70b.h200.fp8-bf16kv")
    assert other.kv_bytes_per_token == 2 * LARGE.kv_bytes_per_token
    assert other.kv_pool_tokens(0.9) == pytest.approx(LARGE.kv_pool_tokens(0.9) / 2, abs=1)


def test_memory_fraction_outside_the_table_is_refused_with_the_range() -> None:
    with pytest.raises(UsageError, match=r"fraction 0\.5, allowed: 0\.8 to 0\.95"):
        LARGE.kv_pool_tokens(0.5)


def test_unknown_profile_suggests_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="unknown profile") as caught:
        Profile.load("llama-3.1-70b.h200.fp9")
    assert caught.value.hint == "did you mean llama-3.1-70b.h200.fp8?"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"model"', '"modell"', "modell: Extra inputs are not permitted"),
        ("[64, 0, 24.285]", "[64, 0, -1]", "prefill.0.2: Input should be greater than 0"),
        ("[64, 0, 24.285]", "[128, 0, 24.285]", "prefill holds a point twice"),
        ('"decode": [\n    [1, 256,', '"decode": [\n    [1, 255,', "allowed: a full grid"),
        ("[0.8, 358932]", "[0.99, 358932]", "kv_pools are out of order"),
        ("{", "", "Invalid JSON"),
    ],
)
def test_broken_file_is_one_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    whole = (PROFILES / "llama-3.1-70b.h200.fp8.json").read_text()
    assert old in whole
    (tmp_path / "mine.json").write_text(whole.replace(old, new, 1))
    with pytest.raises(UsageError, match=r"^profile mine.json is broken: ") as caught:
        Profile.load("mine", tmp_path)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_anywhere_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes((PROFILES / "llama-3.1-70b.h200.fp8.json").read_bytes())

    assert Profile.load(str(tmp_path / "mine.json")).model_dump() == LARGE.model_dump()


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^cannot read profile .*mine\.json: No such file"):
        Profile.load(str(tmp_path / "mine.json"))
