"""GPU timings of a packaged profile in the file format of Dynamo's simulator.

The simulator looks up one prefill by its new tokens and one decode step by the KV tokens in use
and the mean context of its sequences: 1.4.2 interpolates between grid points, 0.8.1 takes the next
one up (seen: 2,048 tokens cost what 3,072 do when these are neighbours), so the grid is fine. The
file is written without numpy, because whoever only synthesises stacks need not have it, and byte
for byte the same each time. This module must not know how workers are started.
"""

from __future__ import annotations

import io
import zipfile
from array import array
from collections.abc import Sequence
from typing import Final

from gtc_spec.profiles.profile import Profile


def _steps(low: float, high: float, number: int) -> list[float]:
    """Whole numbers from low to high, each in the same ratio to the one before."""
    ratio = high / low
    return [float(round(low * ratio ** (i / (number - 1)))) for i in range(number)]


PREFILL_STEP: Final = 64
"""Tokens between two lengths of a prefill."""
KV_TOKENS: Final = (0.0, *_steps(250, 1_000_000, 64))
"""KV tokens in use, up to the largest pool: 14 % apart, so that a step is read within 4 %."""
CONTEXT_TOKENS: Final = (1.0, *_steps(32, 24_576, 48))
"""Mean context of a sequence, tokens; 15 % apart."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Earliest date that an archive can hold: the content alone decides its bytes."""


def npz(profile: Profile, max_sequences: int) -> bytes:
    """The file for ``--planner-profile-data``.

    Args:
        profile: The timings.
        max_sequences: Most sequences of one decode step; the grid beyond is flat.
    """
    longest = max(point.new_tokens for point in profile.prefill if not point.cached_tokens)
    lengths = range(PREFILL_STEP, longest + 1, PREFILL_STEP)
    steps = [
        _step_ms(profile, kv, context, max_sequences)
        for kv in KV_TOKENS
        for context in CONTEXT_TOKENS
    ]
    arrays: dict[str, tuple[tuple[int, ...], Sequence[float]]] = {
        "prefill_isl": ((len(lengths),), lengths),
        "prefill_ttft_ms": ((len(lengths),), [profile.prefill_ms(length) for length in lengths]),
        "decode_active_kv_tokens": ((len(KV_TOKENS),), KV_TOKENS),
        "decode_context_length": ((len(CONTEXT_TOKENS),), CONTEXT_TOKENS),
        "decode_itl": ((len(KV_TOKENS), len(CONTEXT_TOKENS)), steps),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, (shape, values) in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), _npy(shape, values))
    return packed.getvalue()


def _npy(shape: tuple[int, ...], values: Sequence[float]) -> bytes:
    """An array of doubles as numpy writes it: format 1.0, header padded to 64 bytes."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    head = 10 + len(header) + 1
    header += " " * (-head % 64) + "\n"
    doubles = array("d", values)
    return (
        b"\x93NUMPY\x01\x00"
        + len(header).to_bytes(2, "little")
        + header.encode("latin1")
        + doubles.tobytes()
    )


def _step_ms(profile: Profile, kv_tokens: float, context_tokens: float, most: int) -> float:
    """One decode step; KV tokens over context is the batch, which is at least one sequence."""
    batch = min(max(1.0, kv_tokens / context_tokens), float(most))
    return profile.decode_step_ms(batch, kv_tokens)
