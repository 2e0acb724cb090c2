"""Engines as values: what computes the tokens, and everything that follows from it.

One module an engine. It says how an environment chooses it, what it is called in metrics, which
image a worker runs, with which command and arguments, and where its model comes from; manifests,
constructs, queries and the rehearsal ask for that and never for the engine's name. A further engine
is a module of its own and a name in `Engine`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from gtc_spec.engines import mocker, trtllm, vllm
from gtc_spec.engines.traits import Traits
from gtc_spec.engines.worker_engine import Launch, WorkerEngine

__all__ = ["REAL", "Engine", "Launch", "Traits", "WorkerEngine", "trtllm", "vllm"]

REAL: Final = {each.name: each for each in (trtllm.TRAITS, vllm.TRAITS)}
"""Name to names and blocks of each engine that computes; the first one is the default."""


def _named(value: Any) -> Any:
    """``engine = "vllm"`` for an engine that needs no settings."""
    return {"name": value} if isinstance(value, str) else value


Engine = Annotated[
    trtllm.TensorRtLlm | vllm.Vllm | mocker.Mocker,
    Field(discriminator="name"),
    BeforeValidator(_named),
]
"""What computes the tokens; ``name`` says which."""
