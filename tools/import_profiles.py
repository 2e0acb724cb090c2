"""Make ``constructs/gtc_spec/profiles/*.json`` from the CSV tables of a profiling run.

``python -m tools.import_profiles [SOURCE]``, SOURCE defaults to ``../shared/profiles``. The output
is deterministic, so a second run with the same tables changes no byte; each file names the
tables that it was made from and their sha256.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from gtc_runtime.calibration.document import text

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "constructs" / "gtc_spec" / "profiles"
TOOL = "aiconfigurator 0.12.0"
PERF_DB = "trtllm-1.3.0rc20"
"""The newest kernel table of the tool; 1.2.0rc5 is 5-8 % slower on long prefills."""
TABLES = ("prefill_ms.csv", "decode_step_ms.csv", "fit_coefficients.csv", "memory.csv")
PROFILES = {
    "llama-3.1-70b.h200.fp8": ("llama-3.1-70b", "h200_sxm", "fp8", "fp8"),
    "llama-3.1-70b.h200.fp8-bf16kv": ("llama-3.1-70b", "h200_sxm", "fp8", "bf16"),
    "llama-3.1-8b.h100.bf16": ("llama-3.1-8b", "h100_sxm", "bf16", "bf16"),
    "llama-3.1-8b.h100.fp8": ("llama-3.1-8b", "h100_sxm", "fp8", "fp8"),
}
"""File name: model, card, precision of the weights, precision of the KV cache."""

Key = tuple[str, str, str, str]


def main(argv: list[str]) -> int:
    """Write every profile and return an exit code."""
    source = Path(argv[0]) if argv else ROOT.parent / "shared" / "profiles"
    missing = [name for name in TABLES if not (source / name).is_file()]
    if missing:
        print(f"import_profiles: {source} lacks {', '.join(missing)}")
        return 2
    TARGET.mkdir(exist_ok=True)
    for name, key in PROFILES.items():
        (TARGET / f"{name}.json").write_text(text(profile(source, key)))
    return 0


def profile(source: Path, key: Key) -> dict[str, object]:
    """One profile as the JSON document that gtc_spec.profiles.profile reads."""
    model, gpu, weights, kv = key
    fit = next(rows(source, "fit_coefficients.csv", key))
    memory = list(rows(source, "memory.csv", key))
    return {
        "model": model,
        "gpu": gpu,
        "weights": weights,
        "kv": kv,
        "provenance": {
            "tool": TOOL,
            "perf_db": PERF_DB,
            "imported_by": "tools/import_profiles.py",
            "sources": [
                {"file": name, "sha256": hashlib.sha256((source / name).read_bytes()).hexdigest()}
                for name in TABLES
            ],
        },
        "kv_bytes_per_token": int(memory[0]["kv_bytes_per_token"]),
        "kv_pools": [
            [float(row["kv_fraction_of_free"]), int(row["kv_pool_tokens"])] for row in memory
        ],
        "prefill_fit": coefficients(
            fit, "prefill", ("t0_ms", "floor_ms", "ms_per_token", "ms_per_token_x_context")
        ),
        "decode_fit": coefficients(
            fit, "decode", ("t0_ms", "ms_per_seq", "ms_per_seq_over_128", "ms_per_kv_token")
        ),
        "prefill": [
            [int(row["new_tokens"]), int(row["cached_prefix_tokens"]), float(row["latency_ms"])]
            for row in rows(source, "prefill_ms.csv", key)
        ],
        "decode": [
            [int(row["batch"]), int(row["context_tokens"]), float(row["step_ms"])]
            for row in rows(source, "decode_step_ms.csv", key)
        ],
    }


def rows(source: Path, table: str, key: Key) -> Iterator[dict[str, str]]:
    """The rows of one table that belong to one profile; memory does not depend on the kernels."""
    with (source / table).open(newline="") as file:
        for row in csv.DictReader(file):
            mine = (row["model"], row["gpu"], row["weights"], row["kv"]) == key
            if mine and row.get("perf_db", PERF_DB) == PERF_DB:
                yield row


def coefficients(row: dict[str, str], stage: str, names: tuple[str, ...]) -> dict[str, float]:
    """The closed form of one stage."""
    return {name: float(row[f"{stage}_{name}"]) for name in names}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
