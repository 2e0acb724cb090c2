"""Lines of JSON from a file, each with where it stands, and errors that name the place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gtc_spec import foreign_json
from gtc_spec.errors import UsageError

Row = dict[str, Any]


def rows(path: Path) -> Iterator[tuple[str, Row]]:
    """The objects of a file, one a line or all in one list, each with its place.

    Raises:
        UsageError: The file cannot be read, holds none, or something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no utf-8 text"
        raise UsageError(f"cannot read {path}: {str(reason).lower()}") from None
    found = 0
    for place, value in _list(path, text) if text.lstrip().startswith("[") else _lines(path, text):
        if not isinstance(value, dict):
            raise UsageError(
                f"{place} is not an object", "one JSON object a line, or a list of them"
            )
        found += 1
        yield place, value
    if not found:
        raise UsageError(f"{path} holds no rows")


def _lines(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            place = f"{path}:{number}"
            yield place, _parsed(place, line)


def _list(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    for number, value in enumerate(_parsed(str(path), text), 1):
        yield f"{path}, entry {number}", value


def _parsed(place: str, text: str) -> Any:
    try:
        return foreign_json.read(text)
    except ValueError as error:
        raise UsageError(f"{place} is not JSON: {str(error).lower()}") from None
