"""Whether a checkpoint fits the GPUs of one worker, and the arithmetic for a person to check.

This module must not know environments or names of models; it compares numbers.
"""

from __future__ import annotations

from typing import Final

WEIGHTS_SHARE_MAX: Final = 0.9
"""Share of the GPU memory that weights may take: a KV pool worth having needs the rest."""


def weights_gib(parameters_billion: float, weight_bytes: int) -> float:
    """Memory of the weights, GiB."""
    return parameters_billion * 1e9 * weight_bytes / 2**30


def misfit(
    parameters_billion: float, weight_bytes: int, memory_gib: float, gpus: int = 1
) -> tuple[str, str] | None:
    """What is wrong with such weights on the GPUs of one worker.

    Args:
        parameters_billion: Parameters of the checkpoint, billions.
        weight_bytes: Bytes of one parameter.
        memory_gib: Usable memory of one GPU.
        gpus: GPUs of one worker.

    Returns:
        What was asked for and what is allowed; None when they fit.
    """
    weights = weights_gib(parameters_billion, weight_bytes)
    room = memory_gib * gpus * WEIGHTS_SHARE_MAX
    if weights <= room:
        return None
    bytes_ = f"{weight_bytes} byte{'s' if weight_bytes > 1 else ''}"
    return (
        f"{parameters_billion:g} billion parameters x {bytes_} = {weights:.0f} gib of weights",
        f"at most {room:.0f} gib, which is {WEIGHTS_SHARE_MAX:.0%} of {gpus} x {memory_gib:g} gib, "
        "so that a kv pool fits beside them",
    )
