"""What an engine decides about the workers of a graph, and how an environment chooses it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from gtc_spec.engines.traits import EngineName, Traits
from gtc_spec.pools import Mode

KvTransport = Literal["nixl", "ucx"]
"""How KV blocks travel from prefill to decode."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What a worker's arguments depend on beside its engine.

    Attributes:
        mode: What the worker does.
        model_path: Folder of the model inside its pod.
        served_name: Name under which the model answers.
        engine_file: Path of the pool's engine file inside the pod, for an engine that reads one.
        tokens_max: Longest prompt plus longest answer.
        gpus: GPUs that one worker spans.
        kv_fraction: Share of the GPU memory for the KV pool; None leaves it to the engine.
        kv_dtype: ``fp8`` or ``auto``; None leaves it to the engine.
        kv_transport: How KV blocks travel; None leaves it to the engine.
    """

    mode: Mode
    model_path: str
    served_name: str
    engine_file: str = ""
    tokens_max: int
    gpus: int = 1
    kv_fraction: float | None = None
    kv_dtype: str | None = None
    kv_transport: KvTransport | None = None


@dataclass(frozen=True, kw_only=True)
class WorkerEngine:
    """One way to run workers.

    Attributes:
        traits: Its names and blocks; a simulator has those of the engine that it stands for.
        image: Image of a worker.
        command: Its process. No shell in between: it would swallow SIGTERM (ai-dynamo/dynamo#2776).
        arguments: The process's arguments.
        framework: What the operator knows the engine as; None where it knows none of its kind.
        reads_engine_file: Whether each pool has a file of settings, see `gtc_spec.engine_config`.
        kv_transports: Ways for KV blocks among which there is a choice.
        shared_memory: Size of the workers' shared memory; None takes the operator's.
        model_files: A whole model that travels with the graph, name to content. Empty: the
            checkpoint lies on a share, is brought there by the model jobs and may be gated.
            Such a model is announced by its served name alone, which the frontend takes for a path
            below its working directory and else asks the hub for (seen with 0.8.1).
    """

    traits: Traits
    image: str
    command: tuple[str, ...]
    arguments: Callable[[Launch], list[str]]
    framework: EngineName | None = None
    reads_engine_file: bool = False
    kv_transports: tuple[KvTransport, ...] = ()
    shared_memory: str | None = None
    model_files: Mapping[str, bytes] = field(default_factory=dict)


class EngineChoice(BaseModel):
    """An engine as an environment names it, with its settings; each has one in its module."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    traits: ClassVar[Traits]

    @abstractmethod
    def workers(self, profile: str, kv_fraction: float) -> WorkerEngine:
        """How its workers are run.

        Args:
            profile: Packaged GPU timings of the model, for a simulator.
            kv_fraction: Share of the GPU memory for the KV pool, as the profile counts it.
        """
