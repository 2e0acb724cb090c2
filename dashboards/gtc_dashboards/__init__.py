"""The boards of the demo as Grafana reads them: JSON files beside this module.

They are made by ``build.py`` and are part of the wheel, so that whatever checks or provisions them
finds them here. A board that asks for what another engine calls otherwise is there once more, in a
folder of that engine's name. This module must not need Grafana's SDK.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from gtc_spec.engines import Traits

FOLDER: Final = Path(__file__).resolve().parent


def sources(engine: Traits) -> dict[str, Path]:
    """Name of each board, fit for a Kubernetes object, and its file.

    Args:
        engine: What the workers run.
    """
    general, own = sorted(FOLDER.glob("*.json")), (FOLDER / engine.name).glob("*.json")
    return {path.stem.replace("_", "-"): path for path in (*general, *own)}


def load(engine: Traits) -> dict[str, dict[str, Any]]:
    """Every board by its name, for workers that run this engine."""
    return {name: json.loads(path.read_text("utf-8")) for name, path in sources(engine).items()}
