"""Engines as values: what computes the tokens, and everything that follows from it.

One module an engine. It says what the engine is called in metrics and in the graph, which image a
worker runs, with which command and arguments, and where its settings come from; manifests,
constructs, queries and the rehearsal ask for that and never for the engine's name. A further engine
is a module of its own, a choice in `choices` and a name in `EngineName`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from gtc_spec.engines import choices, mocker, sglang, trtllm, vllm
from gtc_spec.engines.backend import Backend, Launch
from gtc_spec.engines.engine_facts import EngineFacts
from gtc_spec.engines.traits import Traits

__all__ = [
    "REAL", "Backend", "Engine", "EngineFacts", "Launch", "Traits", "mocker", "sglang", "trtllm",
    "vllm",
]  # fmt: skip

REAL: Final = {each.name: each for each in (trtllm.TRAITS, vllm.TRAITS, sglang.TRAITS)}
"""Name to names and blocks of each engine that computes; the first one is the default."""


def _named(value: Any) -> Any:
    """``engine = "vllm"`` for an engine that needs no settings."""
    return {"name": value} if isinstance(value, str) else value


Engine = Annotated[
    choices.TrtllmChoice | choices.VllmChoice | choices.SglangChoice | choices.MockerChoice,
    Field(discriminator="name"),
    BeforeValidator(_named),
]
"""What computes the tokens; ``name`` says which."""
