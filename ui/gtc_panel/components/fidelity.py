"""How near the twin was in the last cycle, on one line; a dash before there is one."""

from __future__ import annotations

from gtc_panel import text
from gtc_panel.components.basics import box, swap, tip, words
from gtc_runtime.formats import latency
from gtc_runtime.told import ComparedView
from gtc_runtime.view import DemoView
from gtc_spec.phases import phase_title


class Fidelity:
    """Beside the claim; nothing at all where nothing is predicted."""

    def __init__(self) -> None:
        with box("card fidelity") as self._box:
            self._words = words("", "fidelity-words").mark("fidelity")
        tip(self._box, text.FIDELITY_TIP)

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        twin = view.twin
        self._box.set_visibility(twin.state != "off")
        self._words.set_text(text.fidelity(twin.off))
        swap(self._box, "fidelity-", "none" if twin.off is None else "known")
        tip(self._box, ". ".join([text.FIDELITY_TIP, *map(farthest, _worst(twin.compared))]))


def farthest(figure: ComparedView) -> str:
    """``Farthest: Prefill stress TTFT p95 15.9 s, predicted 18.0 s``."""
    measured, predicted = latency(figure.measured_ms), latency(figure.predicted_ms)
    phase = phase_title(figure.phase)
    return f"Farthest: {phase} {figure.figure} {measured}, predicted {predicted}"


def _worst(figures: tuple[ComparedView, ...]) -> list[ComparedView]:
    return sorted(figures, key=lambda each: each.off)[-1:]
