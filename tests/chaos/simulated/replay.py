"""Whether one seed is one world: played again after another world, and in a fresh interpreter.

``python -m tests.chaos.simulated.replay SEED ... --hours 0.5`` compares everything that was asked,
written, answered and killed, and prints the first difference. Hashes of texts differ between the
interpreters, and places in memory do; nothing may follow from either.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Final

from gtc_spec.environment import load
from tests.chaos.simulated.nemesis import Nemesis
from tests.chaos.simulated.world import world

HASH_SEEDS: Final = ("1", "4711")
_ROOT: Final = Path(__file__).parents[3]


def played(seed: int, hours: float) -> list[str]:
    """All that happens in one world, a line each.

    Panels are told to end first, each killed a step later than the one before: in which order the
    parts of a panel end is what follows most easily from their places in memory.
    """
    with world(load("prod"), seed) as made:
        trace = made.story.trace = []
        for steps in range(1, 5):
            panel = made.start_panel("a")
            made.run(6.0)
            made.kill_at_step(panel, steps)
            panel.terminate()
            made.run(3.0)
        Nemesis(made).play(hours * 3600)
        return [*trace, *made.violations, f"history {made.history}"]


def played_apart(seed: int, hours: float, hash_seed: str) -> list[str]:
    """The same in a fresh interpreter, with hashes of its own."""
    command = [sys.executable, "-m", "tests.chaos.simulated.replay", str(seed)]
    command += ["--hours", str(hours), "--trace"]
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, cwd=_ROOT, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


def difference(one: list[str], other: list[str]) -> str:
    """The first line in which they differ; empty when they are the same."""
    for number, (a, b) in enumerate(zip_longest(one, other, fillvalue="(the end)")):
        if a != b:
            return f"line {number}: {a!r}, and the other time {b!r}"
    return ""


def main() -> int:
    """Play seeds again and again and tell what differs."""
    parser = argparse.ArgumentParser("python -m tests.chaos.simulated.replay")
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--hours", type=float, default=0.5)
    parser.add_argument("--trace", action="store_true", help="print all that happens, once")
    asked = parser.parse_args()
    if asked.trace:
        for seed in asked.seeds:
            sys.stdout.write("\n".join([*played(seed, asked.hours), ""]))
        return 0
    differ = 0
    for seed in asked.seeds:
        first = played(seed, asked.hours)
        played(seed + 1, 0.05)
        others = [played(seed, asked.hours)]
        others += [played_apart(seed, asked.hours, each) for each in HASH_SEEDS]
        found = [text for other in others if (text := difference(first, other))]
        differ += bool(found)
        told = "; ".join(found) or f"{len(others) + 1} times the same, {len(first):,} lines"
        sys.stdout.write(f"seed {seed}: {told}\n")
        sys.stdout.flush()
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
