"""What a snapshot leaves out, and how one that is nearly another's copy is recorded instead."""

import hashlib
import re
from typing import Any

LONG = 20_000
"""Characters from which on a snapshot names a text by its sha256: its diff would say nothing."""
ABSENT = "<absent>"


def without_digests(value: Any) -> Any:
    """Digests follow from the facts and would change with each of them; files have their own."""
    if isinstance(value, str) and len(value) > LONG:
        return f"<{len(value)} characters, sha256 {hashlib.sha256(value.encode()).hexdigest()}>"
    if isinstance(value, dict):
        return {key: without_digests(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_digests(item) for item in value]
    return "<digest>" if isinstance(value, str) and re.fullmatch("[0-9a-f]{12}", value) else value


def differences(base: Any, other: Any, path: str = "") -> dict[str, Any]:
    """What ``other`` has where it is not as ``base``, by path; together with it nothing is lost."""
    if isinstance(base, dict) and isinstance(other, dict):
        pairs = [(key, base.get(key, ABSENT), other.get(key, ABSENT)) for key in base | other]
    elif isinstance(base, list) and isinstance(other, list) and len(base) == len(other):
        pairs = [(number, *both) for number, both in enumerate(zip(base, other, strict=True))]
    else:
        return {} if base == other else {path: other}
    found: dict[str, Any] = {}
    for key, before, after in pairs:
        found |= differences(before, after, f"{path}/{key}")
    return found
