"""Dynamo's own simulator of an engine, as release 0.8.1 brings it: no GPU, no weights, no sense.

It keeps the times of a profile and answers with random tokens of a small tokenizer, so its whole
model is a few files that travel with the graph. Tried with the 0.8.1 wheels, NATS and a local
store: prefill and decode register, the frontend routes, probes and metrics answer as those of a
real engine. What it leaves out is told in docs/rehearsal-fidelity.md.
"""

from __future__ import annotations

from importlib import resources
from typing import ClassVar, Final, Literal

from pydantic import Field

from gtc_spec import versions
from gtc_spec.engines import trtllm
from gtc_spec.engines.timings import npz
from gtc_spec.engines.traits import ENDPOINT, Traits
from gtc_spec.engines.worker_engine import EngineChoice, Launch, WorkerEngine
from gtc_spec.pools import Mode
from gtc_spec.profiles.profile import Profile

MAX_SEQUENCES: Final = 512
"""Most sequences of one engine step. The KV pool is spent long before: 188 to 300 sequences of
workload C on a 70B worker."""
TIMINGS: Final = "timings.npz"
"""File of the model's times, beside its configuration."""
MODEL_FOLDER: Final = resources.files("gtc_spec") / "simulated_model"
"""Configuration, tokenizer and chat template, made by tools/make_simulated_model.py."""
_ROLE_FLAGS: Final[dict[Mode, list[str]]] = {
    "prefill": ["--is-prefill-worker"],
    "decode": ["--is-decode-worker"],
    "aggregated": [],
}


class Mocker(EngineChoice):
    """Dynamo's simulator of an engine: the times of a profile, random tokens."""

    traits: ClassVar[Traits] = trtllm.TRAITS
    """Of the engine whose show it plays, so that scalers and boards find its metrics."""
    name: Literal["mocker"]
    step_tokens: int = Field(ge=512, le=16_384)
    """Most prompt tokens of one step. Release 0.8.1 sends the first token when the last step of a
    prompt begins, and each step costs 0.13 s more than its profile says: a shorter step leaves less
    of the prefill out of the first token, a longer one costs less in all."""

    def workers(self, profile: str, kv_fraction: float) -> WorkerEngine:
        """The simulator of one model's workers, with its times and its KV pool."""
        timings = Profile.load(profile)
        blocks = kv_blocks(timings, kv_fraction, self.traits.block_tokens)

        def arguments(launch: Launch) -> list[str]:
            component = self.traits.component(launch.mode)
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

        return WorkerEngine(
            traits=self.traits,
            # built from Dynamo's whole Python environment (its container/Dockerfile.frontend), so
            # that it holds the simulator and needs no driver; unverified, never pulled here
            image=versions.FRONTEND_IMAGE,
            command=("python3", "-m", "dynamo.mocker"),
            arguments=arguments,
            model_files={**model_files(), TIMINGS: npz(timings, MAX_SEQUENCES)},
        )


def kv_blocks(profile: Profile, kv_fraction: float, block_tokens: int) -> int:
    """KV blocks of one worker."""
    return profile.kv_pool_tokens(kv_fraction) // block_tokens


def model_files() -> dict[str, bytes]:
    """Name and content of everything that a frontend and a simulator read of a model."""
    return {file.name: file.read_bytes() for file in MODEL_FOLDER.iterdir()}
