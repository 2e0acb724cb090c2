"""A file that somebody hands over, as JSON or as one line that says what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gtc_spec import foreign_json
from gtc_spec.errors import UsageError


def read_json(path: Path) -> Any:
    """The value in a file.

    Raises:
        UsageError: It cannot be read, or is no JSON.
    """
    try:
        return foreign_json.read(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from None
