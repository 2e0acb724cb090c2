"""What an engine decides about the workers of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gtc_spec.pools import Mode


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What a worker's arguments depend on beside its engine.

    Attributes:
        mode: What the worker does.
        model_path: Folder of the model inside its pod.
        served_name: Name under which the model answers.
        engine_file: Path of the pool's engine file inside the pod.
    """

    mode: Mode
    model_path: str
    served_name: str
    engine_file: str


@dataclass(frozen=True, kw_only=True)
class WorkerEngine:
    """One way to run workers.

    Attributes:
        image: Image of a worker.
        command: Its process. No shell in between: it would swallow SIGTERM (ai-dynamo/dynamo#2776).
        arguments: The process's arguments.
        framework: What the operator knows the engine as; None where it knows none of its kind.
        reads_engine_file: Whether each pool has a file of settings, see `gtc_spec.engine_config`.
        shared_memory: Size of the workers' shared memory; None takes the operator's.
        model_files: A whole model that travels with the graph, name to content. Empty: the
            checkpoint lies on a share, is brought there by the model jobs and may be gated.
            Such a model is announced by its served name alone, which the frontend takes for a path
            below its working directory and else asks the hub for (seen with 0.8.1).
    """

    image: str
    command: tuple[str, ...]
    arguments: Callable[[Launch], list[str]]
    framework: Literal["trtllm", "vllm", "sglang"] | None = None
    reads_engine_file: bool = False
    shared_memory: str | None = None
    model_files: Mapping[str, bytes] = field(default_factory=dict)
