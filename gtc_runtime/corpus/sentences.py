"""Cuts texts where sentences end. Pure; it must not know where texts come from."""

from __future__ import annotations

import re
from collections.abc import Callable

_END = re.compile(r"(?<=[.!?])[\"')\]”’]*\s+(?=[\"'(\[“‘]?[A-Z0-9])|\n{2,}")
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|St|No|Inc|Co|Corp|Ltd|vs|etc|e\.g|i\.e|Fig|Eq|Sec|al|[A-Z])\.$"
)


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with the white space that follows it."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        paragraph = end.group().startswith("\n")
        if not paragraph and _ABBREVIATION.search(text[start : end.start()][-8:]):
            continue
        found.append(text[start : end.end()])
        start = end.end()
    return [*found, text[start:]] if text[start:].strip() else found


def cut(text: str, tokens_max: int, count: Callable[[str], int]) -> str:
    """As many whole sentences from the beginning as have at most `tokens_max` tokens."""
    taken: list[str] = []
    left = tokens_max
    for sentence in sentences(text):
        left -= count(sentence)
        if left < 0:
            break
        taken.append(sentence)
    return "".join(taken).rstrip()


def shingles(text: str) -> frozenset[int]:
    """Every run of five words of a text, as numbers that are equal for equal runs."""
    words = text.lower().split()
    return frozenset(hash(tuple(words[at : at + _RUN])) for at in range(len(words) - _RUN + 1))


def alike(one: frozenset[int], other: frozenset[int]) -> float:
    """Share of the shorter text's shingles that the other one has too, 0 to 1."""
    least = min(len(one), len(other))
    return len(one & other) / least if least else 1.0


_RUN = 5
