"""The GPUs that nodes may have, and what a droplet's size says of them.

One entry a GPU: its sizes, their prices, the memory that checks count on and the words of errors
follow from it. This module must not know how many of them an environment has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Maker = Literal["nvidia", "amd"]


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One GPU.

    Attributes:
        title: What people call it.
        memory_gb: Memory in the name of its sizes, GB.
        usd_h: US dollars an hour, on demand.
        source: Where the price was seen, and when.
        per_node: GPUs of the droplets that are offered.
        seen_gib: Memory that a process was seen to have, GiB. Default: nobody looked.
        maker: Who makes it; decides which images run on it.
    """

    title: str
    memory_gb: int
    usd_h: float
    source: str
    per_node: tuple[int, ...] = (1, 8)
    seen_gib: float | None = None
    maker: Maker = "nvidia"

    @property
    def usable_gib(self) -> float:
        """Memory to count on, GiB: what was seen, else the size's figure as decimal gigabytes.

        The second is less than such a GPU has (unverified), so a check errs to the safe side.
        """
        return self.seen_gib or self.memory_gb * 1e9 / 2**30


AS_OF: Final = "2026-10-08"
"""Day of the list that sizes and prices are from."""
_OCTOBER: Final = f"GET /v2/sizes of another account, {AS_OF}"
GPUS: Final[Mapping[str, Gpu]] = {
    "h100": Gpu(title="H100", memory_gb=80, seen_gib=79.0, usd_h=4.41, source=_OCTOBER),
    "h200": Gpu(title="H200", memory_gb=141, seen_gib=139.0, usd_h=4.47, source=_OCTOBER),
    "l40s": Gpu(title="L40S", memory_gb=48, usd_h=1.57, source=_OCTOBER, per_node=(1,)),
    "4000ada": Gpu(title="RTX 4000 Ada", memory_gb=20, usd_h=0.76, source=_OCTOBER, per_node=(1,)),
    "6000ada": Gpu(title="RTX 6000 Ada", memory_gb=48, usd_h=1.57, source=_OCTOBER, per_node=(1,)),
    "mi300": Gpu(title="MI300X", memory_gb=192, usd_h=2.59, source=_OCTOBER, maker="amd"),
    "mi325": Gpu(title="MI325X", memory_gb=256, usd_h=3.80, source=_OCTOBER, maker="amd"),
}
"""By the name that sizes have. A list of 2026-05-29 had a quarter less for the price of the first
two. Left out are sizes that were listed as spot only: B300, MI350X and MI355X."""

_SIZE: Final = re.compile(r"gpu-(?P<gpu>[a-z0-9]+?)x(?P<per_node>[1-9]\d*)-[a-z0-9-]+")


def size(gpu: str, per_node: int) -> str:
    """Slug of the droplets with so many of a GPU, such as ``gpu-h100x1-80gb``."""
    return f"gpu-{gpu}x{per_node}-{per_node * GPUS[gpu].memory_gb}gb"


def sizes() -> Iterator[tuple[str, float, str]]:
    """Every size with GPUs, its price in US dollars an hour, and where that was seen."""
    for name, gpu in GPUS.items():
        for per_node in gpu.per_node:
            yield size(name, per_node), per_node * gpu.usd_h, gpu.source


def per_node(size: str) -> int:
    """GPUs of one droplet of a size, known or not; 0 for a size without."""
    found = _SIZE.fullmatch(size)
    return int(found["per_node"]) if found else 0


def title(size: str) -> str:
    """What people call the GPU of a known size, such as ``H200``."""
    gpu = of(size)
    return gpu.title if gpu else card(size).upper()


def of(size: str) -> Gpu | None:
    """The GPU of a size; None for one that we know nothing about."""
    return GPUS.get(card(size))


def known_size(size: str) -> str:
    """The size itself, for fields of models whose engines are built for CUDA.

    Raises:
        ValueError: We know nothing about its GPU, or it is none of NVIDIA's.
    """
    gpu = of(size)
    if gpu is None or gpu.maker != "nvidia":
        raise ValueError(f"{' or '.join(of_nvidia())} sizes, such as {next(sizes())[0]}")
    return size


def of_nvidia() -> list[str]:
    """Names of the GPUs that our engines run on."""
    return [name for name, gpu in GPUS.items() if gpu.maker == "nvidia"]


def usable_gib(size: str) -> float:
    """Memory of one GPU of a known size that a process sees, GiB."""
    return GPUS[card(size)].usable_gib


def card(size: str) -> str:
    """Name of the GPU of a size, known or not, such as ``h200``; empty for a size without."""
    found = _SIZE.fullmatch(size)
    return found["gpu"] if found else ""
