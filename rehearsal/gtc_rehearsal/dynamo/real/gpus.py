"""The GPUs of this machine, and how workers share them.

Pure but for `found` and `free_mib`, which ask nvidia-smi. It must not know engines.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gtc_spec.errors import GtcError

_QUERY: Final = "index,name,memory.total"
_FREE: Final = "index,memory.free"
_ANSWER_S: Final = 20.0
_WITHOUT: Final = "leave out --workers: simulated workers need no GPU"


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        index: Its number, in the order of the bus.
        name: What nvidia-smi calls it.
        memory_mib: All of its memory.
    """

    index: int
    name: str
    memory_mib: int


def parsed(text: str) -> list[Gpu]:
    """The GPUs that nvidia-smi listed, one a line: index, name, MiB of memory.

    Raises:
        GtcError: A line is none of a GPU.
    """
    return [_gpu(line) for line in text.splitlines() if line.strip()]


def _gpu(line: str) -> Gpu:
    try:
        index, name, memory_mib = (part.strip() for part in line.split(","))
        return Gpu(int(index), name, int(memory_mib))
    except ValueError:
        raise GtcError(f"nvidia-smi said {line.strip()!r}, expected {_QUERY}", _WITHOUT) from None


def visible(gpus: Sequence[Gpu], variables: Mapping[str, str]) -> list[Gpu]:
    """Those that CUDA_VISIBLE_DEVICES leaves us, in its order; all when it is not set.

    Raises:
        GtcError: It names no GPU of this machine by its number.
    """
    chosen = variables.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return list(gpus)
    known = {str(gpu.index): gpu for gpu in gpus}
    wanted = [part.strip() for part in chosen.split(",") if part.strip()]
    strange = [part for part in wanted if part not in known]
    if strange or not wanted:
        allowed = ", ".join(known)
        raise GtcError(f"CUDA_VISIBLE_DEVICES is {chosen!r}, allowed: numbers among {allowed}")
    return [known[part] for part in wanted]


def found(variables: Mapping[str, str]) -> list[Gpu]:
    """The GPUs that we may use.

    Raises:
        GtcError: There are none.
    """
    try:
        answer = _asked(_QUERY)
    except FileNotFoundError:
        raise GtcError("no NVIDIA GPU here: there is no nvidia-smi on PATH", _WITHOUT) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GtcError(f"nvidia-smi does not answer: {error}", _WITHOUT) from None
    if answer.returncode:
        said = (answer.stderr or answer.stdout).strip().splitlines()
        raise GtcError(f"no NVIDIA GPU here: {said[0] if said else 'nvidia-smi failed'}", _WITHOUT)
    gpus = parsed(answer.stdout)
    if not gpus:
        raise GtcError("no NVIDIA GPU here: nvidia-smi lists none", _WITHOUT)
    return visible(gpus, variables)


def free_mib() -> dict[int, int]:
    """Memory that nobody has, by the number of the GPU; empty when nvidia-smi does not say."""
    try:
        lines = _asked(_FREE).stdout.splitlines()
        return {int(index): int(free) for index, free in (line.split(",") for line in lines)}
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return {}


def _asked(query: str) -> subprocess.CompletedProcess[str]:
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits"]
    return subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_S, check=False)


@dataclass
class Places:
    """Who is on which GPU; as many workers on each as share it.

    Attributes:
        gpus: Those that may be used.
        share: Workers on one of them.
    """

    gpus: Sequence[Gpu]
    share: int
    _taken: dict[str, Gpu] = field(default_factory=dict)

    @property
    def slots(self) -> int:
        """Workers that have a place at any one time."""
        return len(self.gpus) * self.share

    def take(self, name: str, free_mib: Mapping[int, int], fraction: float) -> Gpu:
        """The GPU with the fewest workers, which is the worker's until it gives it back.

        A place whose memory is not free is passed over: a decode worker goes on mapping the KV
        pool of a prefill worker that is gone (UCX over NVLink), and the memory with it.

        Args:
            name: Of the worker.
            free_mib: Memory that nobody has, by the number of the GPU.
            fraction: Share of a GPU's memory that the worker takes.

        Raises:
            GtcError: All places are taken, or those left have no memory.
        """
        used = Counter(gpu.index for gpu in self._taken.values())
        left = [gpu for gpu in self.gpus if used[gpu.index] < self.share]
        if not left:
            raise GtcError(f"no GPU is free for {name}: {self.slots} workers have one")
        roomy = [g for g in left if free_mib.get(g.index, g.memory_mib) >= fraction * g.memory_mib]
        if not roomy:
            gpu = max(left, key=lambda each: free_mib[each.index])
            raise GtcError(
                f"no GPU has the {fraction * gpu.memory_mib / 1024:.0f} GiB that {name} takes: gpu"
                f" {gpu.index} has {free_mib[gpu.index] / 1024:.0f} GiB free",
                "a decode worker keeps what it read from until it ends; one more GPU has room",
            )
        self._taken[name] = min(roomy, key=lambda each: used[each.index])
        return self._taken[name]

    def give_back(self, name: str) -> None:
        """Free the worker's place; nothing when it has none."""
        self._taken.pop(name, None)
