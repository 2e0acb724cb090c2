"""What runs the workers of a graph, as a value: an engine, its image and its settings.

Whoever makes manifests or queries asks here and never for an engine by its name. This module must
not know an environment or Kubernetes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from gtc_spec.arguments import introduce
from gtc_spec.engines.engine_facts import EngineFacts
from gtc_spec.engines.traits import Traits
from gtc_spec.names import EngineName
from gtc_spec.pools import Mode


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What a worker's arguments depend on beside its engine.

    Attributes:
        mode: What the worker does.
        model_path: Folder of the model inside its pod.
        served_name: Name under which the model answers.
        facts: What it has to provide for.
        engine_file: Path of the pool's engine file inside the pod, for an engine that reads one.
    """

    mode: Mode
    model_path: str
    served_name: str
    facts: EngineFacts
    engine_file: str = ""


@dataclass(frozen=True, kw_only=True)
class Backend(ABC):
    """One way to run workers. Take `Trtllm`, `Vllm`, `Sglang` or `Mocker`.

    Attributes:
        traits: Its names and blocks; a simulator has those of the engine that it stands for.
        command: Its process. No shell in between: it would swallow SIGTERM (ai-dynamo/dynamo#2776).
        framework: What the operator knows the engine as; None where it knows none of its kind.
        reads_engine_file: Whether each pool has a file of settings.
        brings_model: Whether the model travels with the graph, as a simulator's does.
        shared_memory: Size of the workers' shared memory; None takes the operator's.
        image: Image of a worker.
    """

    traits: ClassVar[Traits]
    command: ClassVar[tuple[str, ...]]
    framework: ClassVar[EngineName | None] = None
    reads_engine_file: ClassVar[bool] = False
    brings_model: ClassVar[bool] = False
    shared_memory: ClassVar[str | None] = None

    image: str

    @abstractmethod
    def arguments(self, launch: Launch) -> list[str]:
        """The arguments of a worker's process in this ``launch``."""

    def engine_files(self, modes: Sequence[Mode], facts: EngineFacts) -> dict[Mode, str]:
        """The engine files of ``modes``, checked against ``facts``; none where none is read.

        Raises:
            UsageError: A file is missing.
            ConfigError: A file would stop or deadlock its workers; every problem at once.
        """
        del modes, facts
        return {}

    @property
    def model_files(self) -> Mapping[str, bytes]:
        """A whole model that travels with the graph, name to content.

        Empty: the checkpoint lies on a share. A model that travels is announced by its served name
        alone, which the frontend takes for a path below its working directory and else asks the
        hub for (seen with 0.8.1).
        """
        return {}


introduce(Backend, "a Trtllm, Vllm, Sglang or Mocker", "Vllm(), or Trtllm(engine_configs=...)")
