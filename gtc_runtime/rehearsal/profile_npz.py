"""GPU timings of a packaged profile in the file format of Dynamo's simulator.

The simulator looks up one prefill by its new tokens and one decode step by the KV tokens in use
and the mean context of its sequences, each linear between grid points. This module must not know
how workers are started.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gtc_spec.profile import Profile

KV_TOKENS = (0, *np.geomspace(250, 1_000_000, 64).round())
"""KV tokens in use, up to the largest pool: 14 % apart, so that a step is read within 4 %."""

CONTEXT_TOKENS = (1, *np.geomspace(32, 24_576, 48).round())
"""Mean context of a sequence, tokens; 15 % apart."""


def write_npz(profile: Profile, max_sequences: int, path: Path) -> Path:
    """Write a profile for `--planner-profile-data`.

    Args:
        profile: The timings.
        max_sequences: Most sequences of one decode step; the grid beyond is flat.
        path: File to write.

    Returns:
        The path.
    """
    lengths = sorted({point.new_tokens for point in profile.prefill if not point.cached_tokens})
    np.savez(
        path,
        prefill_isl=np.array(lengths, dtype=float),
        prefill_ttft_ms=np.array([profile.prefill_ms(length) for length in lengths]),
        decode_active_kv_tokens=np.array(KV_TOKENS, dtype=float),
        decode_context_length=np.array(CONTEXT_TOKENS, dtype=float),
        decode_itl=np.array(
            [
                [_step_ms(profile, kv, context, max_sequences) for context in CONTEXT_TOKENS]
                for kv in KV_TOKENS
            ]
        ),
    )
    return path


def _step_ms(profile: Profile, kv_tokens: float, context_tokens: float, most: int) -> float:
    """One decode step; KV tokens over context is the batch, which is at least one sequence."""
    batch = min(max(1.0, kv_tokens / context_tokens), float(most))
    return profile.decode_step_ms(batch, kv_tokens)
