"""The parts of `make chaos`, in the order of the report.

A part is a module with ``run(size, seed) -> list[Figure]``; it is loaded only where it runs, each
in a process of its own. Add a line to `PARTS` to register one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Size = Literal["full", "slice"]


@dataclass(frozen=True)
class Figure:
    """One figure of a part, held against what is wanted.

    Attributes:
        name: What was counted or measured, with its unit.
        found: As measured, for people.
        wanted: What it has to be, for people; empty when it is only told.
        met: Whether it is.
    """

    name: str
    found: str
    wanted: str = ""
    met: bool = True


def at_least(name: str, found: float, wanted: float) -> Figure:
    """A figure that must not be lower."""
    return Figure(name, f"{found:,.10g}", f">= {wanted:,.10g}", found >= wanted)


def at_most(name: str, found: float, wanted: float) -> Figure:
    """A figure that must not be higher."""
    return Figure(name, f"{found:,.10g}", f"<= {wanted:,.10g}", found <= wanted)


def equal(name: str, found: float, wanted: float) -> Figure:
    """A figure that must be exactly this."""
    return Figure(name, f"{found:,.10g}", f"= {wanted:,.10g}", found == wanted)


@dataclass(frozen=True)
class Part:
    """What can be run by itself.

    Attributes:
        name: As on the command line.
        about: What it does, one line.
        module: Where its ``run`` is; the seed decides everything that is left to chance.
        full_s, slice_s: Longest time that it may take in either size; a slice needs a quarter of
            it on a quiet machine, all of them together at most 180 s.
    """

    name: str
    about: str
    module: str
    full_s: float
    slice_s: float


_SIMULATED = "tests.chaos.simulated"
PARTS: Final[tuple[Part, ...]] = (
    Part(
        "hours",
        "simulated hours of the show under kills, faults, outages and people",
        f"{_SIMULATED}.hours",
        2400.0,
        160.0,
    ),
    Part(
        "sweep",
        "a kill at every await of a journey, then the guardian or a new panel",
        f"{_SIMULATED}.sweep",
        600.0,
        100.0,
    ),
    Part(
        "rules",
        "a rule machine: panels, guardian, people and faults in any order",
        f"{_SIMULATED}.rules",
        600.0,
        80.0,
    ),
    Part(
        "malformed",
        "inputs of fourteen kinds, damaged: one line or counted, never a traceback",
        "tests.chaos.malformed.run",
        600.0,
        80.0,
    ),
    Part(
        "soak",
        "streamed requests through a network with 5 % faults: are the books right?",
        "tests.chaos.network.soak",
        1200.0,
        100.0,
    ),
    Part(
        "outages",
        "the API away for 10 s, 2 min and 10 min in the middle of auto mode, over HTTP",
        "tests.chaos.network.outages",
        1500.0,
        120.0,
    ),
    Part(
        "kills",
        "real panels, killed at each step that changes the cluster, in each phase",
        "tests.chaos.processes.kills",
        3600.0,
        240.0,
    ),
)
