"""How much of a GPU's memory a worker takes, alone or beside others.

Pure arithmetic on MiB. vLLM fills what it is given with its KV pool. A worker that is alone lets it
measure; workers that start side by side on one GPU would measure each other, so their pool is given
in bytes (held with two 8B workers on one H200).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtc_rehearsal.dynamo.real.gpus import Gpu
from gtc_spec.errors import GtcError

ALONE: Final = 0.90
"""Share of the memory for a worker that is alone."""
TOGETHER: Final = 0.88
"""Share of the memory for all workers of a GPU that has several: each has its own CUDA context."""
RESERVE_MIB: Final = 6_144
"""Of each worker that shares: context, CUDA graphs and the activations of 8,192 tokens."""
_MIB: Final = 2**20


@dataclass(frozen=True)
class MemoryPlan:
    """What vLLM is told of its memory.

    Attributes:
        fraction: ``--gpu-memory-utilization``.
        kv_bytes: ``--kv-cache-memory-bytes``; None lets it measure.
    """

    fraction: float
    kv_bytes: int | None


def fraction(share: int) -> float:
    """Share of a GPU's memory for each of so many workers on it."""
    return ALONE if share == 1 else round(TOGETHER / share, 3)


def plan(gpu: Gpu, share: int, weights_gib: float, sequence_bytes: int) -> MemoryPlan:
    """The memory of one worker.

    Args:
        gpu: Where it runs.
        share: Workers on that GPU.
        weights_gib: Memory of the model's weights.
        sequence_bytes: KV cache of the longest request, which a pool must hold.

    Raises:
        GtcError: Weights and one such request do not fit.
    """
    part = fraction(share)
    room_mib = part * gpu.memory_mib - weights_gib * 1024 - RESERVE_MIB
    if room_mib * _MIB < sequence_bytes:
        need = weights_gib + RESERVE_MIB / 1024 + sequence_bytes / 2**30
        raise GtcError(
            f"a worker needs {need:.0f} GiB and has {part * gpu.memory_mib / 1024:.0f} GiB"
            f" of gpu {gpu.index} ({gpu.name})",
            "a smaller model with GTC_MODEL or --env, or a smaller --gpu-share",
        )
    return MemoryPlan(part, None if share == 1 else int(room_mib) * _MIB)
