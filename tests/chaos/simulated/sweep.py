"""One kill at every await of a journey: the same minutes again and again, each time one step later.

A part of `make chaos`. The journey takes KEDA's pools, plays the beginning of a show and gives them
back. After each kill either the guardian alone or a new panel has to bring everything in order; a
new panel on the same host begins 2 s after the kill.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from gtc_spec.environment import load
from tests.chaos.parts import Figure, Size, at_least, at_most
from tests.chaos.simulated.nemesis import in_order
from tests.chaos.simulated.world import World, world

KILLS: Final = {"full": 1600, "slice": 60}
WANTED: Final = {"full": 1000, "slice": 50}
NEVER: Final = 10**9
PROCESSES: Final = 2
RESUMED_S: Final = 30.0


@dataclass(frozen=True)
class Outcome:
    """What one kill led to."""

    step: int
    restart: bool
    place: tuple[str, ...]
    killed_s: float
    took_s: float | None
    violations: tuple[str, ...]


def journey(made: World) -> None:
    """A show is entered, steered, stopped, resumed, held, left with its load on, and reset."""
    panel = made.panels[0]
    for name, options, for_s in (
        ("auto", {}, 4.0), ("next_phase", {}, 4.0), ("next_phase", {}, 5.0),
        ("manual", {"keep_load": False}, 6.0), ("resume_show", {}, 4.0), ("reset", {}, 6.0),
        ("auto", {"once": True}, 6.0), ("hold", {"on": True}, 3.0), ("hold", {"on": False}, 3.0),
        ("next_phase", {}, 6.0), ("extend", {}, 3.0), ("manual", {"keep_load": True}, 8.0),
    ):  # fmt: skip
        if not panel.process.alive:
            return
        made.command(panel, name, **options)
        made.until(lambda: not panel.process.alive, for_s)


def kill_at(step: int, restart: bool) -> Outcome:
    """Play the journey and kill the panel before its so-manieth step."""
    with world(load("prod"), seed=7) as made:
        made.start_guardian()
        panel = made.start_panel()
        made.run(10.0)
        made.kill_at_step(panel, step)
        journey(made)
        if panel.process.alive:
            return Outcome(step, restart, (), 0.0, None, ("the journey has fewer steps",))
        killed_s = made.killed_s
        if restart:
            made.run(max(0.0, killed_s + 2.0 - made.now_s))
            made.start_panel("a")
        made.until(lambda: in_order(made), 60.0)
        took_s = made.now_s - killed_s
        made.run(20.0)
        (place,) = made.kills
        return Outcome(step, restart, place, killed_s, took_s, tuple(made.violations))


def steps_of_journey() -> list[int]:
    """Steps before which a kill strikes at a time and a place of its own, when nobody dies."""
    steps: dict[tuple[float, tuple[str, ...]], int] = {}
    with world(load("prod"), seed=7) as made:
        made.start_guardian()
        panel = made.start_panel()
        made.run(10.0)
        process, before = panel.process, panel.process.steps

        def note(place: tuple[str, ...]) -> None:
            steps.setdefault((made.now_s, place), process.steps - before)

        process.on_step = note
        made.kill_at_step(panel, NEVER)
        journey(made)
    return list(steps.values())


def run(size: Size, seed: int) -> list[Figure]:
    """The part."""
    steps = steps_of_journey()
    chosen = sorted(random.Random(seed).sample(steps, min(KILLS[size], len(steps))))
    restarts = [bool(number % 2) for number in range(len(chosen))]
    with ProcessPoolExecutor(PROCESSES) as pool:
        outcomes = list(pool.map(kill_at, chosen, restarts, chunksize=4))
    return _figures(size, outcomes)


def _figures(size: Size, outcomes: list[Outcome]) -> list[Figure]:
    for one in outcomes:
        for text in one.violations:
            sys.stdout.write(
                f"  {text}\n  repeat: .venv/bin/python -m tests.chaos.simulated.sweep {one.step}"
                f"{' --restart' if one.restart else ''}\n"
            )
    awaits = {(one.killed_s, one.place) for one in outcomes if one.place}
    places = Counter(one.place for one in outcomes)
    alone = [one.took_s or 0.0 for one in outcomes if not one.restart]
    again = [one.took_s or 0.0 for one in outcomes if one.restart]
    return [
        at_least("kills, each at a time and an await of its own", len(awaits), WANTED[size]),
        Figure("distinct awaits among them, by the lines that waited", f"{len(places):,}"),
        at_most("longest until keda is resumed by the guardian, s", max(alone), RESUMED_S),
        at_most("longest until a restarted panel has resumed it, s", max(again), 20.0),
        at_most("violations", sum(len(one.violations) for one in outcomes), 0),
    ]  # fmt: skip


def main() -> int:
    """Play one kill and tell all of it."""
    parser = argparse.ArgumentParser("python -m tests.chaos.simulated.sweep")
    parser.add_argument("step", type=int)
    parser.add_argument("--restart", action="store_true")
    asked = parser.parse_args()
    outcome = kill_at(asked.step, asked.restart)
    sys.stdout.write(f"{outcome}\n")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
