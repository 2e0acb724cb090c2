"""Records what a real Prometheus answers, so that the rehearsal's evaluator can be held to it.

Starts `prometheus` on loopback with an empty data directory, writes seeded samples through remote
write, asks every query at several times and stores the answers: those about the language together
with their samples, those of the product's own queries alone. With `--check` nothing is written: the
stored answers are compared with fresh ones.

    python tools/promql/record_promql_vectors.py [--check]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tools.promql import promql_language, promql_oracle, promql_product

FOLDER = Path(__file__).parents[2] / "tests" / "contract" / "promql"


def answers(source: Any) -> dict[str, Any]:
    """Ask a real Prometheus everything that a module asks about its samples."""
    series = source.data_set()
    with promql_oracle.prometheus() as url:
        promql_oracle.write(url, series)
        cases = [
            {"expr": expr, "at_ms": at_ms, "answer": promql_oracle.ask(url, expr, at_ms)}
            for expr in source.QUERIES
            for at_ms in source.TIMES_MS
        ]
    return {"prometheus": promql_oracle.version(), "series": series, "cases": cases}


def record() -> dict[Path, dict[str, Any]]:
    """Every file with what it should hold."""
    product = answers(promql_product)
    product["series"] = {}  # many and seeded: made anew where they are needed
    found = {"vectors": answers(promql_language), "product": product}
    return {FOLDER / f"{name}.json": json.loads(json.dumps(one)) for name, one in found.items()}


def _dump(recorded: dict[str, Any]) -> str:
    """One line per series and per case, so that a change shows as a small diff."""
    rows = recorded["series"].items()
    series = ",\n".join(f"  {json.dumps(labels)}: {json.dumps(values)}" for labels, values in rows)
    cases = ",\n".join(f"  {json.dumps(case)}" for case in recorded["cases"])
    version = json.dumps(recorded["prometheus"])
    return f'{{"prometheus": {version},\n"series": {{\n{series}\n}},\n"cases": [\n{cases}\n]}}\n'


def main() -> int:
    """Record or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    if shutil.which("prometheus") is None:
        sys.stderr.write("prometheus is not on PATH\n")
        return 3
    fresh = record()
    if not check:
        for path, recorded in fresh.items():
            path.write_text(_dump(recorded), encoding="utf-8")
        return 0
    differ = [path.name for path, one in fresh.items() if json.loads(path.read_text()) != one]
    if differ:
        sys.stderr.write(f"{', '.join(differ)} differ: record them again and look why\n")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
