"""What one stack takes of another: an output there and a variable here, of one name.

cdktf writes it as a reference into the other stack's state, which presumes a backend.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gtc_constructs.export.labels import label

_VALUE: Final = re.compile(r"\$\{(?:data\.)?[\w-]+\.([\w-]+)\.([\w.\[\]]+)\}")
_OUTPUT: Final = "cross-stack-output-"


def crossings(documents: Mapping[str, Any]) -> dict[str, str]:
    """Name of the variable by the name of cdktf's output, such as ``cluster_models_host``."""
    found: dict[str, str] = {}
    for document in documents.values():
        for name, output in document.get("output", {}).items():
            if not name.startswith(_OUTPUT):
                continue
            taken = _VALUE.fullmatch(output["value"])
            plain = f"{label(taken[1])}_{taken[2]}" if taken else name.removeprefix(_OUTPUT)
            found[name] = re.sub(r"\W+", "_", plain)
    return found


def inlined(text: str, crossing: Mapping[str, str]) -> str:
    """The text of a stack with variables in place of references into other states."""
    state = r"data\.terraform_remote_state\.[\w-]+\.outputs\."
    for name, variable in crossing.items():
        text = re.sub(rf"{state}{re.escape(name)}(?![\w-])", f"var.{variable}", text)
    return text
