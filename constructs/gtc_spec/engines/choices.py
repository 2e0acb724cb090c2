"""An engine as an environment names it, with its settings.

Each choice becomes a `Backend`; what an environment says about model and files comes with it. This
module must not know an environment.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gtc_spec.engines import mocker, sglang, trtllm, vllm
from gtc_spec.engines.backend import Backend
from gtc_spec.engines.traits import Traits
from gtc_spec.engines.trtllm import EngineConfigs

STEP_TOKENS: Final = 8_192
"""Most tokens of one step, ``max_num_tokens``, in the files of ``engine_configs/``."""
STEP_SEQUENCES: Final = 256
"""Most sequences of one decode step there, ``max_batch_size``."""
_LEAST, _MOST = mocker.STEP_TOKENS_RANGE


class StepLimits(NamedTuple):
    """The most that one engine step takes."""

    tokens: int
    sequences: int


class EngineChoice(BaseModel):
    """What computes the tokens; ``name`` says which."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    traits: ClassVar[Traits]

    @property
    def step_limits(self) -> StepLimits:
        """The most that one step of a worker takes: as the files of ``engine_configs/`` say it."""
        return StepLimits(STEP_TOKENS, STEP_SEQUENCES)

    @abstractmethod
    def backend(self, profile: str, kv_fraction: float, engine_configs: EngineConfigs) -> Backend:
        """How its workers are run.

        Args:
            profile: Packaged GPU timings of the model, for a simulator.
            kv_fraction: Share of the GPU memory for the KV pool, as the profile counts it.
            engine_configs: Engine files, for an engine that reads some; others look into none.
        """


class TrtllmChoice(EngineChoice):
    """The default; its settings are files, see ``engine_configs/``."""

    traits: ClassVar[Traits] = trtllm.TRAITS
    name: Literal["trtllm"] = "trtllm"

    def backend(self, profile: str, kv_fraction: float, engine_configs: EngineConfigs) -> Backend:
        """With these files, which say everything else."""
        del profile, kv_fraction
        return trtllm.Trtllm(engine_configs=engine_configs)


class VllmChoice(EngineChoice):
    """Reads no file; what it is told is in the environment."""

    traits: ClassVar[Traits] = vllm.TRAITS
    name: Literal["vllm"] = "vllm"

    def backend(self, profile: str, kv_fraction: float, engine_configs: EngineConfigs) -> Backend:
        """Its workers are told the fraction when they are launched."""
        del profile, kv_fraction, engine_configs
        return vllm.Vllm()


class SglangChoice(EngineChoice):
    """Reads no file; what it is told is in the environment. Nobody has timed it here."""

    traits: ClassVar[Traits] = sglang.TRAITS
    name: Literal["sglang"] = "sglang"

    def backend(self, profile: str, kv_fraction: float, engine_configs: EngineConfigs) -> Backend:
        """Its workers are told the fraction when they are launched."""
        del profile, kv_fraction, engine_configs
        return sglang.Sglang()


class MockerChoice(EngineChoice):
    """The simulator; see `gtc_spec.engines.mocker.Mocker`."""

    traits: ClassVar[Traits] = mocker.Mocker.traits
    name: Literal["mocker"]
    step_tokens: int = Field(ge=_LEAST, le=_MOST)
    """Most prompt tokens of one step."""

    @property
    def step_limits(self) -> StepLimits:
        """As its workers are told."""
        return StepLimits(self.step_tokens, mocker.MAX_SEQUENCES)

    def backend(self, profile: str, kv_fraction: float, engine_configs: EngineConfigs) -> Backend:
        """With the times of this profile."""
        del engine_configs
        return mocker.Mocker(profile=profile, kv_fraction=kv_fraction, step_tokens=self.step_tokens)
