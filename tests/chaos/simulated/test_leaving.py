"""A process that is told to end does, wherever it waits at that moment.

A cancellation that arrives while something else is being cancelled is easily taken for its own
and lost; the process then goes on for ever. So each step is tried, not each line.
"""

from __future__ import annotations

from gtc_runtime.scenario.conductor import LEAVE_S
from gtc_spec.environment import load
from tests.chaos.simulated import processes
from tests.chaos.simulated.loop import Numbered, Process
from tests.chaos.simulated.sweep import NEVER, journey
from tests.chaos.simulated.world import World, world

PROD = load("prod")
RESCUED_S = 30.0
GUARDIAN_LEAVES_S = 10.0
PANEL_ENDS = 16
"""Steps of the journey at which a panel is told to end, spread over all of it."""

Places = list[tuple[str, ...]]


def told_to_end_at(step: int, process: Process, task: Numbered) -> Places:
    """Cancel a task before the process's so-manieth step from now on; where its steps waited."""
    places: Places = []

    def count(place: tuple[str, ...]) -> None:
        places.append(place)
        if len(places) == step:
            task.cancel()

    process.on_step, process.kill_at = count, NEVER
    return places


def rescue(made: World, step: int) -> tuple[Places, Numbered]:
    """A guardian that ends the pause of a dead panel and is told to end at a step."""
    panel = made.start_panel()
    made.run(8.0)
    made.command(panel, "auto")
    assert made.until(lambda: panel.conductor.mode == "auto", 30.0)
    made.kill(panel.process)
    guardian = Process("guardian by hand", "g")
    task = processes.guardian(made.network, made.loop, guardian)
    places = told_to_end_at(step, guardian, task)
    made.until(task.done, RESCUED_S)
    return places, task


def test_a_guardian_ends_at_whatever_await_of_a_rescue_it_is_told_to() -> None:
    with world(PROD, 1) as made:
        places, _ = rescue(made, NEVER)
    assert any("_end_pause" in line for place in places for line in place), "it rescued nobody"

    first = {place: step for step, place in reversed(list(enumerate(places, 1)))}
    last = {place: step for step, place in enumerate(places, 1)}
    for step in sorted({*first.values(), *last.values()}):
        with world(PROD, 1) as made:
            _, task = rescue(made, step)
            assert made.until(task.done, GUARDIAN_LEAVES_S), places[step - 1]


def test_a_panel_ends_at_whatever_step_of_a_show_it_is_told_to() -> None:
    with world(PROD, 7) as made:
        panel = made.start_panel()
        made.run(10.0)
        steps = len(_journeyed(made, NEVER))

    for step in range(1, steps, steps // PANEL_ENDS):
        with world(PROD, 7) as made:
            panel = made.start_panel()
            made.run(10.0)
            places = _journeyed(made, step)
            assert made.until(panel.task.done, LEAVE_S), places[step - 1]


def _journeyed(made: World, step: int) -> Places:
    (panel,) = made.panels
    places = told_to_end_at(step, panel.process, panel.task)
    journey(made)
    return places
