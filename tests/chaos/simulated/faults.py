"""Which request fails, and how: seeded, and counted by call site and kind.

A call site is verb, resource and the line of the product that asked. It must not know what is
behind the requests.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path
from typing import Final, Literal

Fault = Literal[
    # before it is done
    "conflict", "busy", "busy for long", "error", "gateway", "unavailable", "forbidden",
    "unauthorised", "refused", "reset", "hang", "slow",
    # after it was done: the outcome is unknown to whoever asked
    "reset after", "hang after", "error after", "gateway after", "late",
    # an answer that is none
    "garbage", "cut",
]  # fmt: skip

BEFORE: Final[tuple[Fault, ...]] = (
    "busy", "error", "gateway", "unavailable", "forbidden", "unauthorised", "refused", "reset",
    "hang", "slow",
)  # fmt: skip
AFTER: Final[tuple[Fault, ...]] = (
    "reset after", "hang after", "error after", "gateway after", "late",
)  # fmt: skip
READS: Final[tuple[Fault, ...]] = (*BEFORE, "garbage", "cut")
WRITES: Final[tuple[Fault, ...]] = (*BEFORE, "conflict", "busy for long", *AFTER)
_RUNTIME = str(Path(__file__).parents[3] / "gtc_runtime")
_BELOW = f"{_RUNTIME}/cluster/api/"


class Faults:
    """The plan.

    Args:
        chance: Decides.

    Attributes:
        rate: Share of the requests that fail.
        down: How the whole API fails now; None while it answers.
        denied: Plurals whose patches an admission webhook denies now.
        hits: How often each (call site, fault) came to be.
    """

    def __init__(self, chance: random.Random, hits: Counter[tuple[str, str]]) -> None:
        self._chance = chance
        self.hits = hits
        self.rate = 0.0
        self.down: Literal["refused", "hang", "unavailable"] | None = None
        self.denied: set[str] = set()

    def pick(self, method: str, plural: str) -> Fault | None:
        """The fault of this request, if any; counted."""
        if self.down is not None:
            return self._hit(method, plural, self.down, f"down: {self.down}")
        if self._chance.random() >= self.rate:
            return None
        fault = self._chance.choice(READS if method == "GET" else WRITES)
        return self._hit(method, plural, fault, fault)

    def denies(self, method: str, plural: str) -> bool:
        """Whether a webhook denies this request; counted."""
        if method != "PATCH" or plural not in self.denied:
            return False
        self._hit(method, plural, "forbidden", "webhook")
        return True

    def _hit(self, method: str, plural: str, fault: Fault, name: str) -> Fault:
        self.hits[f"{method} {plural} by {caller()}", name] += 1
        return fault


def caller() -> str:
    """Who of the product asks: the two functions nearest to the client."""
    found: list[str] = []
    frame = sys._getframe(1)
    while frame is not None and len(found) < 2:
        file = frame.f_code.co_filename
        if file.startswith(_RUNTIME) and not file.startswith(_BELOW):
            found.append(f"{Path(file).stem}.{frame.f_code.co_name}")
        frame = frame.f_back  # type: ignore[assignment]
    return " < ".join(found)
