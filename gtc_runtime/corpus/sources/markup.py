"""Turns HTML into blocks of text. Pure; it must not know whose pages they are."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

_SILENT = frozenset(
    {"script", "style", "head", "nav", "figure", "table", "footer", "button", "svg", "ix:header"}
)
"""Elements whose content is not prose."""
_BLOCKS = frozenset(
    {"p", "div", "li", "ul", "ol", "dd", "dt", "section", "article", "main", "body"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "br", "hr"}
)
_FORMULA_MAX = 40
"""Longest formula, in characters of TeX, that can be read inside a sentence."""


@dataclass(frozen=True)
class Block:
    """A paragraph or a heading.

    Attributes:
        text: On one line.
        heading: 1 to 6 for headings, 0 for paragraphs.
        classes: Of every element around it.
    """

    text: str
    heading: int
    classes: frozenset[str]


def blocks(html: str) -> list[Block]:
    """The blocks of a page, in order, without those that are empty."""
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    parser.end_block()
    return parser.found


class _Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Block] = []
        self._pieces: list[str] = []
        self._open: list[tuple[str, frozenset[str]]] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._silent or tag in _SILENT or tag == "math":
            self._hush(tag, given)
            return
        if tag in _BLOCKS:
            self.end_block()
        if tag not in ("br", "hr", "img", "meta", "link", "input"):
            self._open.append((tag, frozenset((given.get("class") or "").split())))

    def _hush(self, tag: str, given: dict[str, str | None]) -> None:
        if tag == "math" and not self._silent:
            formula = given.get("alttext") or ""
            self._pieces.append(formula if len(formula) <= _FORMULA_MAX else "")
        if not self._silent or tag == self._silent[0]:
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag in _BLOCKS:
            self.end_block()
        if any(tag == each for each, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(data)

    def end_block(self) -> None:
        text = " ".join("".join(self._pieces).split())
        self._pieces = []
        if not text:
            return
        heading = next((int(tag[1]) for tag, _ in self._open if tag in _HEADINGS), 0)
        around = frozenset(name for _, names in self._open for name in names)
        self.found.append(Block(text, heading, around))


_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
