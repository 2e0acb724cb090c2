"""The rehearsal's PromQL against answers that a real Prometheus gave."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gtc_rehearsal.prometheus.promql import Query
from gtc_rehearsal.prometheus.promql_values import PromqlError, Vector
from gtc_rehearsal.prometheus.tsdb import STALE, Tsdb, labels_of
from tools.promql import promql_product
from tools.promql.promql_oracle import Samples

ROOT = Path(__file__).parents[3]
FOLDER = Path(__file__).parent
LANGUAGE = json.loads((FOLDER / "vectors.json").read_text())
PRODUCT = json.loads((FOLDER / "product.json").read_text())


def expressions(recorded: dict[str, Any]) -> list[str]:
    return sorted({case["expr"] for case in recorded["cases"]})


def store_of(series: dict[str, Samples]) -> Tsdb:
    store = Tsdb()
    for labels, samples in series.items():
        for t_ms, value in samples:
            store.append(
                labels_of(json.loads(labels)), t_ms, STALE if value == "stale" else float(value)
            )
    return store


@pytest.fixture(scope="module")
def language() -> Tsdb:
    return store_of(LANGUAGE["series"])


@pytest.fixture(scope="module")
def product() -> Tsdb:
    return store_of(promql_product.data_set())


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


def check(recorded: dict[str, Any], expr: str, store: Tsdb) -> None:
    for case in recorded["cases"]:
        if case["expr"] == expr:
            ours = answer_of(expr, store, case["at_ms"])
            assert same(ours, case["answer"]), (case["at_ms"], ours, case["answer"])


@pytest.mark.parametrize("expr", expressions(LANGUAGE))
def test_an_expression_is_worth_what_prometheus_says(expr: str, language: Tsdb) -> None:
    check(LANGUAGE, expr, language)


@pytest.mark.parametrize("expr", expressions(PRODUCT))
def test_a_query_of_the_product_is_worth_what_prometheus_says(expr: str, product: Tsdb) -> None:
    check(PRODUCT, expr, product)


def test_every_query_that_the_product_sends_was_asked() -> None:
    assert expressions(PRODUCT) == promql_product.QUERIES, (
        "run tools/promql/record_promql_vectors.py"
    )


def test_every_query_of_the_product_was_asked_while_it_had_something_to_say() -> None:
    """A query whose samples never match would agree with anything."""
    said = {case["expr"] for case in PRODUCT["cases"] if isinstance(case["answer"], list | str)}
    silent = said - {case["expr"] for case in PRODUCT["cases"] if case["answer"]}

    assert said == {*promql_product.QUERIES}
    assert silent == set()


def test_queries_were_asked_of_idle_histograms_and_of_nothing_too() -> None:
    answers = [case["answer"] for case in PRODUCT["cases"]]

    assert any(row[1] == "NaN" for rows in answers for row in rows)
    assert [] in answers


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not on PATH")
def test_the_recorded_answers_are_still_those_of_a_real_prometheus() -> None:
    if LANGUAGE["prometheus"] not in subprocess.check_output(
        ["prometheus", "--version"], text=True
    ):
        pytest.skip(f"the answers were recorded with prometheus {LANGUAGE['prometheus']}")
    check = [sys.executable, "tools/promql/record_promql_vectors.py", "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
