"""A profile out of a worker's self-benchmark: its prefills, and everything else from a base."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from gtc_runtime.calibration import closed_forms, spread
from gtc_runtime.calibration.self_benchmark import SelfBenchmark, prefills
from gtc_spec.errors import UsageError
from gtc_spec.profiles.measured import Measured, MeasuredPrefill, Provenance, SourceFile
from gtc_spec.profiles.profile import KvPool, Profile

LIKE: Final = (0.33, 3.0)
"""Prefills that take less or more of the base's time than this are another model's."""


def profile_of(path: Path, base: Profile, base_name: str, kv_fraction: float) -> Profile:
    """The profile of the worker that wrote a file.

    Args:
        path: Its self-benchmark.
        base: What gives the shape of prefills between the measured ones, and decode as it is.
        base_name: How that is named.
        kv_fraction: ``--gpu-memory-utilization`` of the worker.

    Raises:
        UsageError: The file is no whole self-benchmark, or of another model than the base.
    """
    bench = SelfBenchmark.read(path)
    timed = tuple(MeasuredPrefill(*point, path.name) for point in prefills(bench))
    _refuse_another_model(path, base, base_name, timed)
    stopped = f", stopped early: {bench.partial}" if bench.partial else ""
    table = spread.prefill(base, [each[:3] for each in timed])
    told = base.model_dump() | {
        "engine": "vllm",
        "prefill": table,
        "prefill_fit": closed_forms.prefill(table),
        "kv_pools": _pools(bench.pool_tokens, kv_fraction, base),
        "measured": Measured(prefill=timed, decode=(), kv_fractions=(kv_fraction,)),
        "provenance": Provenance(
            tool=f"self-benchmark of a dynamo.vllm worker, {bench.taken}{stopped}",
            imported_by="gtc calibrate --from-benchmark",
            sources=(
                SourceFile(file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest()),
            ),
            base=base_name,
            derived="prefills between the measured ones by the shape of the base; decode is the"
            " base's own, since a decode step of a self-benchmark admits its batch as well; KV"
            " pools by the measured one and the base's memory",
        ),
    }
    return Profile.model_validate(told)


def _refuse_another_model(
    path: Path, base: Profile, base_name: str, timed: tuple[MeasuredPrefill, ...]
) -> None:
    for new, cached, ms, *_ in timed:
        ratio = ms / base.prefill_ms(new, cached)
        if not LIKE[0] <= ratio <= LIKE[1]:
            raise UsageError(
                f"{path}: {new} tokens take {ratio:.2f} times what {base_name} says, allowed:"
                f" {LIKE[0]} to {LIKE[1]}",
                "--profile NAME names one of the same model",
            )


def _pools(tokens: int, fraction: float, base: Profile) -> tuple[KvPool, ...]:
    low, high = base.kv_pools[0], base.kv_pools[-1]
    slope = (high.tokens - low.tokens) / (high.fraction - low.fraction)
    wanted = sorted({fraction, *(pool.fraction for pool in base.kv_pools)})
    return tuple(KvPool(each, max(1, round(tokens + (each - fraction) * slope))) for each in wanted)
