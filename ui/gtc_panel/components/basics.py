"""The few building blocks that every component uses: a box, a line of words, a figure."""

from __future__ import annotations

from typing import TypeVar

from nicegui import ui

from gtc_runtime.formats import NO_DATA, Written
from gtc_runtime.view import Freshness


def box(classes: str) -> ui.element:
    """A plain container with the given classes."""
    return ui.element("div").classes(classes)


def region(tag: str, name: str, classes: str) -> ui.element:
    """A part of the page with a name, which a screen reader can jump to.

    Args:
        tag: ``section``, ``nav``, ``header``.
        name: What the part is, a few words.
        classes: As for `box`.
    """
    return named(ui.element(tag).classes(classes), name)


def words(text: str, classes: str = "") -> ui.label:
    """A line of text; it is never read as HTML."""
    return ui.label(text).classes(classes)


def heading(text: str, classes: str = "", level: int = 2) -> ui.label:
    """A line of text that names what follows it; a page has one of level 1."""
    made = words(text, classes)
    made.tag = f"h{level}"
    return made


_E = TypeVar("_E", bound=ui.element)


def named(element: _E, name: str) -> _E:
    """Give the element a name for those who do not see it."""
    if element.props.get("aria-label") != name:
        element.props["aria-label"] = name
    return element


def pressed(button: ui.element, on: bool) -> None:
    """Say of a button that is one of several choices whether it is the chosen one."""
    told = "true" if on else "false"
    if button.props.get("aria-pressed") != told:
        button.props["aria-pressed"] = told


def swap(element: ui.element, prefix: str, value: str) -> None:
    """Let the element carry exactly one class that starts with ``prefix``."""
    wanted = f"{prefix}{value}"
    others = [name for name in element.classes if name.startswith(prefix) and name != wanted]
    if others or wanted not in element.classes:
        element.classes(add=wanted, remove=" ".join(others))


def tip(element: ui.element, sentence: str) -> None:
    """What hovering shows, for words that may be cut short."""
    if element.props.get("title", "") != sentence:
        element.props["title"] = sentence


class Figure:
    """A number with its unit; greyed when stale.

    Args:
        classes: Additional classes, such as the size.
    """

    def __init__(self, classes: str = "") -> None:
        with box(f"figure {classes}") as self._box:
            self._number = words(NO_DATA, "figure-number")
            self._unit = words("", "figure-unit")

    def show(self, written: Written | str, fresh: Freshness) -> None:
        """Write the figure; a figure that is gone is a dash."""
        if fresh == "gone":
            written = Written(NO_DATA)
        elif not isinstance(written, Written):
            written = Written(written)
        self._number.set_text(written.number)
        self._unit.set_text(written.unit)
        swap(self._box, "is-", fresh)
