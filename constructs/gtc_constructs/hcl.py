"""Text for Terraform: it reads every JSON string as a template, and cdktf escapes nothing.

A dashboard or a shell line with ``${x}`` in it would make Terraform look for a variable. It must
not know which resource the text is for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_OPENING = re.compile(r"\$\{(?!TfToken\[)|%\{")


def literal(text: str) -> str:
    """The text as Terraform must read it to mean the text; tokens of cdktf stay what they are."""
    return _OPENING.sub(lambda found: found[0][0] + found[0], text)


def document(values: Mapping[str, Any]) -> str:
    """Helm values as one JSON document: the only form that is safe.

    ``set`` reads ``{}`` as a list, splits at commas and guesses types (helm's strvals parser).
    Indented, because a plan shows the difference of two documents line by line.
    """
    return json.dumps(_literals(values), indent=2)


def _literals(value: Any) -> Any:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Mapping):
        return {literal(str(key)): _literals(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_literals(item) for item in value]
    return value
