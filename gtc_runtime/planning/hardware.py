"""Everything about silicon and network that a what-if may turn, in one value.

The simulator reads its times and sizes here and nowhere else. It must not know phases, rates or
workloads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from gtc_spec.engines import mocker
from gtc_spec.environment import Environment
from gtc_spec.profiles.measured import Live
from gtc_spec.profiles.profile import Profile

HOST_S = 0.0105
"""Frontend and engine's host part of a request: Dynamo 1.4.2 with vLLM 0.26.0, one at a time."""
PROMPT_US_PER_TOKEN = 4.2
"""The same, for each token of a prompt: 4 ms for 1,000, 43 ms for 10,000."""
VLLM_STEP_S = 0.004
"""What a step of prompts alone takes beside what the worker's own benchmark says, seconds: the line
through 333 steps as the engine recorded them under load (12 to 14 ms for 140 tokens, not 7.7).
Where streams decode beside a prompt it is hidden: 81 such steps took 1.3 ms more, not 4."""
VLLM_STEP_US_PER_TOKEN = 1.7
"""The same, microseconds a token (206 ms for 8,192 tokens in the median, not 190)."""
VLLM_HOST_S = HOST_S - VLLM_STEP_S
VLLM_PROMPT_US_PER_TOKEN = 2.0
"""What is left to the host of a lone prompt's 4.2 when steps have theirs; no GPU waits for it."""
STREAM_US = 45.0
"""How far apart the tokens of one step leave, for each stream: gaps between tokens stray by this
with 16 to 190 streams, 8B and 70B alike."""
HANDOVER_S = 0.009
"""From a prefill worker to a decode worker, beside the decode step that is spent on it: measured
with the same stack, 8B and 70B. With TensorRT-LLM it was not measured."""
REHEARSED_HOST_S = 0.0065
"""Host part of a request in the rehearsal, on two cores that do nothing else: the least that short
prompts took beside their GPUs, 5 to 6 ms, and what lies between it and the median."""
REHEARSED_STEP_TOKENS = 8192
"""Most tokens of one step of the simulator, which nobody tells it: its default in release 1.4.2."""
REHEARSED_STEP_US_PER_TOKEN = 2.3
"""What a prefill step of the simulator takes beside the time that it was told, there."""
REHEARSED_DECODE_STEP_S = 0.0002
"""What its decode step takes beside, seconds."""
REHEARSED_DECODE_US_PER_STREAM = 6.0
"""The same, microseconds a stream: 1 to 192 streams of 1,500 tokens on one worker took 0.2 to
1.1 ms a step more than the profile says."""


