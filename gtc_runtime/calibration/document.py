"""A profile as the text of its file: one row of a table a line, so that a diff shows what moved."""

from __future__ import annotations

import json
from collections.abc import Mapping

from gtc_spec.profiles.profile import Profile


def of(profile: Profile) -> str:
    """The text that reads back as this profile."""
    return text(profile.model_dump(mode="json", exclude_none=True))


def text(document: Mapping[str, object], margin: str = "") -> str:
    """JSON with each row of a list, and each section of lists, on lines of its own."""
    parts = [
        f"{margin}  {json.dumps(key)}: {_value(value, margin)}" for key, value in document.items()
    ]
    return "{\n" + ",\n".join(parts) + f"\n{margin}}}" + ("\n" if not margin else "")


def _value(value: object, margin: str) -> str:
    if isinstance(value, list):
        lines = ",\n".join(f"{margin}    {json.dumps(row)}" for row in value)
        return f"[\n{lines}\n{margin}  ]" if value else "[]"
    if isinstance(value, dict) and any(_is_table(each) for each in value.values()):
        return text(value, margin + "  ")
    return json.dumps(value)


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)
