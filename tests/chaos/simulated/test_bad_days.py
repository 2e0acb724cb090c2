"""Single bad days of a show, in virtual time: what a panel, its guardian and people come to."""

from collections.abc import Iterator

import pytest

from gtc_runtime.scenario.conductor import LEAVE_S
from gtc_spec.environment import load
from gtc_spec.pools import PDRatio
from tests.chaos.simulated.processes import Panel
from tests.chaos.simulated.sweep import NEVER
from tests.chaos.simulated.world import World, world

PROD = load("prod")
GUARDED_S = 30.0
RESTARTED_S = 20.0


@pytest.fixture
def here() -> Iterator[World]:
    with world(PROD, 1) as made:
        made.start_guardian()
        yield made
        assert made.violations == []


@pytest.fixture
def panel(here: World) -> Panel:
    """One that plays the show, ten seconds into its first phase."""
    started = here.start_panel("a")
    here.run(8.0)
    here.command(started, "auto")
    assert here.until(lambda: started.conductor.mode == "auto", 30.0)
    here.run(10.0)
    return started


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wall_clock_that_jumps_an_hour_moves_no_phase(
    here: World, panel: Panel, hours: int
) -> None:
    began_s = here.now_s - 10.0
    lasts_s = PROD.timeline.segments[0].phase.duration_s

    panel.process.wall_skew_s = hours * 3600.0

    here.run(began_s + lasts_s - 5.0 - here.now_s)
    assert panel.conductor.state.index == 0
    here.run(10.0)
    assert panel.conductor.state.index == 1


@pytest.mark.parametrize("for_s", [40.0, 1200.0])
def test_the_pause_of_a_panel_that_stands_still_is_ended_by_the_guardian(
    here: World, panel: Panel, for_s: float
) -> None:
    """A blocked event loop, or a machine that sleeps: it renews nothing, and writes nothing."""
    here.loop.freeze(panel.process, for_s)
    panel.frozen(here.now_s + for_s)

    assert here.until(lambda: not here.checker.pauses.without_end(), GUARDED_S)
    here.run(for_s + 20.0)
    assert not here.checker.pauses.without_end() or panel.writer.lease.held


@pytest.mark.parametrize("how", ["refused", "hang", "unavailable"])
def test_a_panel_that_is_told_to_end_while_kubernetes_is_away_ends_in_time(
    here: World, panel: Panel, how: str
) -> None:
    here.api_down(how)
    panel.terminate()
    assert here.until(panel.task.done, LEAVE_S + 5.0)

    here.api_up()
    assert here.until(lambda: not here.checker.pauses.without_end(), GUARDED_S)


def test_a_new_panel_ends_the_pause_of_a_dead_one_where_the_guardian_is_dead_too(
    here: World, panel: Panel
) -> None:
    assert here.guardian is not None
    here.kill(here.guardian)
    here.kill(panel.process)
    assert here.checker.pauses.without_end()

    second, pauses = here.start_panel("b"), here.checker.pauses

    assert here.until(lambda: second.writer.lease.held, RESTARTED_S)
    assert here.until(
        lambda: not pauses.without_end() or second.conductor.mode == "auto",
        RESTARTED_S,
    )


def test_workers_that_somebody_scales_in_a_phase_are_left_until_the_next_order(
    here: World, panel: Panel
) -> None:
    here.cluster.scale("prefill", 3)
    here.run(60.0)
    assert here.cluster.desired() == PDRatio(3, 3)

    here.command(panel, "next_phase")
    here.run(10.0)
    assert here.cluster.desired() == panel.conductor.state.ordered == PDRatio(2, 3)


def test_a_show_that_was_begun_before_the_panel_could_look_back_is_not_taken_for_an_earlier_one(
    here: World,
) -> None:
    panel = here.start_panel("a")

    def away_once_it_leads(_: tuple[str, ...]) -> None:
        if panel.writer.lease.held and here.now_s < 0.1:
            here.api_down("refused")

    panel.process.on_step, panel.process.kill_at = away_once_it_leads, NEVER
    here.run(1.0)
    panel.process.kill_at = None
    here.api_up()
    assert panel.writer.lease.held

    while panel.conductor.mode != "auto" and here.now_s < 30.0:
        here.command(panel, "auto")
        here.run(0.1)
    here.run(20.0)

    assert panel.conductor.mode == "auto"
    assert panel.told().count("KEDA paused; the scenario drives scaling") == 1
