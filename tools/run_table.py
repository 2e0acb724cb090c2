"""Put one run beside its prediction: ``python tools/run_table.py report.json``.

Prints the Markdown tables of docs/rehearsal-fidelity.md for a report of
``gtc rehearse --headless --auto --once --report FILE``, seen first, predicted in brackets.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gtc_runtime.formats import NO_DATA, latency, whole
from gtc_runtime.planning.check import predict
from gtc_runtime.scenario.story import figure
from gtc_spec.environment import load

JSON = dict[str, Any]
SEEDS = 12


def main(argv: list[str]) -> int:
    """Print the tables of the report named on the command line."""
    if len(argv) != 1:
        print("run_table: one report expected")
        return 2
    try:
        report = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"run_table: cannot read {argv[0]}: {error}")
        return 2
    prediction = predict(load(report["env"]), seeds=SEEDS)
    print(phases(report["phases"], list(prediction.phases)))
    print()
    print(claims(report["story"], prediction.to_json()["claims"]))
    return 0


def phases(seen: list[JSON], predicted: list[JSON]) -> str:
    """One row a phase."""
    heads = ("phase", "length", "requests", "TTFT B p95", "its tail", "ITL p50", "its tail")
    rows = [heads, ("---",) * len(heads)]
    for run, plan in zip(seen, predicted, strict=True):
        rows.append(
            (
                run["name"],
                f"{run['length_s']:.0f} s ({plan['length_s']:.0f})",
                f"{whole(run['requests']['due'])} ({whole(plan['requests']['due'])})",
                _latency(run, plan, "ttft_ms", "summarization", "p95"),
                _latency(run, plan, "ttft_ms_tail", "summarization", "p95"),
                _latency(run, plan, "itl_ms", "all", "p50"),
                _latency(run, plan, "itl_ms_tail", "all", "p50"),
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def claims(seen: list[JSON], predicted: list[JSON]) -> str:
    """One row a claim of the story."""
    rows = [("phase", "claim", "seen", "predicted"), ("---",) * 4]
    for run, plan in zip(seen, predicted, strict=True):
        rows.append((run["phase"], run["claim"], figure(run["value"]), figure(plan["median"])))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _latency(run: JSON, plan: JSON, measure: str, key: str, quantile: str) -> str:
    found, expected = (each[measure][key][quantile] for each in (run, plan))
    return NO_DATA if found is None else f"{latency(found)} ({latency(expected)})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
