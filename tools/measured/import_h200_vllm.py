"""Make the profiles of vLLM on an H200 from the raw results of its runs.

``python -m tools.measured.import_h200_vllm [RESULTS]``; RESULTS defaults to
``../shared/tools/gpu_serving/results``. Prefill comes from Dynamo's own self-benchmark, decode from
streams at the client, because a decode step of the self-benchmark also admits its batch. The
output is deterministic; each file names what it was made from and its sha256.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from gtc_runtime.calibration import closed_forms, document, spread
from gtc_runtime.calibration.self_benchmark import SelfBenchmark, prefills
from gtc_spec.profiles.measured import Bench, MeasuredDecode, MeasuredPrefill
from gtc_spec.profiles.profile import Profile
from tools.measured import transfers

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "constructs" / "gtc_spec" / "profiles"
RESULTS = ROOT.parent / "shared" / "tools" / "gpu_serving" / "results"
SUMMARY = Path(__file__).with_name("h200-vllm-2026-11-29.toml")
FRACTIONS = (0.8, 0.85, 0.9, 0.92, 0.95)
"""Shares of the card's memory for which a profile names the KV pool."""
DERIVED = (
    "prefill: the base table times the ratio at the measured points around; decode: the base"
    " table's part of the KV cache, scaled where contexts of one batch were measured, and what"
    " the measured batches take more or less; KV pools: the measured one and the card's memory"
)


class Made(NamedTuple):
    """What one profile is made from.

    Attributes:
        base: The packaged profile that has the shape.
        weights: Precision of the weights.
        prefill: The self-benchmark.
        streams: Results of fixed batches at the client.
        transfers: Lines of the engine's log.
        queued: Whether some of the streams' transfers were alone, so that they tell the link.
    """

    base: str
    weights: str
    prefill: str
    streams: tuple[str, ...]
    transfers: str
    alone_at_most: int


PROFILES = {
    "llama-3.1-70b.h200.fp8.vllm": Made(
        "llama-3.1-70b.h200.fp8",
        "fp8",
        "bench70-prefill.json",
        ("bench-70b.json",),
        "kv-transfer-70b.txt",
        3,
    ),
    "llama-3.1-8b.h200.bf16.vllm": Made(
        "llama-3.1-8b.h100.bf16",
        "bf16",
        "selfbench-8b.json",
        ("bench-v8b.json", "bench-agg.json", "bench-disagg.json", "bench-drain-decode.json"),
        "kv-transfer-8b.txt",
        20,
    ),
}


def main(argv: list[str]) -> int:
    """Write the profiles and return an exit code."""
    results = Path(argv[0]) if argv else RESULTS
    if not results.is_dir():
        print(f"import_h200_vllm: {results} is not here")
        return 2
    for name in PROFILES:
        (TARGET / f"{name}.json").write_text(document.text(profile(results, name)))
    return 0


def profile(results: Path, name: str) -> dict[str, Any]:
    """One profile as the JSON document that gtc_spec.profiles.profile reads."""
    made, summary = PROFILES[name], tomllib.loads(SUMMARY.read_text())
    base, own = Profile.load(made.base), summary[name]
    bench = SelfBenchmark.read(results / made.prefill)
    timed = [MeasuredPrefill(*point, made.prefill) for point in prefills(bench)]
    steps = sorted(decodes(results, made, own["streams"]))
    prefill = spread.prefill(base, [each[:3] for each in timed])
    decode = spread.decode(base, [each[:3] for each in steps])
    files = (made.prefill, *made.streams, made.transfers)
    return {
        "model": base.model,
        "gpu": "h200_sxm",
        "weights": made.weights,
        "kv": base.kv,
        "engine": "vllm",
        "provenance": {
            "tool": "self-benchmark of dynamo (prefill), streams at the client (decode)",
            "imported_by": "tools/measured/import_h200_vllm.py",
            "sources": [
                {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
                for path in (*(results / each for each in files), SUMMARY)
            ],
            "bench": Bench.model_validate(summary["bench"]).model_dump(mode="json"),
            "base": made.base,
            "derived": DERIVED,
        },
        "kv_bytes_per_token": base.kv_bytes_per_token,
        "kv_pools": pools(bench, own["kv_fraction"], summary["memory"]["bytes"], base),
        "prefill_fit": closed_forms.prefill(prefill).model_dump(),
        "decode_fit": closed_forms.decode(decode).model_dump(),
        "start": own["start"],
        "kv_transfer": transfers.costs(
            transfers.read(results / made.transfers),
            summary["transfer"]["fresh"],
            layers=own["layers"],
            block_tokens=bench.block_tokens,
            alone_at_most=made.alone_at_most,
        ),
        "measured": {
            "prefill": [list(each) for each in timed],
            "decode": [list(each) for each in steps],
            "kv_fractions": [own["kv_fraction"]],
        },
        "prefill": [list(each) for each in prefill],
        "decode": [list(each) for each in decode],
    }


def decodes(
    results: Path, made: Made, kept: Sequence[tuple[int, int, int, float]]
) -> Iterator[MeasuredDecode]:
    """Median gaps of the batches that had all streams running, one point a batch and context.

    While all run, some are at their first token and some at their last, so that a stream has half
    of its answer on the average.
    """
    found: dict[tuple[int, int], list[tuple[float, str]]] = defaultdict(list)
    for file in made.streams:
        told = json.loads((results / file).read_text())
        for row in told["decode"]:
            if row.get("window_s", 0) > 0.3:
                prompt = json.loads(row["usage"].split(',"total')[0].split(',"comp')[0] + "}")
                context = prompt["prompt_tokens"] + row["out"] // 2
                found[row["batch"], round(context, -2)].append((row["gap_p50_ms"], file))
        if "disagg" in file or "70b" in file:
            for batch, context, ms in single_streams(told["prefill"]):
                found[batch, context].append((ms, file))
    for batch, prompt, out, ms in kept:
        found[batch, round(prompt + out // 2, -2)].append((ms, SUMMARY.name))
    for (batch, context), seen in found.items():
        files = ", ".join(dict.fromkeys(file for _, file in seen))
        yield MeasuredDecode(batch, context, median(ms for ms, _ in seen), len(seen), files)


def single_streams(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int, float]]:
    """The gaps after the first token of a prompt alone; on a worker that makes no prefill."""
    for row in rows:
        if row["prompt"] >= 2048:
            yield 1, row["prompt"], median(row["next_ms"])


def pools(
    bench: SelfBenchmark, fraction: float, memory: int, base: Profile
) -> list[tuple[float, int]]:
    """KV tokens by the share of the card's memory that the engine may take."""
    tokens = bench.pool_tokens
    slope = memory / base.kv_bytes_per_token
    return [(each, round(tokens + (each - fraction) * slope)) for each in FRACTIONS]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
