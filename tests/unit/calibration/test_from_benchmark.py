"""A self-benchmark becomes a profile that says which of its points were timed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.calibration import closed_forms, document, least_squares, spread
from gtc_runtime.calibration.from_benchmark import profile_of
from gtc_spec.errors import UsageError
from gtc_spec.profiles.closed_forms import DecodeFit, PrefillFit
from gtc_spec.profiles.profile import Profile

BASE = "llama-3.1-8b.h100.bf16"
SMALL = Profile.load(BASE)
POINTS = [(64, 0), (512, 0), (2_048, 0), (10_240, 0), (2_048, 4_096)]


def group(kind: str, batch: int, new: int, kv: int, ms: float) -> dict[str, Any]:
    """One point as release 1.4.2 writes it."""
    point = {"point_type": kind, "benchmark_id": 1, "total_prefill_tokens": new}
    point |= {"total_kv_read_tokens": kv, "batch_size": batch}
    return {"point": point, "complete": True, "wall_time": ms / 1000, "rank_results": []}


def told(factor: float = 1.1) -> dict[str, Any]:
    groups = [
        group("prefill", 1, new, kv, factor * each * SMALL.prefill_ms(new, kv))
        for new, kv in POINTS
        for each in (0.9, 1.0, 1.2)
    ]
    groups.append(group("prefill", 4, 4_096, 0, 120.0))
    groups.append(group("decode", 64, 0, 131_072, 21.7))
    return {
        "schema_version": 2,
        "artifact_type": "rank",
        "timing": {"started_at": "2026-11-29T05:15:23.229806Z"},
        "limits": {"block_size": 16, "num_gpu_blocks": 51_701},
        "iteration_groups": groups,
        "error": None,
    }


def made(tmp_path: Path, document_: dict[str, Any]) -> Profile:
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(document_))
    return profile_of(path, SMALL, BASE, 0.85)


def test_medians_of_lone_prefills_are_points_of_the_profile(tmp_path: Path) -> None:
    profile = made(tmp_path, told())

    for new, cached in POINTS:
        assert profile.prefill_ms(new, cached) == pytest.approx(
            1.1 * SMALL.prefill_ms(new, cached), rel=1e-3
        )
    assert profile.measured is not None
    assert [point[:2] for point in profile.measured.prefill] == sorted(POINTS)
    assert {point.runs for point in profile.measured.prefill} == {3}


def test_between_measured_points_the_base_gives_the_shape(tmp_path: Path) -> None:
    profile = made(tmp_path, told())

    for new, cached in ((1_024, 0), (20_480, 0), (4_096, 2_048)):
        assert profile.prefill_ms(new, cached) == pytest.approx(
            1.1 * SMALL.prefill_ms(new, cached), rel=0.005
        )


def test_decode_of_a_self_benchmark_is_left_alone(tmp_path: Path) -> None:
    assert made(tmp_path, told()).decode == SMALL.decode


def test_the_pool_that_the_worker_had_is_kept(tmp_path: Path) -> None:
    profile = made(tmp_path, told())

    assert profile.kv_pool_tokens(0.85) == 16 * 51_701
    assert profile.kv_pool_tokens(0.8) < profile.kv_pool_tokens(0.95)
    assert (profile.engine, profile.provenance.base) == ("vllm", BASE)


def test_a_flat_file_with_columns_is_the_same(tmp_path: Path) -> None:
    document_ = told()
    rows = [
        [
            each["point"]["point_type"],
            each["point"]["batch_size"],
            each["point"]["total_prefill_tokens"],
            each["point"]["total_kv_read_tokens"],
            1000 * each["wall_time"],
        ]
        for each in document_.pop("iteration_groups")
    ]
    columns = ["type", "batch", "new_tokens", "kv_read_tokens", "ms"]

    flat = made(tmp_path, document_ | {"columns": columns, "rows": rows})

    assert flat.prefill == made(tmp_path, told()).prefill


def test_a_worker_that_stopped_early_is_named_so(tmp_path: Path) -> None:
    assert (
        "stopped early: timeout"
        in made(tmp_path, told() | {"stop_reason": "timeout"}).provenance.tool
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (json.dumps(told())[:-300], "is no JSON: "),
        (json.dumps({"phases": []}), "is no self-benchmark of dynamo: no iteration_groups"),
        (json.dumps([1]), "is no self-benchmark of dynamo"),
        (json.dumps(told() | {"error": "no grid"}), "the self-benchmark failed: no grid"),
        (json.dumps(told() | {"limits": {}}), "is no whole self-benchmark: no 'block_size'"),
        (json.dumps(told() | {"iteration_groups": [{}]}), "no whole self-benchmark: no 'point'"),
        (json.dumps(told() | {"iteration_groups": []}), "holds 0 prefills of one request"),
        (json.dumps(told(8.0)), f"tokens take 8.00 times what {BASE} says"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "bench.json").write_text(content)

    with pytest.raises(UsageError) as caught:
        profile_of(tmp_path / "bench.json", SMALL, BASE, 0.85)

    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_written_profile_reads_back_and_names_its_file(tmp_path: Path) -> None:
    profile = made(tmp_path, told())
    (tmp_path / "mine.json").write_text(document.of(profile))

    read = Profile.load(str(tmp_path / "mine.json"))

    assert document.of(read) == document.of(profile)
    assert [source.file for source in read.provenance.sources] == ["bench.json"]


# -- the arithmetic below --------------------------------------------------------------------------


@given(st.floats(1, 30), st.floats(0.01, 0.2), st.floats(1e-7, 1e-5))
def test_a_prefill_form_is_found_again_from_its_own_values(
    t0: float, each: float, attention: float
) -> None:
    form = PrefillFit(t0_ms=t0, floor_ms=0.01, ms_per_token=each, ms_per_token_x_context=attention)
    points = [(n, p, form.ms(n, p)) for n in (64, 512, 4_096, 20_480) for p in (0, 4_096, 16_384)]

    found = closed_forms.prefill(points)

    for n, p, ms in points:
        if ms > 2 * found.floor_ms:
            assert found.ms(n, p) == pytest.approx(ms, rel=1e-3)


@given(st.floats(2, 30), st.floats(0.005, 0.1), st.floats(0.005, 0.2), st.floats(1e-5, 1e-4))
def test_a_decode_form_is_found_again_from_its_own_values(
    t0: float, each: float, many: float, kv: float
) -> None:
    form = DecodeFit(t0_ms=t0, ms_per_seq=each, ms_per_seq_over_128=many, ms_per_kv_token=kv)
    points = [(b, c, form.ms(b, c)) for b in (1, 16, 64, 128, 256) for c in (512, 2_048, 8_192)]

    found = closed_forms.decode(points)

    for batch, context, ms in points:
        assert found.ms(batch, context) == pytest.approx(ms, rel=1e-3)


@given(st.floats(0.5, 2), st.floats(-1.5, 8))
def test_decode_keeps_the_shape_of_the_cache_and_gives_the_rest_to_the_batch(
    share: float, over: float
) -> None:
    points = [
        (batch, context, share * SMALL.decode_step_ms(batch, batch * context) + over * batch / 128)
        for batch, context in ((1, 1_024), (64, 1_024), (64, 8_192), (128, 1_024), (128, 8_192))
    ]

    table = {point[:2]: point.ms for point in spread.decode(SMALL, points)}

    for batch, context, ms in points:
        assert table[batch, context] == pytest.approx(ms, abs=0.002)
    assert table[64, 4_096] == pytest.approx(
        share * SMALL.decode_step_ms(64, 64 * 4_096) + over / 2, abs=0.002
    )


def test_columns_that_say_the_same_are_refused() -> None:
    with pytest.raises(ValueError, match="do not tell the coefficients apart"):
        least_squares.fit([(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)], [1.0, 2.0, 3.0])


def test_an_error_says_how_sure_a_coefficient_is() -> None:
    rows = [(1.0, float(x)) for x in range(100)]
    exact = least_squares.fitted(rows, [3 + 2 * x for _, x in rows])
    rough = least_squares.fitted(rows, [3 + 2 * x + (-1) ** int(x) for _, x in rows])

    assert exact.coefficients == [pytest.approx(3), pytest.approx(2)]
    assert exact.errors == [pytest.approx(0, abs=1e-6)] * 2
    assert rough.errors[1] == pytest.approx(1 / (100**3 / 12) ** 0.5, rel=0.05)
