"""Dynamo's own simulator of an engine, as release 0.8.1 brings it: no GPU, no weights, no sense.

It keeps the times of a profile and answers with random tokens of a small tokenizer, so its whole
model is a few files that travel with the graph. Tried with the 0.8.1 wheels, NATS and a local
store: prefill and decode register, the frontend routes, probes and metrics answer as those of a
real engine. What it leaves out is told in docs/rehearsal-fidelity.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import ClassVar, Final

from gtc_spec import versions
from gtc_spec.arguments import checked
from gtc_spec.engines import trtllm
from gtc_spec.engines.backend import Backend, Launch
from gtc_spec.engines.timings import npz
from gtc_spec.engines.traits import ENDPOINT, Traits
from gtc_spec.errors import UsageError
from gtc_spec.pools import Mode
from gtc_spec.profiles.profile import Profile

MAX_SEQUENCES: Final = 512
"""Most sequences of one engine step. The KV pool is spent long before: 188 to 300 sequences of
workload C on a 70B worker."""
STEP_TOKENS: Final = 4096
STEP_TOKENS_RANGE: Final = (512, 16_384)
TIMINGS: Final = "timings.npz"
"""File of the model's times, beside its configuration."""
MODEL_FOLDER: Final = resources.files("gtc_spec") / "simulated_model"
"""Configuration, tokenizer and chat template, made by tools/make_simulated_model.py."""
_ROLE_FLAGS: Final[dict[Mode, list[str]]] = {
    "prefill": ["--is-prefill-worker"],
    "decode": ["--is-decode-worker"],
    "aggregated": [],
}


@checked
@dataclass(frozen=True, kw_only=True)
class Mocker(Backend):
    """Dynamo's simulator of an engine on nodes without GPUs: the times of a profile, random tokens.

    Attributes:
        profile: Packaged GPU timings, such as ``llama-3.1-70b.h200.fp8``.
        kv_fraction: Share of the GPU memory that the simulated KV pool has, as the profile counts
            it; above 0 and below 1. Default: 0.9.
        step_tokens: Most prompt tokens of one step, 512 to 16,384. Release 0.8.1 sends the first
            token when the last step of a prompt begins, and each step costs 0.13 s more than its
            profile says: a shorter step leaves less of the prefill out of the first token, a longer
            one costs less in all. Default: 4,096, the closest to a profile.
        image: Image of the workers. Default: NVIDIA's frontend of release 0.8.1.

    Raises:
        UsageError: There is no such profile, or a number is out of range.
    """

    traits: ClassVar[Traits] = trtllm.TRAITS
    """Of the engine whose show it plays, so that scalers and boards find its metrics."""
    command: ClassVar[tuple[str, ...]] = ("python3", "-m", "dynamo.mocker")
    brings_model: ClassVar[bool] = True

    # built from Dynamo's whole Python environment (its container/Dockerfile.frontend), so that it
    # holds the simulator and needs no driver; unverified, never pulled here
    image: str = versions.FRONTEND_IMAGE
    profile: str
    kv_fraction: float = 0.9
    step_tokens: int = STEP_TOKENS

    def __post_init__(self) -> None:
        Profile.load(self.profile)
        if not 0 < self.kv_fraction < 1:
            raise UsageError(
                f"Mocker: kv_fraction is {self.kv_fraction:g}, allowed: above 0 and below 1"
            )
        least, most = STEP_TOKENS_RANGE
        if not least <= self.step_tokens <= most:
            raise UsageError(
                f"Mocker: step_tokens is {self.step_tokens}, allowed: {least} to {most}"
            )

    def arguments(self, launch: Launch) -> list[str]:
        """The arguments of a worker's process in this ``launch``."""
        component = self.traits.component(launch.mode)
        blocks = kv_blocks(Profile.load(self.profile), self.kv_fraction, self.traits.block_tokens)
        return [
            "--model-path", launch.model_path,
            "--model-name", launch.served_name,
            # Kubernetes fills in the variable, which the operator sets
            "--endpoint", f"dyn://$(DYN_NAMESPACE).{component}.{ENDPOINT}",
            *_ROLE_FLAGS[launch.mode],
            "--block-size", str(self.traits.block_tokens),
            "--num-gpu-blocks-override", str(blocks),
            "--max-num-seqs", str(MAX_SEQUENCES),
            # no --startup-time: a worker calls itself ready before that time is over
            "--max-num-batched-tokens", str(self.step_tokens),
            "--planner-profile-data", f"{launch.model_path}/{TIMINGS}",
        ]  # fmt: skip

    @property
    def model_files(self) -> Mapping[str, bytes]:
        """Configuration, tokenizer and times of the model that travels with the graph."""
        return {**model_files(), TIMINGS: npz(Profile.load(self.profile), MAX_SEQUENCES)}


def kv_blocks(profile: Profile, kv_fraction: float, block_tokens: int) -> int:
    """KV blocks of one worker."""
    return profile.kv_pool_tokens(kv_fraction) // block_tokens


def model_files() -> dict[str, bytes]:
    """Name and content of everything that a frontend and a simulator read of a model."""
    return {file.name: file.read_bytes() for file in MODEL_FOLDER.iterdir()}
