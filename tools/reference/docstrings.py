"""A docstring of this project in parts: sentences, and named entries below ``Args:`` and such."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_HEADING = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")
_ENTRY = re.compile(r"^    (?P<name>\w+): (?P<text>.*)$")


@dataclass(frozen=True)
class Docstring:
    """What somebody wrote about a class, a function or an attribute.

    Attributes:
        summary: The first sentence or two.
        body: The paragraphs after them.
        inputs: What is said of each argument, or of each attribute of a value.
        errors: What is said of each error.
    """

    summary: str = ""
    body: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None) -> Docstring:
        """The parts of a docstring; none of it is needed."""
        plain, sections = _split(inspect.cleandoc(text or ""))
        summary, _, body = plain.strip().partition("\n\n")
        inputs = {**_entries(sections.get("Args", [])), **_entries(sections.get("Attributes", []))}
        return cls(_joined(summary), body, inputs, _entries(sections.get("Raises", [])))


def _split(text: str) -> tuple[str, dict[str, list[str]]]:
    """The text before the first heading, and the lines below each."""
    sections: dict[str, list[str]] = {"": []}
    heading = ""
    for line in text.splitlines():
        found = _HEADING.match(line)
        if found:
            heading = found[1]
            sections[heading] = []
        elif heading and line and not line.startswith(" "):
            heading = ""
            sections[""].append(line)
        else:
            sections[heading].append(line)
    return "\n".join(sections.pop("")), sections


def _entries(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        entry = _ENTRY.match(line)
        if entry:
            name = entry["name"]
            found[name] = entry["text"]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found


def _joined(text: str) -> str:
    return " ".join(text.split())
