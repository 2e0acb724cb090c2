"""What the twin has played, kept in the state folder until something that it depends on changes.

It must not know how it is played.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Final

import gtc_runtime
import gtc_spec
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.twin.predicted import Predicted
from gtc_spec.environment import Environment

log = logging.getLogger(__name__)

KEPT: Final = 8
"""So many files are kept, the newest ones."""
_CODE: Final = (gtc_runtime, gtc_spec)
_SUFFIXES: Final = (".py", ".json", ".toml")


def digest(environment: Environment, code: str, seeds: int, *, simulated: bool = False) -> str:
    """Sixteen hex digits that change with all that a prediction depends on.

    Args:
        environment: Its facts, with the phase table as it is played, in its time scale.
        code: See `code_digest`.
        seeds: How many cycles are played.
        simulated: Whether on what a rehearsal simulates, see `Hardware.of_target`.

    Raises:
        UsageError: It names a profile that does not exist.
    """
    facts = environment.model_dump(mode="json", exclude={"until"})
    depends = {
        "facts": facts,
        "profile": Hardware.of(environment).profile.model_dump(mode="json"),
        "simulated": simulated,
        "code": code,
        "seeds": seeds,
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]


def code_digest() -> str:
    """Of every file that a prediction may come from: a version alone says too little in a tree."""
    found = hashlib.sha256()
    for package in _CODE:
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*")):
            if path.suffix in _SUFFIXES:
                found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return found.hexdigest()


class Store:
    """The predictions in one folder.

    Args:
        state_dir: Where the panel keeps what outlives it.
    """

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "twin"

    def get(self, key: str) -> Predicted | None:
        """What was kept under a digest; None when nothing was, or it cannot be read."""
        path = self._path(key)
        try:
            return Predicted.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("%s is played anew: %s", path, error)
            return None

    def put(self, key: str, predicted: Predicted) -> None:
        """Keep one, and let the oldest go.

        Raises:
            OSError: It cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{key}.new"
        unfinished.write_bytes(predicted.to_json())
        unfinished.replace(self._path(key))
        kept = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-KEPT]:
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"
