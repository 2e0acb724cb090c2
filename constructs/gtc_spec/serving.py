"""What is served: the checkpoint, its public name, the caps on load and the goals.

This module must not know where it is served or by how many workers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gtc_spec.arguments import checked
from gtc_spec.cloud.memory import weights_gib
from gtc_spec.errors import UsageError

REPOSITORY: Final = r"^[\w.-]+/[\w.-]+$"
"""How ``owner/name`` is written."""


class Model(BaseModel):
    """The checkpoint that is loaded and the name under which it answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    repository: str = Field(pattern=REPOSITORY)
    """HuggingFace repository; also its folder in the bucket and on the share."""
    served_name: str = Field(pattern=REPOSITORY)
    parameters_billion: float = Field(gt=0)
    weight_bytes: Literal[1, 2]
    """Bytes a parameter: 1 for an FP8 checkpoint, 2 for BF16."""
    profile: str
    """Packaged GPU timings of this model, see gtc_spec.profiles.profile."""
    kv_fraction: float = Field(gt=0, lt=1)
    """Share of the GPU memory that the engine gives to its KV pool: TensorRT-LLM and its profiles
    count what the weights leave, vLLM and its profiles the whole, weights included."""

    @property
    def title(self) -> str:
        """What people call it: ``Llama 3.1 70B``."""
        name = self.served_name.partition("/")[2].removesuffix("-Instruct")
        return name.replace("-", " ")

    @property
    def weights_gib(self) -> float:
        """Memory of the weights, GiB."""
        return weights_gib(self.parameters_billion, self.weight_bytes)


@checked
@dataclass(frozen=True)
class Checkpoint:
    """How large a checkpoint is, and under which name it answers.

    Attributes:
        served_name: Name under which the model answers, ``owner/name``.
        parameters_billion: Parameters, in billions.
        weight_bytes: Bytes a parameter: 1 for FP8, 2 for BF16.
        profile: Packaged GPU timings. Default: empty, none were measured.

    Raises:
        UsageError: The name is not written like one, or there are no parameters.
    """

    served_name: str
    parameters_billion: float
    weight_bytes: Literal[1, 2]
    profile: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(REPOSITORY, self.served_name):
            raise UsageError(f"served_name {self.served_name!r}, allowed: owner/name")
        if not 0 < self.parameters_billion < math.inf:
            raise UsageError(f"parameters_billion {self.parameters_billion}, allowed: more than 0")


_8B, _70B = "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-70B-Instruct"
CHECKPOINTS: Final[Mapping[str, Checkpoint]] = {
    _8B: Checkpoint(_8B, 8.03, 2, "llama-3.1-8b.h100.bf16"),
    "nvidia/Llama-3.1-8B-Instruct-FP8": Checkpoint(_8B, 8.03, 1, "llama-3.1-8b.h100.fp8"),
    _70B: Checkpoint(_70B, 70.6, 2),
    "nvidia/Llama-3.1-70B-Instruct-FP8": Checkpoint(_70B, 70.6, 1, "llama-3.1-70b.h200.fp8"),
}
"""Repository: its facts, by the model cards. The BF16 one of 70B is here to be refused with its
arithmetic: the plan names it for one H200 a worker."""


INFERENCE_URL: Final = "https://inference.do-ai.run"
"""Serverless Inference, OpenAI-compatible below ``/v1``, with a model access key as bearer token.
https://docs.digitalocean.com/products/inference/how-to/si-endpoints/, 27 April 2026."""
FOLLOWUP_MODELS: Final = (
    "llama3-8b-instruct",
    "meta-llama/Meta-Llama-3.1-8B-Instruct",
    "mistral-nemo-instruct-2407",
    "llama3.3-70b-instruct",
    "openai-gpt-oss-20b",
    "alibaba-qwen3-32b",
)
"""Models there for follow-up questions, the best first: Llama 3.1 8B is the plan's choice, then
small and cheap ones; the last two think before they answer. ``GET /v1/models`` says which of them a
key may use; GTC_FOLLOWUPS_MODEL overrides. Unverified: no account was asked. The ids are those of
samples in the vendor's documents (docs.digitalocean.com/products/inference/how-to/
retrieve-available-models and /reference/dots/reference/serverless-inference, May 2026) and of
public programs that use the service; the vendor retires an id two weeks after saying so."""
FOLLOWUP_REQUESTS_PER_DAY: Final = 20_000
"""Ceiling of a day: 40 minutes of questions at 8 a second, or eight hours at 0.7."""
FOLLOWUP_TOKENS_PER_DAY: Final = 20_000_000
"""The same with about 900 tokens a question: two texts of 1,500 characters and the answer."""


def smaller_checkpoint(model: Model | Checkpoint) -> str:
    """An FP8 checkpoint that answers under the same name; empty when none is known."""
    for repository, checkpoint in CHECKPOINTS.items():
        smaller = checkpoint.weight_bytes < model.weight_bytes
        if smaller and checkpoint.served_name == model.served_name:
            return repository
    return ""


class LoadLimits(BaseModel):
    """Hard caps of the load engine; no slider and no request can pass them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rps_max: float = Field(gt=0)
    in_flight_max: int = Field(ge=1)
    prompt_tokens_max: int = Field(ge=1)
    max_tokens_max: int = Field(ge=1)
    tokens_per_word: float = Field(gt=0.5, lt=4)
    """Tokens of one English word with the served tokenizer; an estimate until usage says more."""


class Slo(BaseModel):
    """Goal lines on every screen and in every verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ttft_p95_s: float = Field(gt=0)
    itl_p95_s: float = Field(gt=0)
