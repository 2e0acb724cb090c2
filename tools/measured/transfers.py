"""What a KV transfer costs, from the lines ``KV Transfer metrics`` of vLLM's log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gtc_runtime.calibration import least_squares

LINE = re.compile(
    r"transfers=(\d+), Avg xfer time \(ms\)=([\d.]+),.*Avg post time \(ms\)=([\d.]+),"
    r".*Avg MB per transfer=([\d.]+),.*descriptors=([\d.]+)"
)
USED = 1000
"""Transfers of more descriptors than this came from a pool that was in use."""
MIB = 2**20
"""The log says MB and means this: 102,480 descriptors of 32,768 bytes are its 3,202.5 MB."""


class Transfers(NamedTuple):
    """The transfers of five seconds; all but their number are means."""

    number: int
    ms: float
    post_ms: float
    mib: float
    descriptors: float


def read(path: Path) -> list[Transfers]:
    """Every line of a log that tells of transfers."""
    found = LINE.finditer(path.read_text())
    return [Transfers(int(line[1]), *map(float, line.groups()[1:])) for line in found]


def costs(
    seen: Sequence[Transfers],
    fresh: Sequence[tuple[float, float]],
    *,
    layers: int,
    block_tokens: int,
    alone_at_most: int,
) -> dict[str, Any]:
    """The section ``kv_transfer`` of a profile.

    Args:
        seen: What the engine logged.
        fresh: MiB and ms of single transfers from a fresh pool with one descriptor a layer of 80.
        layers: Of the model.
        block_tokens: Of the engine.
        alone_at_most: Lines of up to this many transfers had next to none that waited.
    """
    used = [each for each in seen if each.descriptors > USED]
    (descriptor_us,) = least_squares.fit(
        [(each.descriptors / 1000,) for each in used],
        [each.post_ms for each in used],
        [each.number / each.descriptors for each in used],
    )
    base_ms, ms_per_mib = least_squares.fit(
        [(1.0, mib) for mib, _ in fresh],
        [ms - 80 * descriptor_us / 1000 for _, ms in fresh],
    )
    alone = [each for each in used if each.number <= alone_at_most]
    mib = sum(each.number * each.mib for each in alone)
    wire_ms = sum(each.number * (each.ms - each.post_ms - base_ms) for each in alone)
    return {
        "connector": "NixlConnector, UCX cuda_ipc over NVLink",
        "layers": layers,
        "block_tokens": block_tokens,
        "base_ms": round(base_ms, 2),
        "descriptor_us": round(descriptor_us, 2),
        "posting_stalls": True,
        "fresh_gb_s": round(MIB / ms_per_mib / 1e6),
        "used_gb_s": round(mib * MIB / wire_ms / 1e6),
        "derived": [] if layers == 80 else ["base_ms", "fresh_gb_s"],
    }
