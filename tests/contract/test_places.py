"""No suite of a contract knows the rehearsal alone without saying why."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CONTRACTS = {"api", "cluster", "kube"}
"""Fixtures that stand for a place: whoever takes one, and none of its own, runs in all of them."""
REHEARSAL_ALONE = {
    "checks": "asks servers beside the API too; real ones are in tests/control_plane",
    "cluster/test_forward.py": "a forwarded port needs a kubelet",
    "cluster/test_hardening.py": "servers that answer nonsense, which no real one does",
    "cluster/test_service_proxy.py": "a cluster address needs a kube-proxy and pods",
    "doctor": "before there is a cluster",
    "kube_api/test_faulty_api.py": "what tests order from the rehearsal's server",
    "kube_api/test_kr8s.py": "a library on the rehearsal; the client's own suites are in cluster",
    "kube_api/test_kubectl.py": "kubectl on the rehearsal; a real server is what it is made for",
    "kube_api/test_nonsense.py": "bytes that must not stop our own server",
    "kube_api/test_server.py": "what the rehearsal does where a real one need not do the same",
    "promql": "answers recorded from a real Prometheus",
    "promtool": "the real promtool itself",
}


def suites() -> list[str]:
    return sorted(str(file.relative_to(HERE)) for file in HERE.glob("*/test_*.py"))


def knows_every_place(suite: str) -> bool:
    tree = ast.parse((HERE / suite).read_text())
    taken = {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in node.args.args
    }
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return bool((CONTRACTS - own) & taken) or "PLACES" in named


def reason(suite: str) -> str | None:
    return REHEARSAL_ALONE.get(suite) or REHEARSAL_ALONE.get(suite.split("/")[0])


@pytest.mark.parametrize("suite", suites())
def test_a_suite_runs_in_every_place_or_says_why_not(suite: str) -> None:
    assert knows_every_place(suite) != bool(reason(suite))


def test_every_reason_is_that_of_a_suite() -> None:
    known = {*suites(), *(suite.split("/")[0] for suite in suites())}

    assert set(REHEARSAL_ALONE) <= known
