"""The Lease taken by force from a living panel while requests fail: one writer at a time."""

import random

import pytest

from gtc_spec.environment import load
from tests.chaos.simulated.world import World, world

PROD = load("prod")


def seized(made: World, chance: random.Random) -> None:
    """A presenter steers, somebody orders the safe or the fallback state, requests fail."""
    made.start_guardian()
    panel = made.start_panel("a")
    made.run(8.0)
    made.command(panel, "auto")
    made.run(6.0)
    made.faults.rate = chance.choice((0.05, 0.15, 0.3))
    for _ in range(chance.randint(1, 4)):
        made.command(panel, "next_phase")
        made.run(chance.uniform(0.0, 4.0))
    if chance.random() < 0.6:
        made.safe()
    else:
        made.prescale(100.0)
    made.run(chance.uniform(0.0, 3.0))
    made.command(panel, "next_phase")
    made.run(20.0)
    made.faults.rate = 0.0
    made.run(40.0)


@pytest.mark.parametrize("first", [0, 40])
def test_whoever_takes_the_lease_by_force_writes_alone(first: int) -> None:
    violations = {}
    for seed in range(first, first + 10):
        with world(PROD, seed) as made:
            seized(made, random.Random(seed))
            violations[seed] = list(made.violations)

    assert {seed: found for seed, found in violations.items() if found} == {}


@pytest.mark.parametrize("panel", [True, False])
def test_of_two_who_take_it_at_the_same_moment_one_waits_until_the_other_has_noticed(
    panel: bool,
) -> None:
    violations = {}
    for seed in range(10):
        with world(PROD, seed) as made:
            if panel:
                made.start_panel("a")
            made.run(8.0)
            made.cluster.scale("prefill", 4)
            for _ in range(3):
                made.safe()
            made.run(90.0)
            violations[seed] = list(made.violations)

    assert {seed: found for seed, found in violations.items() if found} == {}