@dataclass(frozen=True)
class Hardware:
    """GPUs, their engine and the network between them.

    Attributes:
        profile: Step times and memory of one GPU.
        kv_fraction: Share of the GPU memory that the KV pool takes, as its engine counts it.
        slots: Workers that can run at any one time.
        worker_start_s: From the order of a worker to Ready: as a live run showed it, else as the
            profile says of a worker that finds nothing compiled, else the environment's.
        block_tokens: Tokens of one KV block; only whole blocks hit.
        link_gb_s: Bandwidth of one worker's KV transfers, GB/s.
        link_contention: Whether a worker's transfers share its link.
        descriptor_us: Cost of one descriptor of a KV transfer, microseconds.
        posting_stalls: Whether posting a transfer stops the decode step of its receiver.
        step_tokens: Most tokens of one engine step.
        max_sequences: Most sequences of one decode step.
        kv_tokens: KV tokens of a worker, in place of what the fraction leaves; None for that.
        layers: Layers of the model; a transfer has at least one descriptor for each.
        scattered_gb_s: Bandwidth for blocks that lie anywhere; None where it is that of the link.
        transfer_setup_s: What a transfer costs before its first byte, seconds.
        ships_missing_only: Whether a transfer leaves out what its receiver holds already.
        schedules_ahead: Whether an engine fills its next step while one is on, so that who comes
            joins the one after the next: vLLM 0.26 does.
        prefix_attention: Whether a chunk of a prompt pays for attention to what came before it;
            Dynamo's simulator knows new tokens alone.
        host_s: HTTP, routing and queues of a request, seconds.
        host_us_per_token: Tokenising and sending a prompt, microseconds a token.
        step_us_per_token: What a prefill step takes beside the GPU's work, microseconds a token.
        step_more_s: The same, for a step in which no stream decodes, seconds.
        decode_more_s: What a decode step takes beside the GPU's work, seconds.
        decode_us_per_stream: The same, microseconds a stream.
        handover_s: From the end of a prefill until the decode worker knows of it, seconds.
        stream_us: How far apart the tokens of one step leave, microseconds a stream.
        fresh_pool: Whether the blocks of a new worker lie in a row still; else as after hours.
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
    layers: int = 1
    scattered_gb_s: float | None = None
    transfer_setup_s: float = 0.0
    ships_missing_only: bool = False
    schedules_ahead: bool = False
    prefix_attention: bool = True
    host_s: float = HOST_S
    host_us_per_token: float = PROMPT_US_PER_TOKEN
    step_us_per_token: float = 0.0
    step_more_s: float = 0.0
    decode_more_s: float = 0.0
    decode_us_per_stream: float = 0.0
    handover_s: float = 0.0
    stream_us: float = STREAM_US
    fresh_pool: bool = True

    @classmethod
    def of(cls, environment: Environment, profile: Profile | None = None) -> Self:
        """What an environment runs on.

        Args:
            environment: Its facts.
            profile: Other timings than those that it names; what they say of transfers counts too,
                but the link is the environment's, unless a live run showed another.

        Raises:
            UsageError: It names a profile that does not exist.
        """
        profile = profile or Profile.load(environment.model.profile)
        live = profile.live or Live()
        plain = cls(
            profile=profile,
            kv_fraction=environment.model.kv_fraction,
            slots=environment.slots,
            worker_start_s=_start_s(environment, profile),
            block_tokens=environment.engine.traits.block_tokens,
            link_gb_s=environment.rehearsal.kv_link_gb_s,
            link_contention=environment.rehearsal.link_contention,
            descriptor_us=0.0,
            posting_stalls=False,
            step_tokens=environment.engine.step_limits.tokens,
            max_sequences=environment.engine.step_limits.sequences,
            handover_s=HANDOVER_S + profile.decode_step_ms(1, 1) / 1000,
        )
        if profile.engine == "vllm":
            plain = replace(
                plain,
                host_s=VLLM_HOST_S,
                host_us_per_token=VLLM_PROMPT_US_PER_TOKEN,
                step_us_per_token=VLLM_STEP_US_PER_TOKEN,
                step_more_s=VLLM_STEP_S,
                ships_missing_only=True,
                schedules_ahead=True,
            )
        return plain._with_transfers()._as_seen(live)

    @classmethod
    def of_rehearsal(cls, environment: Environment) -> Self:
        """What the rehearsal of an environment simulates with Dynamo's own simulator.

        It knows no contention, no attention to earlier chunks and no descriptors, ships whole
        prompts and hands over at once, whatever the engine whose steps it takes.
        """
        return replace(
            cls.of(environment),
            worker_start_s=environment.worker_start_s,
            link_gb_s=environment.rehearsal.kv_link_gb_s,
            step_tokens=REHEARSED_STEP_TOKENS,
            max_sequences=mocker.MAX_SEQUENCES,
            link_contention=False,
            prefix_attention=False,
            handover_s=0.0,
            host_s=REHEARSED_HOST_S,
            host_us_per_token=0.0,
            step_us_per_token=REHEARSED_STEP_US_PER_TOKEN,
            step_more_s=0.0,
            descriptor_us=0.0,
            posting_stalls=False,
            scattered_gb_s=None,
            transfer_setup_s=0.0,
            ships_missing_only=False,
            schedules_ahead=False,
            decode_more_s=REHEARSED_DECODE_STEP_S,
            decode_us_per_stream=REHEARSED_DECODE_US_PER_STREAM,
        )

    @classmethod
    def of_target(cls, environment: Environment, *, simulated: bool) -> Self:
        """What a running demo is served by: GPUs, or what a rehearsal simulates in their place."""
        return cls.of_rehearsal(environment) if simulated else cls.of(environment)

    def _with_transfers(self) -> Self:
        costs = self.profile.kv_transfer
        if costs is None:
            return self
        return replace(
            self,
            block_tokens=costs.block_tokens,
            layers=costs.layers,
            descriptor_us=costs.descriptor_us,
            posting_stalls=costs.posting_stalls,
            scattered_gb_s=costs.used_gb_s,
            transfer_setup_s=costs.base_ms / 1000,
        )

    def _as_seen(self, live: Live) -> Self:
        """With the host and the link of a run; its link is that of blocks anywhere as well."""
        seen = self
        if live.request_ms is not None:
            seen = replace(seen, host_s=live.request_ms / 1000)
        if live.link_gb_s is not None:
            seen = replace(seen, link_gb_s=live.link_gb_s, scattered_gb_s=None)
        return seen

    @property
    def pool_tokens(self) -> int:
        """KV tokens that one worker holds."""
        return self.kv_tokens or self.profile.kv_pool_tokens(self.kv_fraction)


def _start_s(environment: Environment, profile: Profile) -> float:
    """How long a worker starts; a new pod finds nothing compiled."""
    if profile.live and profile.live.worker_start_s:
        return profile.live.worker_start_s
    start = profile.start
    return start.warm_s + start.cold_compile_s if start else environment.worker_start_s
