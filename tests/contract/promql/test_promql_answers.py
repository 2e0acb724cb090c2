"""The rehearsal's PromQL against answers that a real Prometheus gave."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gtc_runtime.rehearsal.promql import Query
from gtc_runtime.rehearsal.promql_values import PromqlError, Vector
from gtc_runtime.rehearsal.tsdb import STALE, Tsdb, labels_of

ROOT = Path(__file__).parents[3]
RECORDED = json.loads((Path(__file__).parent / "vectors.json").read_text())
EXPRESSIONS = sorted({case["expr"] for case in RECORDED["cases"]})


@pytest.fixture(scope="module")
def store() -> Tsdb:
    store = Tsdb()
    for labels, samples in RECORDED["series"].items():
        for t_ms, value in samples:
            store.append(
                labels_of(json.loads(labels)), t_ms, STALE if value == "stale" else float(value)
            )
    return store


def answer_of(expr: str, store: Tsdb, at_ms: int) -> object:
    try:
        value = Query(expr).at(store, at_ms)
    except PromqlError as error:
        return {"error": error.message}
    if isinstance(value, Vector):
        return sorted(
            ([[*map(list, s.labels)], s.value] for s in value.samples), key=lambda s: s[0]
        )
    return value


def same(ours: object, theirs: object) -> bool:
    if isinstance(theirs, dict):
        return isinstance(ours, dict)
    if isinstance(theirs, str):
        return isinstance(ours, float) and same_number(ours, float(theirs))
    return (
        isinstance(ours, list)
        and [labels for labels, _ in ours] == [labels for labels, _ in theirs]
        and all(same_number(a, float(b)) for (_, a), (_, b) in zip(ours, theirs, strict=True))
    )


def same_number(ours: float, theirs: float) -> bool:
    if math.isnan(theirs):
        return math.isnan(ours)
    return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_an_expression_is_worth_what_prometheus_says(expr: str, store: Tsdb) -> None:
    for case in RECORDED["cases"]:
        if case["expr"] == expr:
            ours = answer_of(expr, store, case["at_ms"])
            assert same(ours, case["answer"]), (case["at_ms"], ours, case["answer"])


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not on PATH")
def test_the_recorded_answers_are_still_those_of_a_real_prometheus() -> None:
    if RECORDED["prometheus"] not in subprocess.check_output(
        ["prometheus", "--version"], text=True
    ):
        pytest.skip(f"the answers were recorded with prometheus {RECORDED['prometheus']}")
    check = [sys.executable, "tools/record_promql_vectors.py", "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
