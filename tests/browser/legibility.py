"""Questions to a page in a real browser: does its text fit, is it large, does anything overlap?"""

from __future__ import annotations

from playwright.sync_api import Page

FIGURES = ".stage-countdown-number, .stage-pool-count, .stage .figure-number"

_TEXTS = """
const shown = (element) => element.checkVisibility() && element.textContent.trim() !== "";
const texts = [...document.querySelectorAll(".stage *")].filter((element) =>
  shown(element) && [...element.childNodes].some((node) => node.nodeType === 3));
const named = (element) => `${element.className}: ${element.textContent}`;
"""


def cut_off(page: Page) -> list[str]:
    """Texts that are wider than their box, or that leave their tile."""
    return page.evaluate(
        f"""() => {{ {_TEXTS}
        const out = (element) => {{
          const tile = element.closest(".tile-box"), box = element.getBoundingClientRect();
          const around = (tile || document.documentElement).getBoundingClientRect();
          return box.left < around.left - 1 || box.right > around.right + 1
            || box.top < around.top - 1 || box.bottom > around.bottom + 1;
        }};
        return texts.filter((e) => e.scrollWidth > e.clientWidth + 1 || out(e)).map(named); }}"""
    )


def overlaps(page: Page) -> list[str]:
    """Pairs of texts that cover each other."""
    return page.evaluate(
        f"""() => {{ {_TEXTS}
        const boxes = texts.map((element) => [named(element), element.getBoundingClientRect()]);
        const cover = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
          && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
        return boxes.flatMap(([name, box], place) => boxes.slice(place + 1)
          .filter(([, other]) => cover(box, other))
          .map(([other]) => `${{name}} / ${{other}}`)); }}"""
    )


def text_sizes(page: Page, selector: str = ".stage *") -> list[float]:
    """Font sizes in use, pixels, smallest first."""
    return page.evaluate(
        f"""() => {{ {_TEXTS}
        const sizes = texts.filter((element) => element.matches({selector!r}))
          .map((element) => parseFloat(getComputedStyle(element).fontSize));
        return [...new Set(sizes)].sort((a, b) => a - b); }}"""
    )


def page_size(page: Page) -> tuple[int, int]:
    """Width and height of everything; more than the window means scroll bars."""
    width, height = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    return width, height
