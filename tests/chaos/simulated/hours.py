"""Simulated hours of auto and manual mode under deaths, faults, outages and people.

A part of `make chaos`. One seed is one world; ``python -m tests.chaos.simulated.hours SEED`` plays
one again and shows the end of its history.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from gtc_spec.environment import load
from tests.chaos.parts import Figure, Size, at_least, at_most, equal
from tests.chaos.simulated.nemesis import OUTAGES_S, Nemesis
from tests.chaos.simulated.world import world

WORLDS: Final = {"full": 440, "slice": 12}
HOURS: Final = {"full": 3.0, "slice": 0.5}
REPLAYS: Final = 4
PROCESSES: Final = 2


@dataclass
class Played:
    """What one world came to."""

    seed: int
    hours: float
    history: str
    violations: list[str]
    hits: Counter[tuple[str, str]]
    kills: Counter[tuple[str, ...]]
    acts: Counter[str]
    rates: list[tuple[float, float]]
    modes_s: Counter[str]
    converged: int
    recent: list[str] = field(default_factory=list)


def play(seed: int, hours: float) -> Played:
    """Play one world."""
    poll_s = random.Random(f"poll {seed}").choice((2.0, 4.0, 4.0))
    with world(load("prod"), seed, poll_s=poll_s) as made:
        nemesis = Nemesis(made)
        nemesis.play(hours * 3600)
        recent = list(made.story.recent) if made.violations else []
        return Played(
            seed, made.now_s / 3600, made.history, list(made.violations), made.hits, made.kills,
            nemesis.acts, nemesis.rates, made.modes_s, nemesis.converged, recent,
        )  # fmt: skip


def run(size: Size, seed: int) -> list[Figure]:
    """The part."""
    seeds = [seed * 1_000_000 + number for number in range(WORLDS[size])]
    hours = [HOURS[size]] * len(seeds)
    with ProcessPoolExecutor(PROCESSES) as pool:
        played = list(pool.map(play, seeds, hours))
    again = random.Random(seed).sample(played, REPLAYS)
    # fresh interpreters, whose hashes of texts and places in memory are others
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        replayed = list(pool.map(play, [one.seed for one in again], hours))
    for one in played:
        for text in one.violations:
            sys.stdout.write(
                f"  seed {one.seed}: {text}\n  repeat:"
                f" .venv/bin/python -m tests.chaos.simulated.hours {one.seed}"
                f" --hours {HOURS[size]:g}\n"
            )
    differ = [a.seed for a, b in zip(again, replayed, strict=True) if a.history != b.history]
    for one_seed in differ:
        sys.stdout.write(
            f"  seed {one_seed} was played twice and differs\n"
            f"  repeat: .venv/bin/python -m tests.chaos.simulated.replay {one_seed}"
            f" --hours {HOURS[size]:g}\n"
        )
    same = len(again) - len(differ)
    return _figures(size, played, same)


def _figures(size: Size, played: list[Played], same: int) -> list[Figure]:
    full = size == "full"
    hits: Counter[tuple[str, str]] = sum((one.hits for one in played), Counter())
    kills: Counter[tuple[str, ...]] = sum((one.kills for one in played), Counter())
    acts: Counter[str] = sum((one.acts for one in played), Counter())
    modes_s: Counter[str] = sum((one.modes_s for one in played), Counter())
    violations = [text for one in played for text in one.violations]
    converged = sum(one.converged for one in played)
    driven_h = (modes_s["auto"] + modes_s["manual"]) / 3600
    down = sum(count for (_, kind), count in hits.items() if kind.startswith("down: "))
    figures = [
        at_least(
            "simulated hours of auto and manual mode", round(driven_h, 1), 1000 if full else 4
        ),
        Figure("simulated hours in all", f"{sum(one.hours for one in played):,.1f}"),
        at_least("kills at an await", kills.total(), 1000 if full else 20),
        Figure("distinct awaits, by the lines that waited", f"{len(kills):,}"),
        at_least("faults", hits.total() - down, 2500 if full else 500),
        Figure("requests that found the API down", f"{down:,}"),
        at_least("distinct (call site, fault) pairs", len(hits), 300 if full else 60),
        Figure("of them in auto mode", f"{modes_s['auto'] / 3600:,.1f}"),
        Figure("of them in manual mode", f"{modes_s['manual'] / 3600:,.1f}"),
        Figure("acts of people, deaths, outages", f"{acts.total():,}"),
        at_most("violations", len(violations), 0),
        equal("seeds that replay identically", same, REPLAYS),
    ]
    least = 50 if full else None
    figures.append(_counted("outages in steady auto mode, in order 15 s after", converged, least))
    for lasted_s in OUTAGES_S:
        rates = [rate for one in played for length_s, rate in one.rates if length_s == lasted_s]
        away, most = f"API down for {lasted_s:g} s", max(rates, default=0.0)
        figures += [
            _counted(f"{away}, processes that lived through it", len(rates), least),
            at_most(f"{away}, highest mean of requests a second", round(most, 2), 1.0),
        ]
    return figures


def _counted(name: str, found: int, least: int | None) -> Figure:
    """A count that must not be lower; None where a slice is too short to ask for any."""
    return Figure(name, f"{found:,}") if least is None else at_least(name, found, least)


def main() -> int:
    """Play one seed and tell all of it."""
    parser = argparse.ArgumentParser("python -m tests.chaos.simulated.hours")
    parser.add_argument("seed", type=int)
    parser.add_argument("--hours", type=float, default=HOURS["full"])
    asked = parser.parse_args()
    played = play(asked.seed, asked.hours)
    ends = [*played.recent, *played.violations]
    sys.stdout.write("\n".join([*ends, f"history {played.history}", ""]))
    return 1 if played.violations else 0


if __name__ == "__main__":
    sys.exit(main())
