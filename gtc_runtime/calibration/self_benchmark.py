"""Dynamo's self-benchmark of a vLLM worker: ``--benchmark-mode``, one file a worker.

Read in the form that the worker writes (release 1.4.2, ``schema_version`` 2: ``iteration_groups``
with the seconds of each point) and in a flat one with ``columns`` and ``rows`` in milliseconds.
Its decode points are left alone: that single step also admits the batch, which at 64 sequences is
more than twice the step that streams see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

from gtc_runtime.calibration.files import read_json
from gtc_spec.errors import UsageError

POINTS_MIN: Final = 4
"""Fewer prefills than this make no table."""
_COLUMNS: Final = ["type", "batch", "new_tokens", "kv_read_tokens", "ms"]
_HINT: Final = "a worker writes it with --benchmark-mode and --benchmark-output-path"


@dataclass(frozen=True)
class SelfBenchmark:
    """What a worker found.

    Attributes:
        prefills: Lone prefills: new tokens, cached tokens, ms; each run by itself.
        block_tokens: Tokens of a KV block.
        pool_tokens: Tokens of its KV pool.
        taken: The day.
        partial: Why the worker stopped early; empty when it did not.
    """

    prefills: tuple[tuple[int, int, float], ...]
    block_tokens: int
    pool_tokens: int
    taken: date
    partial: str

    @classmethod
    def read(cls, path: Path) -> SelfBenchmark:
        """Read a file.

        Raises:
            UsageError: It cannot be read, or is something else; one line.
        """
        told = read_json(path)
        if not isinstance(told, dict) or not ({"iteration_groups", "rows"} & told.keys()):
            raise UsageError(f"{path} is no self-benchmark of dynamo: no iteration_groups", _HINT)
        if told.get("error"):
            raise UsageError(f"{path}: the self-benchmark failed: {told['error']}")
        try:
            return cls._of(told, path)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise UsageError(f"{path} is no whole self-benchmark: {problem}", _HINT) from None

    @classmethod
    def _of(cls, told: dict[str, Any], path: Path) -> SelfBenchmark:
        points = list(_flat(told) if "rows" in told else _groups(told))
        lone = tuple((new, kv, ms) for kind, batch, new, kv, ms in points if _lone(kind, batch, ms))
        if len({point[:2] for point in lone}) < POINTS_MIN:
            raise UsageError(
                f"{path} holds {len({point[:2] for point in lone})} prefills of one request,"
                f" allowed: {POINTS_MIN} or more",
                "--benchmark-mode prefill or agg",
            )
        limits = told["limits"]
        block = int(limits["block_size"])
        return cls(
            lone,
            block,
            block * int(limits["num_gpu_blocks"]),
            datetime.fromisoformat(told["timing"]["started_at"]).date(),
            str(told.get("stop_reason") or ""),
        )


def prefills(bench: SelfBenchmark) -> list[tuple[int, int, float, int]]:
    """Each point once: new tokens, cached tokens, median ms and how many runs it is of."""
    runs: dict[tuple[int, int], list[float]] = defaultdict(list)
    for new, cached, ms in bench.prefills:
        runs[new, cached].append(ms)
    return [(*at, round(median(found), 3), len(found)) for at, found in sorted(runs.items())]


Step = tuple[str, int, int, int, float]


def _lone(kind: str, batch: int, ms: float) -> bool:
    return kind == "prefill" and batch == 1 and ms > 0


def _flat(told: dict[str, Any]) -> Iterator[Step]:
    if told["columns"] != _COLUMNS:
        raise ValueError(f"columns {told['columns']}, allowed: {_COLUMNS}")
    for kind, batch, new, kv, ms in told["rows"]:
        yield str(kind), int(batch), int(new), int(kv), float(ms)


def _groups(told: dict[str, Any]) -> Iterator[Step]:
    for group in told["iteration_groups"]:
        point = group["point"]
        yield (
            str(point["point_type"]),
            int(point["batch_size"]),
            int(point["total_prefill_tokens"]),
            int(point["total_kv_read_tokens"]),
            float(group["wall_time"]) * 1000,
        )
