"""The boards of the demo as Grafana reads them: JSON files beside this module.

They are made by ``build.py`` and are part of the wheel, so that whatever checks or provisions them
finds them here. This module must not need Grafana's SDK.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent


def sources() -> dict[str, Path]:
    """Name of each board, fit for a Kubernetes object, and its file."""
    return {path.stem.replace("_", "-"): path for path in sorted(FOLDER.glob("*.json"))}


def load() -> dict[str, dict[str, Any]]:
    """Every board by its name."""
    return {name: json.loads(path.read_text("utf-8")) for name, path in sources().items()}
