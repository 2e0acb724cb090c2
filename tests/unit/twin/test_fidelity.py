"""How near the twin was."""

from gtc_runtime.twin.fidelity import compared, off


def phase(ttft_p50, ttft_p95, itl_p50):
    return {
        "name": "BALANCED",
        "ttft_ms": {"all": {"p50": ttft_p50, "p95": ttft_p95}},
        "itl_ms": {"all": {"p50": itl_p50}},
    }


def test_a_figure_is_off_by_its_distance_as_a_share_of_what_was_measured():
    (found,) = compared(phase(None, 4000.0, None), {"TTFT p95": 3000.0})

    assert (found.phase, found.figure, found.off) == ("BALANCED", "TTFT p95", 0.25)


def test_fidelity_is_the_median_over_phases_and_figures():
    one = compared(phase(100.0, 100.0, 100.0), dict.fromkeys(("TTFT p50", "TTFT p95"), 90.0))
    other = compared(phase(100.0, 100.0, 100.0), {"ITL p50": 250.0})

    assert off([*one, *other]) == 0.1


def test_without_data_on_either_side_nothing_is_compared():
    expected = {"TTFT p50": 90.0, "TTFT p95": None}

    assert list(compared(phase(None, 100.0, 20.0), expected)) == []
    assert off([]) is None
