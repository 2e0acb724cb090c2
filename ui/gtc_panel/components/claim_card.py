"""One measured before and after, with what it was held against: the proof beside the sentence."""

from __future__ import annotations

import re
from typing import Final

from gtc_panel import stage_text
from gtc_panel.components.basics import box, swap, words
from gtc_runtime.told import ClaimView
from gtc_runtime.view import DemoView
from gtc_spec.phases import phase_title

_UNIT: Final = re.compile(r" (?=p\d|m?s\b)")
"""The space before a quantile or a unit, where no line should end."""


class ClaimCard:
    """The claim of the running phase, or the newest one that was judged.

    Before and after stand alone in large; how soon, by what, and what did not happen are the line
    below.

    Args:
        classes: Additional classes of the card, such as its frame.
    """

    def __init__(self, classes: str = "") -> None:
        with box(f"claim {classes}") as self._box:
            self._sign = words("", "claim-sign")
            with box("claim-words"):
                self._text = words("", "claim-text").mark("claim")
                with box("claim-line"):
                    self._about = words("", "claim-about")
                    self._how = words("", "claim-how").mark("claim-how")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        claim = chosen(view)
        state = claim.state if claim else "none"
        swap(self._box, "claim-is-", state)
        self._sign.set_text(stage_text.CLAIM_SIGN[claim.state] if claim else "")
        what, how = split(claim.text) if claim else (stage_text.NO_CLAIM, "")
        self._about.set_text(about(view, claim))
        self._text.set_text(_UNIT.sub("\u00a0", what))
        self._how.set_text(how)


def chosen(view: DemoView) -> ClaimView | None:
    """The claim to show: of the running phase; else the last that was judged; else the last."""
    for wanted in (
        [each for each in view.claims if each.phase == view.phase.name],
        [each for each in view.claims if each.state != "measuring"],
        view.claims,
    ):
        if wanted:
            return wanted[-1]
    return None


def about(view: DemoView, claim: ClaimView | None) -> str:
    """Which phase a claim is from, unless it runs; after a show also how many held."""
    if claim is None or claim.phase == view.phase.name:
        return ""
    told = [phase_title(claim.phase)] if claim.phase else []
    judged = [each for each in view.claims if each.state != "measuring"]
    if view.phase.index is None and len(judged) > 1:
        held = sum(each.state == "held" for each in judged)
        told.append(stage_text.summary(held, len(judged)))
    return " · ".join(told)


def split(text: str) -> tuple[str, str]:
    """The figures of a claim's text, and the rest of it.

    ``did not recover: ITL p50 31.2 ms → 29.8 ms with +3 decode workers`` has its figures in the
    middle.
    """
    verdict, colon, figures = text.partition(": ")
    if not colon:
        verdict, figures = "", text
    what, _, how = figures.replace(" with +", ", with +").partition(", ")
    return what, ", ".join(part for part in (verdict, how) if part)
