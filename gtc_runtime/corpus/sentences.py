"""Cuts texts where sentences end. Pure; it must not know where texts come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

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


def alike(one: str, other: str) -> float:
    """Share of the shorter text's word pairs-of-five that the other one has too, 0 to 1."""
    a, b = _shingles(one), _shingles(other)
    least = min(len(a), len(b))
    return len(a & b) / least if least else 1.0


def unlike_all(text: str, others: Iterable[str], limit: float) -> bool:
    """Whether a text shares at most `limit` with every other one."""
    return all(alike(text, other) <= limit for other in others)


def _shingles(text: str) -> set[int]:
    words = text.lower().split()
    return {hash(tuple(words[at : at + 5])) for at in range(len(words) - 4)}
