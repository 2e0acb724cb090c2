"""What several cycles come to, and where a curve should lie at a moment."""

import pytest

from gtc_runtime.twin.course import CURVES, Course
from gtc_runtime.twin.predicted import Predicted, Stretch, predicted
from gtc_spec.environment import load

SEGMENT = load("prod").timeline.segments[0]


def course(*values_ms: float | None) -> Course:
    return Course(SEGMENT, tuple(dict.fromkeys(CURVES, value) for value in values_ms))


def report(p95: float | None) -> dict:
    return {"name": "BALANCED", "ttft_ms": {"all": {"p95": p95}}, "itl_ms": {"all": {"p50": 21.0}}}


def fold(*courses: Course) -> Stretch:
    return predicted([([each], [report(1.0)]) for each in courses]).stretches[0]


def test_a_band_reaches_from_the_tenth_to_the_ninetieth_of_a_hundred_seeds():
    low, high = fold(*(course(float(value)) for value in range(101))).at("ttft_p95", 0)

    assert (low, high) == (10.0, 90.0)


def test_a_segment_that_lasts_longer_keeps_its_last_band():
    stretch = fold(course(1.0, 2.0, 3.0))

    assert stretch.at("itl_p50", 1.9) == (2.0, 2.0)
    assert stretch.at("itl_p50", 99) == (3.0, 3.0)


def test_a_seed_whose_segment_was_shorter_keeps_its_last_figure():
    stretch = fold(course(1.0), course(1.0, 5.0))

    assert (stretch.shortest_s, stretch.longest_s) == (1, 2)
    assert stretch.at("ttft_p50", 1) == pytest.approx((1.4, 4.6))


def test_there_is_no_band_where_half_of_the_seeds_have_no_figure():
    assert fold(course(None), course(2.0)).at("ttft_p95", 0) is None


def test_a_segment_without_a_second_has_no_band():
    assert fold(course()).at("ttft_p95", 0) is None


def test_the_figures_of_a_phase_are_medians_over_the_seeds():
    cycles = [([course(1.0)], [report(value)]) for value in (1.0, None, 3.0, 11.0)]
    (phase,) = predicted(cycles).phases

    assert phase.figures_ms == {"TTFT p50": None, "TTFT p95": 3.0, "ITL p50": 21.0}


def test_a_prediction_survives_a_file():
    made = predicted([([course(1.0, None)], [report(None)])])

    assert Predicted.from_json(made.to_json()) == made


def test_what_is_no_prediction_is_refused():
    with pytest.raises(ValueError):
        Predicted.from_json(b'{"seeds": 3}')
