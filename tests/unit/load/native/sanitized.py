"""The native core with sanitizers in it, in the place of the one that is installed.

`python -m tests.unit.load.native.sanitized LIBRARY fuzz SECONDS SEED`, or with the words of pytest.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import time
from array import array
from random import Random
from types import ModuleType

import pytest

NAME = "gtc_runtime.load.native._core"


def load(library: str) -> ModuleType:
    """Import the library under the name by which the product imports its core."""
    loader = importlib.machinery.ExtensionFileLoader(NAME, library)
    spec = importlib.util.spec_from_file_location(NAME, library, loader=loader)
    assert spec is not None
    module = sys.modules[NAME] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def fuzz(core: ModuleType, seconds: float, seed: int) -> int:
    """Damaged streams until the time is over. Returns how many."""
    from tests.unit.load.native import streams

    until_s, number = time.monotonic() + seconds, 0
    while time.monotonic() < until_s:
        streams.compare(core, Random(seed + number), as_seen=lambda data: array("B", data))
        number += 1
    return number


def main(words: list[str]) -> int:
    library, *rest = words
    core = load(library)
    if rest[0] == "fuzz":
        sys.stdout.write(f"{fuzz(core, float(rest[1]), int(rest[2]))}\n")
        return 0
    return int(pytest.main(rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
