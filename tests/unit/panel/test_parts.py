"""What the components decide, without a page."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_panel import text
from gtc_panel.components.control.controls import reason
from gtc_panel.components.control.rate import comfortable_rps, within
from gtc_panel.components.control.slide import number
from gtc_panel.components.control.sliders import mix_of, preset_phases
from gtc_panel.components.pool_tiles import tiled
from gtc_panel.components.workload_table import cells
from gtc_panel.strip import places, share_done, state_of
from gtc_runtime.view import (
    KedaState,
    LoadView,
    Mode,
    PhaseView,
    PoolView,
    Quantiles,
    WorkloadView,
)
from gtc_spec.environment import load
from gtc_spec.workloads import WorkloadMix
from tests.browser.still_demo import StillDemo

PROD = load("prod")


def drawn(prefill: PoolView, decode: PoolView, total: int = 8) -> str:
    """The row of tiles as text: upper case ready, lower case pending, ~ draining, . free."""
    signs = {"ready": str.upper, "pending": str.lower, "draining": lambda _: "~"}
    tiles, _ = tiled([prefill, decode], total)
    return "".join(
        signs[tile.state](text.LETTER[tile.role]) if tile.role else "." for tile in tiles
    )


def test_prefill_grows_from_the_left_and_decode_from_the_right():
    assert drawn(PoolView("prefill", 2, 2, 0, 0), PoolView("decode", 3, 3, 0, 0)) == "PP...DDD"


def test_starting_workers_stand_where_they_will_work():
    assert drawn(PoolView("prefill", 4, 2, 2, 0), PoolView("decode", 3, 3, 0, 0)) == "PPpp.DDD"


def test_a_draining_worker_still_holds_its_gpu():
    assert drawn(PoolView("prefill", 2, 2, 0, 1), PoolView("decode", 5, 3, 2, 0)) == "PP~ddDDD"


def test_workers_without_a_gpu_are_told_and_not_drawn():
    tiles, waiting = tiled([PoolView("prefill", 6, 2, 4, 0), PoolView("decode", 5, 3, 2, 0)], 8)

    assert len(tiles) == 8
    assert waiting == 3


def test_a_cluster_that_is_not_known_has_unknown_gpus_and_no_free_ones():
    tiles, _ = tiled([], 3)

    assert [tile.state for tile in tiles] == ["unknown"] * 3


workers = st.integers(0, 12)


@given(workers, workers, workers, workers, workers, workers, st.integers(1, 16))
def test_there_is_one_tile_a_gpu_whatever_the_cluster_says(p, pp, pd, d, dp, dd, total):
    tiles, waiting = tiled(
        [PoolView("prefill", p, p, pp, pd), PoolView("decode", d, d, dp, dd)], total
    )

    assert len(tiles) == total
    pending = sum(tile.state == "pending" for tile in tiles)
    assert pending + waiting == pp + dp


def test_a_phase_with_a_settle_tail_takes_two_segments_and_one_place():
    segments = PROD.timeline.segments

    found = places(PROD.table.phases)

    assert [PROD.table.phases[place].name for place in found] == [s.phase.name for s in segments]


def test_the_strip_knows_past_now_and_next():
    assert [state_of(place, 1) for place in range(3)] == ["past", "now", "next"]
    assert state_of(0, None) == "next"


def test_a_phase_is_half_over_when_half_of_it_and_its_tail_is_left():
    phase = next(phase for phase in PROD.table.phases if phase.settle)
    length_s = phase.duration_s + phase.settle.duration_s
    settle_s = phase.settle.duration_s
    main = PhaseView(phase.name, "main", 0, length_s / 2, length_s / 2 - settle_s)
    tail = PhaseView(phase.name, "settle", 0, settle_s - length_s / 10, length_s / 10)

    assert share_done(main, length_s, phase) == pytest.approx(0.5)
    assert share_done(tail, length_s, phase) == pytest.approx(0.9)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_progress_stays_between_nothing_and_all(ends_in_s, length_s):
    share = share_done(PhaseView("X", ends_in_s=ends_in_s), length_s, None)

    assert 0 <= share <= 1


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (3, 3.0),
        ([0.5], 0.5),
        (1e9, 1e9),
        (True, None),
        (math.nan, None),
        (-math.inf, None),
        ("12", None),
        (None, None),
        ([1, 2], None),
        ({}, None),
    ],
)
def test_only_finite_numbers_are_taken_from_a_browser(sent, taken):
    assert number(sent) == taken


def test_presets_are_the_loads_of_the_phases_of_their_names():
    found = {text.phase_title(each.name): each.mix for each in preset_phases(PROD.table.phases)}

    titles = ["Balanced", "KV cache demo", "Prefill stress", "Decode stress", "Full load"]
    assert list(found) == titles
    assert found["Prefill stress"] == WorkloadMix(0, 100, 0)


def test_a_table_without_a_phase_has_no_preset_for_it():
    assert [each.name for each in preset_phases(PROD.table.phases[:1])] == ["BALANCED"]


@pytest.mark.parametrize(("asked", "used"), [(-5, 0), (41, 40), (1e9, 40), (math.inf, 40), (7, 7)])
def test_a_rate_beyond_the_limits_is_the_limit(asked, used):
    assert within(asked, 40) == used


def test_the_rate_slider_reaches_beyond_every_phase():
    assert comfortable_rps(PROD.table.phases) >= max(phase.rps for phase in PROD.table.phases)


@pytest.mark.parametrize(
    ("keda", "said"),
    [
        ("active", "KEDA scales the workers"),
        ("blind", "KEDA cannot see it"),
        ("paused-by-other", "nothing scales the workers"),
        ("unknown", "is not known yet"),
    ],
)
def test_by_hand_the_controls_say_who_scales(keda, said):
    view = replace(StillDemo().now, mode="manual", keda=keda)

    assert said in reason(view)


def test_a_mix_that_is_not_reported_is_not_invented():
    view = replace(StillDemo().now, load=LoadView())

    assert mix_of(view) is None


def test_outcomes_are_counted_and_unknown_latencies_are_dashes():
    assert cells(WorkloadView(due=3, ok=2, failed=1)) == (*"–––––", "1", "0")
    assert set(cells(None)) == {"–"}


def test_goodput_tail_and_token_time_stand_beside_the_medians():
    chat = WorkloadView(
        ttft=Quantiles(9, 585.0, 1240.0, 3400.0), tpot=Quantiles(9, 21.4), good_rps=3.512
    )

    row = dict(zip(text.WORKLOAD_COLUMNS, cells(chat), strict=True))

    assert (row["p99"], row["TPOT"], row["good/s"]) == ("3.40\u202fs", "21.4\u202fms", "3.51")


def test_the_light_says_why_it_is_not_green_and_where_arrival_times_come_from():
    assert text.light_tip("", "kernel", "") == "Arrival times from the kernel"
    assert text.light_tip("the reader stalls: 70 ms", "user", "the connection is encrypted") == (
        "the reader stalls: 70 ms. Arrival times from the client: the connection is encrypted"
    )
    assert text.light_tip("", "", "") == ""


def test_phase_names_read_like_words():
    titles = [text.phase_title(name) for name in ("KV_CACHE_DEMO", "PREFILL_STRESS", "IDLE")]

    assert titles == ["KV cache demo", "Prefill stress", "Idle"]


def test_every_mode_and_state_has_its_words():
    assert set(text.KEDA) == set(KedaState.__args__)
    assert set(text.LOCKED) < set(Mode.__args__)
    assert set(text.CONFIRM) == set(text.CONFIRM_YES)
