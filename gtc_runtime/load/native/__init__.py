"""The measured path of the load engine in C: read, recognise a frame like the last, count.

It is built where a compiler is; elsewhere the path in Python does the same, for two to three times
the CPU. Which one runs is chosen here, once for each transport, and the light says which it is.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from types import ModuleType

from gtc_runtime.load.native import build
from gtc_spec.errors import UsageError

CHOICE = "GTC_LOAD_CORE"
"""Environment: `python` leaves the native core alone, `native` insists on it. For diagnosis."""


def core() -> ModuleType | None:
    """The native core, or None if the path in Python has to do.

    Raises:
        UsageError: The environment asks for a core that there is not.
    """
    chosen = os.environ.get(CHOICE, "")
    if chosen not in ("", "native", "python"):
        raise UsageError(f"{CHOICE} is {chosen}, allowed: native, python", f"unset {CHOICE}")
    if chosen == "python":
        return None
    module, reason = built()
    if module is None and chosen == "native":
        raise UsageError(f"there is no native core: {reason}", "a C compiler, then: make setup")
    return module


@cache
def built() -> tuple[ModuleType | None, str]:
    """The native core, or why there is none."""
    try:
        module = importlib.import_module("gtc_runtime.load.native._core")
    except ImportError as error:
        return None, str(error)
    here = build.state()
    if here and here != module.SOURCES:
        return None, "it was built from other sources"
    return module, ""
