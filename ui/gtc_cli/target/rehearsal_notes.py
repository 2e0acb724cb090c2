"""What the rehearsal that runs here wrote down: its environment, kubeconfig and addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from gtc_spec import foreign_json
from gtc_spec.errors import UsageError

FILE: Final = "rehearsal.json"
"""Its name in the state directory."""


def read(state_dir: Path) -> dict[str, Any] | None:
    """What the running rehearsal wrote down; None without one.

    Raises:
        UsageError: The file is there and says something else.
    """
    path = state_dir / FILE
    try:
        notes = foreign_json.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}", "remove it and start again") from None
    if not _describes_rehearsal(notes):
        raise UsageError(f"{path} does not describe a rehearsal", "remove it and start again")
    found: dict[str, Any] = notes
    return found


def _describes_rehearsal(notes: Any) -> bool:
    try:
        texts = (notes["env"], notes["kubeconfig"], notes["urls"]["panel"])
    except (TypeError, KeyError, IndexError):
        return False
    return all(isinstance(text, str) for text in texts)
