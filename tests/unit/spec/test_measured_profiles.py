"""The profiles of vLLM on an H200 keep what was measured and say which points those are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gtc_runtime.calibration.document import of, text
from gtc_spec.errors import UsageError
from gtc_spec.profiles.profile import PROFILES, Profile
from tools.measured.import_h200_vllm import PROFILES as MEASURED
from tools.measured.import_h200_vllm import RESULTS, profile

LARGE, SMALL = (Profile.load(name) for name in MEASURED)
needs_results = pytest.mark.skipif(not RESULTS.is_dir(), reason="the raw results are not here")
PREFILL = [
    # new, cached, 70B ms, 8B ms: medians that the workers' own benchmark gave
    (64, 0, 27.074, 7.189),
    (1_024, 0, 123.56, 24.768),
    (8_192, 0, 1_054.182, 189.898),
    (20_480, 0, 3_214.129, 594.458),
    (2_048, 16_384, 362.611, 70.794),
]
DECODE = [
    # streams, tokens of context, ms a token that the client saw
    (LARGE, 1, 1_100, 20.41),
    (LARGE, 64, 756, 25.5),
    (LARGE, 128, 606, 30.2),
    (LARGE, 190, 631, 46.1),
    (SMALL, 1, 1_106, 4.79),
    (SMALL, 64, 1_106, 7.52),
    (SMALL, 64, 5_106, 14.9),
    (SMALL, 128, 5_106, 25.2),
    (SMALL, 256, 1_106, 17.5),
]


@needs_results
@pytest.mark.parametrize("name", MEASURED)
def test_a_packaged_file_is_what_the_import_makes_of_the_results(name: str) -> None:
    assert (PROFILES / f"{name}.json").read_text() == text(profile(RESULTS, name))


@pytest.mark.parametrize(("new", "cached", "large", "small"), PREFILL)
def test_a_measured_prefill_is_a_point_of_the_table(
    new: int, cached: int, large: float, small: float
) -> None:
    assert LARGE.prefill_timing(new, cached) == (pytest.approx(large), "table")
    assert SMALL.prefill_timing(new, cached) == (pytest.approx(small), "table")


@pytest.mark.parametrize(("of_model", "batch", "context", "ms"), DECODE)
def test_a_decode_step_is_within_three_percent_of_what_streams_saw(
    of_model: Profile, batch: int, context: int, ms: float
) -> None:
    assert of_model.decode_step_ms(batch, batch * context) == pytest.approx(ms, rel=0.03)


@pytest.mark.parametrize("measured", [LARGE, SMALL], ids=MEASURED)
def test_a_profile_says_which_points_were_timed_and_how_the_others_came_about(
    measured: Profile,
) -> None:
    assert measured.measured is not None
    timed = {point[:2] for point in measured.measured.prefill}
    assert len(timed) == 19 < len(measured.prefill)
    assert timed < {point[:2] for point in measured.prefill}
    assert len(measured.measured.decode) < len(measured.decode)
    assert measured.provenance.derived
    assert measured.provenance.base.startswith(measured.model)
    assert {source.file for source in measured.provenance.sources} >= {
        each
        for point in (*measured.measured.prefill, *measured.measured.decode)
        for each in point.file.split(", ")
    }


@pytest.mark.parametrize("measured", [LARGE, SMALL], ids=MEASURED)
def test_steps_grow_with_the_batch_and_prefills_with_the_prompt(measured: Profile) -> None:
    for context in (512, 1_024, 4_096, 12_288):
        steps = [measured.decode_step_ms(batch, batch * context) for batch in (1, 16, 64, 128, 256)]
        assert steps == sorted(steps)
    for cached in (0, 4_096, 16_384):
        lengths = [measured.prefill_ms(new, cached) for new in (128, 512, 2_048, 8_192, 20_480)]
        assert lengths == sorted(lengths)


@pytest.mark.parametrize("measured", [LARGE, SMALL], ids=MEASURED)
def test_the_closed_forms_continue_the_tables_within_ten_percent(measured: Profile) -> None:
    for batch, context, ms in measured.decode:
        if batch > 1 and context >= 1024:
            assert measured.decode_fit.ms(batch, context) == pytest.approx(ms, rel=0.11)
    for new, cached, ms in measured.prefill:
        if new >= 2048:
            assert measured.prefill_fit.ms(new, cached) == pytest.approx(ms, rel=0.11)


@pytest.mark.parametrize(
    ("of_model", "tokens", "used", "descriptors", "ms"),
    [
        (LARGE, 10_247, True, 51_280, 228),
        (LARGE, 10_247, False, 80, 8.0),
        (LARGE, 20_486, False, 80, 12.3),
        (SMALL, 5_006, True, 10_016, None),  # the log's 107 ms are of transfers that waited
        (SMALL, 2_250, False, 32, 4.5),
    ],
)
def test_a_transfer_has_the_descriptors_and_the_time_that_the_engine_logged(
    of_model: Profile, tokens: int, used: bool, descriptors: int, ms: float | None
) -> None:
    costs = of_model.kv_transfer
    assert costs is not None
    assert costs.descriptors(tokens, used) == descriptors
    if ms is not None:
        told = costs.ms(tokens, of_model.kv_bytes_per_token, used)
        assert told == pytest.approx(ms, rel=0.10)


def test_posting_stops_the_steps_of_vllm_for_what_was_measured() -> None:
    """33.5 ms for 10,016 descriptors of 8B, 203 ms for 51,280 of 70B."""
    assert LARGE.kv_transfer is not None
    assert SMALL.kv_transfer is not None
    assert LARGE.kv_transfer.posting_stalls
    assert SMALL.kv_transfer.post_ms(5_006, used=True) == pytest.approx(33.5, rel=0.05)
    assert LARGE.kv_transfer.post_ms(10_247, used=True) == pytest.approx(203, rel=0.10)


def test_the_engines_own_pool_is_in_the_profile() -> None:
    assert SMALL.kv_pool_tokens(0.85) == 51_701 * 16
    assert LARGE.kv_pool_tokens(0.92) == 22_658 * 16


def test_a_table_that_lost_a_measured_point_is_refused(tmp_path: Path) -> None:
    told = json.loads(of(LARGE))
    row = next(row for row in told["prefill"] if row[:2] == [64, 0])
    row[2] *= 1.2
    (tmp_path / "mine.json").write_text(json.dumps(told))

    with pytest.raises(UsageError, match=r"measured point \(64, 0\) is 27.074 ms and the table"):
        Profile.load(str(tmp_path / "mine.json"))


@pytest.mark.parametrize("name", MEASURED)
def test_a_profile_that_was_written_reads_back_as_itself(name: str, tmp_path: Path) -> None:
    written = of(Profile.load(name))
    (tmp_path / "mine.json").write_text(written)

    assert of(Profile.load(str(tmp_path / "mine.json"))) == written
