"""Which packaged timings are those of an engine.

A profile of another engine than the default ends in that engine's name: beside
``llama-3.1-70b.h200.fp8`` stands ``llama-3.1-70b.h200.fp8.vllm``, of the same model, card and
precision. This module must not know what a profile says.
"""

from __future__ import annotations

from gtc_spec.engines import REAL
from gtc_spec.engines.trtllm import TRAITS as TENSORRT_LLM
from gtc_spec.names import EngineName
from gtc_spec.profiles import profile


def timed_for(name: str, engine: EngineName, card: str = "") -> str:
    """The profile of this engine, and of this card, beside a profile of any.

    Args:
        name: A profile.
        engine: Whose times are wanted.
        card: On which GPU, such as ``h200``; empty: on the same.

    Returns:
        Its name; the same as given where nobody has timed this engine there: the other times are
        the nearest that there are (within 15 % where both engines were measured on one card).
    """
    stem, _, last = name.rpartition(".")
    general = stem if last in REAL else name
    if card and general.count(".") >= 2:
        model, _, precision = general.rsplit(".", 2)
        general = f"{model}.{card}.{precision}"
    wanted = general if engine == TENSORRT_LLM.name else f"{general}.{engine}"
    return wanted if wanted in profile.names() else name
