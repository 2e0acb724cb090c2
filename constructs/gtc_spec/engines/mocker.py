"""Dynamo's own simulator of an engine, as release 0.8.1 brings it: no GPU, no weights, no sense.

It keeps the times of a profile and answers with random tokens of a small tokenizer, so its whole
model is a few files that travel with the graph. Tried with the 0.8.1 wheels, NATS and a local
store: prefill and decode register, the frontend routes, probes and metrics answer as those of a
real engine. What it leaves out is told in docs/rehearsal-fidelity.md.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from gtc_spec import versions
from gtc_spec.engine_config import BLOCK_TOKENS
from gtc_spec.engines.timings import npz
from gtc_spec.engines.worker_engine import Launch, WorkerEngine
from gtc_spec.pools import Mode
from gtc_spec.profiles.profile import Profile
from gtc_spec.serving import Mocker, Model
from gtc_spec.telemetry import metrics

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


def engine(settings: Mocker, model: Model) -> WorkerEngine:
    """The simulator of one model's workers.

    Args:
        settings: How it simulates.
        model: Whose times and KV pool it keeps.
    """
    profile = Profile.load(model.profile)

    def arguments(launch: Launch) -> list[str]:
        component = metrics.COMPONENTS["prefill" if launch.mode == "prefill" else "decode"]
        return [
            "--model-path", launch.model_path,
            "--model-name", launch.served_name,
            # Kubernetes fills in the variable, which the operator sets; the component is that of
            # the real engine, so that scalers and boards find its metrics
            "--endpoint", f"dyn://$(DYN_NAMESPACE).{component}.{metrics.ENDPOINT}",
            *_ROLE_FLAGS[launch.mode],
            "--block-size", str(BLOCK_TOKENS),
            "--num-gpu-blocks-override", str(kv_blocks(profile, model.kv_fraction)),
            "--max-num-seqs", str(MAX_SEQUENCES),
            # no --startup-time: a worker calls itself ready before that time is over
            "--max-num-batched-tokens", str(settings.step_tokens),
            "--planner-profile-data", f"{launch.model_path}/{TIMINGS}",
        ]  # fmt: skip

    return WorkerEngine(
        # built from Dynamo's whole Python environment (its container/Dockerfile.frontend), so that
        # it holds the simulator and needs no driver; unverified, the image was never pulled here
        image=versions.FRONTEND_IMAGE,
        command=("python3", "-m", "dynamo.mocker"),
        arguments=arguments,
        model_files={**model_files(), TIMINGS: npz(profile, MAX_SEQUENCES)},
    )


def kv_blocks(profile: Profile, kv_fraction: float) -> int:
    """KV blocks of one worker."""
    return profile.kv_pool_tokens(kv_fraction) // BLOCK_TOKENS


def model_files() -> dict[str, bytes]:
    """Name and content of everything that a frontend and a simulator read of a model."""
    return {file.name: file.read_bytes() for file in MODEL_FOLDER.iterdir()}
