"""Everything about silicon and network that a what-if may turn, in one value.

The simulator reads its times and sizes here and nowhere else. It must not know phases, rates or
workloads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gtc_spec.engine_config import BLOCK_TOKENS
from gtc_spec.environment import Environment
from gtc_spec.profiles.profile import Profile

STEP_TOKENS = 8192
"""Most tokens of one engine step: what engine_configs/ say for every role (``max_num_tokens``)."""
MAX_SEQUENCES = 256
"""Most sequences of one decode step, from the same files (``max_batch_size``)."""
HOST_S = 0.0105
"""Frontend and engine's host part of a request: Dynamo 1.4.2 with vLLM 0.26.0, one at a time."""
HOST_US_PER_TOKEN = 4.2
"""The same, for each token of the prompt: 4 ms for 1,000, 43 ms for 10,000."""


@dataclass(frozen=True)
class Hardware:
    """GPUs, their engine and the network between them.

    Attributes:
        profile: Step times and memory of one GPU.
        kv_fraction: Share of the free GPU memory that the KV pool takes.
        slots: Workers that can run at any one time.
        worker_start_s: From the order of a worker to Ready.
        block_tokens: Tokens of one KV block; only whole blocks hit.
        link_gb_s: Bandwidth of one worker's KV transfers, GB/s.
        link_contention: Whether a worker's transfers share its link.
        descriptor_us: Cost of one descriptor of a KV transfer, microseconds.
        posting_stalls: Whether posting a transfer stops the decode step of its receiver.
        step_tokens: Most tokens of one engine step.
        max_sequences: Most sequences of one decode step.
        kv_tokens: KV tokens of a worker, in place of what the fraction leaves; None for that.
        transfer_setup_s: What a transfer costs before its first byte, seconds.
        ships_missing_only: Whether a transfer leaves out what its receiver holds already.
        prefix_attention: Whether a chunk of a prompt pays for attention to what came before it;
            Dynamo's simulator knows new tokens alone.
        host_s: HTTP, routing and queues of a request, seconds.
        host_us_per_token: Tokenising and sending a prompt, microseconds a token.
        handover_s: From the end of a prefill until the decode worker knows of it, seconds.
    """

    profile: Profile
    kv_fraction: float
    slots: int
    worker_start_s: float
    block_tokens: int
    link_gb_s: float
    link_contention: bool
    descriptor_us: float
    posting_stalls: bool
    step_tokens: int
    max_sequences: int
    kv_tokens: int | None = None
    transfer_setup_s: float = 0.0
    ships_missing_only: bool = False
    prefix_attention: bool = True
    host_s: float = HOST_S
    host_us_per_token: float = HOST_US_PER_TOKEN
    handover_s: float = 0.0

    @classmethod
    def of(cls, environment: Environment, profile: Profile | None = None) -> Self:
        """What an environment runs on.

        Args:
            environment: Its facts.
            profile: Other timings than those that it names.

        Raises:
            UsageError: It names a profile that does not exist.
        """
        return cls(
            profile=profile or Profile.load(environment.model.profile),
            kv_fraction=environment.model.kv_fraction,
            slots=environment.slots,
            worker_start_s=environment.worker_start_s,
            block_tokens=BLOCK_TOKENS,
            link_gb_s=environment.rehearsal.kv_link_gb_s,
            link_contention=environment.rehearsal.link_contention,
            descriptor_us=0.0,
            posting_stalls=False,
            step_tokens=STEP_TOKENS,
            max_sequences=MAX_SEQUENCES,
        )

    @property
    def pool_tokens(self) -> int:
        """KV tokens that one worker holds."""
        return self.kv_tokens or self.profile.kv_pool_tokens(self.kv_fraction)

    @property
    def layers(self) -> int:
        """Layers of the model: KV cache of 8 heads of 128 in each, as in all of Llama 3.1."""
        value_bytes = 1 if self.profile.kv == "fp8" else 2
        return self.profile.kv_bytes_per_token // (2 * 8 * 128 * value_bytes)
