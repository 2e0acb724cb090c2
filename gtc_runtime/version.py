"""Which version of us this is. It must not fail: a source tree has no package metadata."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _installed


def version() -> str:
    """The version that is installed; ``unknown`` in a source tree that is not."""
    try:
        return _installed("gtc-demo")
    except PackageNotFoundError:
        return "unknown"
