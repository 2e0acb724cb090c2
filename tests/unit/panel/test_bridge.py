"""From the view to chart rows."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_panel.bridge import WINDOW_S, Bridge, Marker, chart_row, epoch_ms, merged_markers
from gtc_runtime.told import BandView, DotView, TwinView
from gtc_runtime.view import EventView, PhaseView
from tests.browser.still_demo import NOON, StillDemo

NOON_MS = round(NOON.timestamp() * 1000)


@pytest.fixture
def demo():
    return StillDemo()


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def test_a_row_holds_ttft_in_seconds_and_itl_in_milliseconds(demo):
    row = chart_row(demo.now)

    assert row[:7] == (NOON_MS, 0.64, 1.24, 21.4, 24.6, "", 348.2)
    assert (row.ttft_p99_s, row.itl_p99_ms, row.light) == (1.8, 26.0, "green")


def test_a_row_carries_the_phase_only_while_a_show_runs(demo):
    demo.change(phase=PhaseView("FULL_LOAD", index=8))

    assert chart_row(demo.now).phase == "FULL_LOAD"


@pytest.mark.parametrize("age_s", [None, 15.1])
def test_latencies_that_are_too_old_become_a_gap(demo, age_s):
    demo.change(load_age_s=age_s)

    assert chart_row(demo.now)[1:5] == (None, None, None, None)
    assert chart_row(demo.now).output_tokens_s is None


def test_latencies_without_samples_are_a_gap_and_not_zero(demo):
    demo.change(workloads={})

    assert chart_row(demo.now)[1:5] == (None, None, None, None)


def test_rows_older_than_the_window_are_forgotten(demo):
    bridge = Bridge(demo)

    for second in range(0, int(WINDOW_S) + 60, 10):
        demo.change(at=at(second))
        bridge.sample()

    first, *_, last = bridge.rows
    assert last.at_ms - first.at_ms == WINDOW_S * 1000


def test_markers_outlive_the_event_feed_but_not_the_window(demo):
    bridge = Bridge(demo)
    demo.change(events=(EventView(at(0), "scale", "4P:3D ordered"),))
    bridge.sample()

    demo.change(at=at(200), events=())
    assert bridge.sample().markers == (Marker(NOON_MS, "scale", "4P:3D ordered"),)

    demo.change(at=at(301))
    assert bridge.sample().markers == ()


def test_only_orders_and_readiness_mark_the_charts():
    events = [EventView(at(n), kind, "") for n, kind in enumerate(["phase", "scale", "ready"])]

    markers = merged_markers((), [*events, replace(events[1], at="nonsense")], 0)

    assert [marker.kind for marker in markers] == ["scale", "ready"]


async def test_the_bridge_goes_on_after_a_view_that_could_not_be_made(demo, caplog):
    bridge = Bridge(demo, period_s=0.01)
    ticks = []
    bridge.ticks.subscribe(ticks.append)
    view, demo.now = demo.now, None

    bridge.start()
    await wait_for(lambda: "cannot sample the view" in caplog.text)
    demo.now = view
    await wait_for(lambda: ticks)
    await bridge.stop()

    assert ticks[0].view == view


async def wait_for(condition):
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.005)


def test_a_time_keeps_its_zone_on_the_way_to_the_charts() -> None:
    assert epoch_ms("1970-01-01T01:00:01+01:00") == 1000
    assert epoch_ms("yesterday") is None


def test_charts_go_on_after_what_was_shown_before(demo):
    past = [replace(demo.now, at=at(second)) for second in range(3)]
    bridge = Bridge(demo)
    bridge.remember(past)
    demo.change(at=at(2.5))
    bridge.sample()

    assert [row.at_ms - NOON_MS for row in bridge.rows] == [0, 1000, 2000, 2500]


def test_a_time_in_which_nobody_looked_is_a_gap(demo):
    bridge = Bridge(demo)
    bridge.remember([demo.now])
    demo.change(at=at(9))
    bridge.sample()

    _, gap, now = bridge.rows
    assert gap[1:5] == (None, None, None, None)
    assert now.ttft_p50_s is not None


def test_another_port_is_shown_in_place_of_the_own_one_and_back(demo):
    other = StillDemo()
    other.change(cluster="Recorded", at=at(-3600))
    bridge = Bridge(demo)
    own = bridge.sample()
    bridge.show(other)
    shown = bridge.latest
    bridge.show(None)

    assert (own.view.cluster, shown.view.cluster) == ("Rehearsal", "Recorded")
    assert bridge.latest.view.cluster == "Rehearsal"
    assert own.story == bridge.latest.story != shown.story


def test_the_own_charts_go_on_while_another_port_is_shown(demo):
    bridge = Bridge(demo)
    bridge.sample()
    bridge.show(StillDemo())
    for second in (1, 2):
        demo.change(at=at(second))
        bridge.sample()
    bridge.show(None)

    assert {row.at_ms - NOON_MS for row in bridge.rows} == {0, 1000, 2000}


def test_a_recording_that_begins_again_begins_the_charts_anew(demo):
    demo.change(at=at(800))
    bridge = Bridge(demo)
    before = bridge.sample()
    demo.change(at=at(0))
    after = bridge.sample()

    assert [row.at_ms for row in bridge.rows] == [NOON_MS]
    assert after.story != before.story


DOTS = st.builds(
    DotView,
    st.integers(0, 20).map(lambda n: NOON_MS + n * 40_000),
    st.sampled_from([300.0, 16_000.0]),
    st.sampled_from(["chat_turn1", "reasoning"]),
)


@given(st.lists(st.lists(DOTS, max_size=6), max_size=12))
def test_each_single_request_reaches_a_page_once_however_often_it_is_shown(views):
    demo, told = StillDemo(), []
    bridge = Bridge(demo)
    for number, dots in enumerate(views):
        demo.change(at=at(number * 60), load=replace(demo.now.load, dots=tuple(dots)))
        told += bridge.sample().dots
    oldest_ms = NOON_MS + (len(views) - 1) * 60_000 - WINDOW_S * 1000
    shown = {
        dot
        for number, dots in enumerate(views)
        for dot in dots
        if dot.at_ms >= NOON_MS + number * 60_000 - WINDOW_S * 1000
    }
    assert len(told) == len(set(told))
    assert set(told) == shown
    assert {dot for dot in bridge.dots if dot.at_ms >= oldest_ms} == {
        dot for dot in shown if dot.at_ms >= oldest_ms
    }


def test_a_page_that_opens_late_finds_the_single_requests_of_the_window_only(demo):
    bridge = Bridge(demo)
    for second in (0, 200, 400):
        dot = DotView(NOON_MS + second * 1000, 500.0, "reasoning")
        demo.change(at=at(second), load=replace(demo.now.load, dots=(dot,)))
        bridge.sample()

    assert [(dot.at_ms - NOON_MS) / 1000 for dot in bridge.dots] == [200, 400]


def test_a_row_carries_where_the_twin_expects_its_curves():
    demo = StillDemo()
    demo.change(twin=TwinView("ready", None, BandView(9000, 12_000), BandView(20.9, 21.3)))
    row = chart_row(demo.now)

    assert (row.twin_ttft_p50_low_s, row.twin_ttft_p50_high_s) == (None, None)
    assert (row.twin_ttft_p95_low_s, row.twin_ttft_p95_high_s) == (9.0, 12.0)
    assert (row.twin_itl_p50_low_ms, row.twin_itl_p50_high_ms) == (20.9, 21.3)


def test_no_band_is_drawn_where_the_figures_are_not_of_now():
    demo = StillDemo()
    band = BandView(9000, 12_000)
    demo.change(twin=TwinView("ready", band, band, band), load_age_s=20.0)

    assert set(chart_row(demo.now)[10:]) == {None}
