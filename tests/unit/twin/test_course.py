"""A simulated cycle as the charts would have drawn it."""

from itertools import accumulate

import pytest

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.twin.course import courses
from gtc_runtime.view import WINDOW_S
from gtc_spec.environment import load


@pytest.fixture(scope="module")
def played():
    environment = load("prod").scaled(0.25)
    simulation = Simulation(environment, Hardware.of(environment), seed=1)
    simulation.run()
    return environment.timeline, simulation, courses(simulation)


def test_every_segment_of_the_timeline_has_one(played):
    timeline, _, found = played

    assert [each.segment.phase.name for each in found] == [
        segment.phase.name for segment in timeline.segments
    ]


def test_they_follow_one_another_without_a_gap(played):
    _, simulation, found = played
    *_, end_s = accumulate(len(each.points) for each in found)

    assert end_s == simulation.log.spans[-1].end_s


def test_a_request_that_still_waits_is_in_no_figure(played):
    _, simulation, found = played
    first = min(each.first_s for each in simulation.requests if each.first_s >= 0)
    silent = found[0].points[: int(first) + 1]

    assert {point["ttft_p95"] for point in silent} == {None}
    assert found[0].points[int(first) + 1]["ttft_p95"] is not None


def test_a_curve_is_over_the_window_of_the_charts(played):
    _, simulation, found = played
    at_s = simulation.log.spans[3].start_s
    known = sorted(
        request.ttft_s
        for request in simulation.requests
        if at_s - WINDOW_S <= request.due_s <= at_s and request.first_s <= at_s
    )
    point = found[3].points[0]

    assert point["ttft_p50"] == pytest.approx(1000 * known[(len(known) - 1) // 2], rel=0.01)
    itl = simulation.book.window(at_s - WINDOW_S, at_s)["all"].itl
    assert point["itl_p50"] == pytest.approx(1000 * itl.quantile(0.5))
