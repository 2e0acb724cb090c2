"""Whether the audience may believe the figures; where not, the page says so across its width."""

from __future__ import annotations

from gtc_panel import stage_text
from gtc_panel.components.basics import box, swap, words
from gtc_runtime.view import DemoView, freshness


def distrust(view: DemoView) -> str:
    """Why the figures are not to be believed now; empty while they are."""
    return stage_text.DISTRUST.get(view.load.light, "") if view.load.running else ""


def proves(view: DemoView) -> bool:
    """Whether figures of the load say anything about the goals: they are of now, and trusted."""
    known = view.load.light != "unknown" and freshness(view.load_age_s) == "fresh"
    return known and not distrust(view)


class TrustStripe:
    """Takes no room while the figures are good."""

    def __init__(self) -> None:
        with box("stage-trust trust-good").props('role="status"') as self._box:
            self._words = words("", "stage-trust-words").mark("trust")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        why = distrust(view)
        self._words.set_text(why)
        swap(self._box, "trust-", "bad" if why else "good")
