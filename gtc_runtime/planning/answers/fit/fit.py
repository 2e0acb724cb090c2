"""Numbers for every phase, so that each claim of the story passes with a margin on this hardware.

Deterministic: the same environment and seeds give the same table. It must not print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.cycle import Show
from gtc_runtime.planning.answers.fit.bench import Bench
from gtc_runtime.planning.answers.fit.calm import cached, calmed
from gtc_runtime.planning.answers.fit.draft import Change, Draft
from gtc_runtime.planning.answers.fit.layout import PAIRS, laid_out
from gtc_runtime.planning.answers.fit.limits import guarded, scaled
from gtc_runtime.planning.answers.fit.pairs import AIM, CALM, fitted_pair
from gtc_runtime.planning.answers.fit.patch import patch
from gtc_runtime.planning.check import PredictedClaim, Prediction, predicted
from gtc_spec.environment import Environment

JSON = dict[str, Any]
SEARCH_SEEDS: Final = 4
"""Cycles that a search plays of each draft."""
AGAIN: Final = (0.12, 0.25)
"""More margin than that is looked for where the whole cycle, or other seeds, fell short."""
BUSY: Final = "FULL_LOAD"
LAST: Final = "COOLDOWN"
STEPS: Final = 7 + len(PAIRS)
"""So many things are looked for at most, unless something falls short at the end."""


@dataclass(frozen=True)
class Fit:
    """The answer.

    Attributes:
        before, after: Predictions with the table as it was and as it is fitted.
        environment: With the fitted values.
        changes: What is other, and why.
    """

    before: Prediction
    after: Prediction
    environment: Environment
    changes: tuple[Change, ...]

    @property
    def short(self) -> tuple[PredictedClaim, ...]:
        """Claims that do not hold by `AIM` in three of four seeds."""
        return tuple(each for each in self.after.claims if (each.sure or -1.0) < AIM)

    @property
    def patch(self) -> str:
        """The changes as TOML."""
        return patch(self.environment, self.changes)

    def to_json(self) -> JSON:
        """Plain containers."""
        return {
            "env": self.before.environment,
            "table": self.before.table,
            "fits": not self.short,
            "short": [each.to_json() for each in self.short],
            "changes": [asdict(each) for each in self.changes],
            "patch": self.patch,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        }


def fit(show: Show, seeds: Sequence[int], crew: Crew, told: Callable[[str], None]) -> Fit:
    """Change what must change, and nothing else.

    Args:
        show: Where to begin.
        seeds: Those of the predictions before and after; the search plays the first few.
        crew: Who plays.
        told: Called with what is being looked for.
    """
    told("the table as it is")
    before = predicted(show, seeds, crew)
    bench = Bench(show.hardware, seeds[:SEARCH_SEEDS], crew, told)
    draft = _fitted(Draft(show.environment), bench, before)
    told("the fitted table")
    after = predicted(Show(draft.environment, show.hardware), seeds, crew)
    for more in AGAIN:
        short = {each.phase for each in after.claims if (each.sure or -1.0) < AIM}
        pairs = [pair for pair in PAIRS if short & set(pair)]
        if not pairs:
            break
        for pair in pairs:
            told(f"more of {pair[0]}")
            draft = fitted_pair(draft, bench, pair, AIM + more)
        draft = _limited(draft, bench)
        after = predicted(Show(draft.environment, show.hardware), seeds, crew)
    return Fit(before, after, draft.environment, tuple(draft.changes(show.environment)))


def _fitted(draft: Draft, bench: Bench, before: Prediction) -> Draft:
    begun = draft.environment
    bench.told(f"a calm {CALM}")
    draft = calmed(laid_out(draft, bench.hardware.worker_start_s), bench, CALM)
    bench.told("a cache that shows")
    draft = cached(draft, bench)
    short = {each.phase for each in before.claims if (each.sure or -1.0) < AIM}
    for pair in PAIRS:
        if draft.environment == begun and not short & set(pair):
            continue  # it holds as it is, and nothing before it was changed
        bench.told(f"a {pair[0]} that shows and can be taken back")
        draft = fitted_pair(draft, bench, pair)
    for name in (BUSY, LAST):
        bench.told(f"a {name} within the goals")
        draft = calmed(draft, bench, name)
    return _limited(draft, bench)


def _limited(draft: Draft, bench: Bench) -> Draft:
    bench.told("guards and thresholds")
    cycles = bench.cycles(draft)
    return scaled(guarded(draft, cycles), bench.hardware, cycles)
