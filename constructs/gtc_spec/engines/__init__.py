"""Engines as values: what computes the tokens, and everything that follows from it.

One module an engine. It says which image a worker runs, with which command and arguments, and where
its model comes from; manifests and constructs ask for that and never for the engine's name.
"""

from __future__ import annotations

from gtc_spec.engines import mocker, trtllm
from gtc_spec.engines.worker_engine import Launch, WorkerEngine
from gtc_spec.environment import Environment
from gtc_spec.serving import Mocker

__all__ = ["Launch", "WorkerEngine", "of", "trtllm"]


def of(env: Environment) -> WorkerEngine:
    """The engine of an environment."""
    if isinstance(env.engine, Mocker):
        return mocker.engine(env.engine, env.model)
    return trtllm.engine()
