"""The GPUs that nodes may have, and what a droplet's size says of them.

One entry a GPU: its sizes, their prices, the memory that checks count on and the words of errors
follow from it. This module must not know how many of them an environment has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        memory_gb: Memory in the name of its sizes, GB.
        usable_gib: Memory that a process sees, GiB.
        usd_h: US dollars an hour, on demand.
        source: Where the price was seen, and when.
    """

    memory_gb: int
    usable_gib: float
    usd_h: float
    source: str


_OCTOBER: Final = "GET /v2/sizes of another account, 2026-10-08"
GPUS: Final[Mapping[str, Gpu]] = {
    "h100": Gpu(memory_gb=80, usable_gib=79.0, usd_h=4.41, source=_OCTOBER),
    "h200": Gpu(memory_gb=141, usable_gib=139.0, usd_h=4.47, source=_OCTOBER),
}
"""By name. A list of 2026-05-29 had a quarter less for the price."""
PER_NODE: Final = (1, 8)
"""GPUs of the droplets that are offered."""

_SIZE: Final = re.compile(r"gpu-(?P<gpu>[a-z0-9]+?)x(?P<per_node>[1-9]\d*)-[a-z0-9-]+")


def size(gpu: str, per_node: int) -> str:
    """Slug of the droplets with so many of a GPU, such as ``gpu-h100x1-80gb``."""
    return f"gpu-{gpu}x{per_node}-{per_node * GPUS[gpu].memory_gb}gb"


def sizes() -> Iterator[tuple[str, float, str]]:
    """Every size with GPUs, its price in US dollars an hour, and where that was seen."""
    for name, gpu in GPUS.items():
        for per_node in PER_NODE:
            yield size(name, per_node), per_node * gpu.usd_h, gpu.source


def per_node(size: str) -> int:
    """GPUs of one droplet of a size, known or not; 0 for a size without."""
    found = _SIZE.fullmatch(size)
    return int(found["per_node"]) if found else 0


def title(size: str) -> str:
    """What people call the GPU of a known size, such as ``H200``."""
    return _name(size).upper()


def of(size: str) -> Gpu | None:
    """The GPU of a size; None for one that we know nothing about."""
    return GPUS.get(_name(size))


def known_size(size: str) -> str:
    """The size itself, for fields of models.

    Raises:
        ValueError: We know nothing about its GPU.
    """
    if _name(size) not in GPUS:
        raise ValueError(f"{' or '.join(GPUS)} sizes, such as {next(sizes())[0]}")
    return size


def usable_gib(size: str) -> float:
    """Memory of one GPU of a known size that a process sees, GiB."""
    return GPUS[_name(size)].usable_gib


def _name(size: str) -> str:
    found = _SIZE.fullmatch(size)
    return found["gpu"] if found else ""
