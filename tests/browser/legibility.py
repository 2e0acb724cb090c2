"""Questions to a page in a real browser: does its text fit, is it large, does anything overlap?"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

FIGURES = ".stage-countdown-number, .stage-pool-count, .stage .figure-number"
STAGE = ".stage *"
ANYTHING = "body *"

_QUESTIONS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def cut_off(page: Page, within: str = STAGE) -> list[str]:
    """Texts that are wider than their box, or that leave the part of the page they belong to.

    A text that is cut on purpose, which hovering shows in full, is none of them.
    """
    return _ask(page, "cutOff", within)


def overlaps(page: Page, within: str = STAGE) -> list[str]:
    """Pairs of texts that cover each other."""
    return _ask(page, "overlaps", within)


def text_sizes(page: Page, within: str = STAGE) -> list[float]:
    """Font sizes in use, pixels, smallest first."""
    return _ask(page, "textSizes", within)


def small_targets(page: Page, least_px: float = 48) -> list[str]:
    """What can be pressed and is narrower or lower than a finger needs."""
    return _ask(page, "smallTargets", least_px)


def page_size(page: Page) -> tuple[int, int]:
    """Width and height of everything; more than the window means scroll bars."""
    width, height = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    return width, height


def _ask(page: Page, question: str, about: object) -> list:
    return page.evaluate(f"(about) => {{ {_QUESTIONS} return {question}(about); }}", about)
