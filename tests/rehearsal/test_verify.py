"""`gtc verify` and `gtc compare` on one rehearsal: proofs pass, and name what is broken."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gtc_spec import names
from gtc_spec.environment import load
from gtc_spec.manifests.dgd import aggregated_graph
from gtc_spec.pools import ROLES

from .conftest import Rehearsal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROUTER = {"op": "replace", "path": "/spec/services/Frontend/envs/0"}


def verify(rehearsal: Rehearsal, claim: str, *flags: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a run."""
    done = subprocess.run(
        [sys.executable, "-m", "gtc_cli", "verify", claim,
         "--state-dir", str(rehearsal.state_dir), *flags, "--json"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


def the_one_red(rehearsal: Rehearsal, claim: str) -> str:
    """What a proof that must fail says."""
    code, told = verify(rehearsal, claim)
    (check,) = told["checks"]
    assert (code, check["state"]) == (1, "red"), check
    assert check["hint"]
    return str(check["found"])


def workload(rehearsal: Rehearsal, *arguments: str) -> str:
    """kubectl in the namespace of the workload; its output."""
    done = rehearsal.kubectl("-n", names.NAMESPACE_WORKLOAD, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def routed_by(rehearsal: Rehearsal, mode: str) -> Iterator[None]:
    def route(value: str) -> None:
        change = [ROUTER | {"value": {"name": "DYN_ROUTER_MODE", "value": value}}]
        workload(rehearsal, "patch", "dgd", names.DEMO, "--type=json", "-p", json.dumps(change))
        selector = f"nvidia.com/dynamo-component={names.FRONTEND}"
        workload(rehearsal, "delete", "pod", "-l", selector, "--wait=false")
        workload(rehearsal, "wait", "pod", "-l", selector, "--for=condition=Ready", "--timeout=60s")

    route(mode)
    try:
        yield
    finally:
        route("kv")


def test_all_of_it_passes_and_is_written_down(rehearsal: Rehearsal, tmp_path: Path) -> None:
    junit = tmp_path / "verify.xml"
    code, told = verify(rehearsal, "all", "--junit", str(junit))
    states = {check["name"]: check["state"] for check in told["checks"]}
    assert states == {
        "inference": "green", "disagg": "green", "kv-cache": "green", "scaling": "green",
        "link": "not-applicable",
    }, [check["found"] for check in told["checks"] if check["state"] == "red"]  # fmt: skip
    assert code == 0
    assert told["took_s"] < 360
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "0", "1")


def test_a_paused_keda_is_named(rehearsal: Rehearsal) -> None:
    paused = "autoscaling.keda.sh/paused"
    workload(rehearsal, "annotate", "so", "--all", f"{paused}=true")
    try:
        assert paused in the_one_red(rehearsal, "scaling")
    finally:
        workload(rehearsal, "annotate", "so", "--all", f"{paused}-")


def test_blind_routing_is_named(rehearsal: Rehearsal) -> None:
    with routed_by(rehearsal, "round-robin"):
        found = the_one_red(rehearsal, "kv-cache")
    assert "the frontend routes by round-robin" in found
    assert "100 % of turns fast" not in found


def test_nothing_is_sent_while_a_panel_plays_the_show(rehearsal: Rehearsal) -> None:
    rehearsal.gtc("auto")
    try:
        code, told = verify(rehearsal, "inference")
    finally:
        rehearsal.gtc("reset")
    assert code == 1
    assert "plays the show" in told["error"]
    assert told["hint"].startswith("gtc manual")


def test_a_comparison_that_is_ended_puts_graph_and_keda_back(rehearsal: Rehearsal) -> None:
    comparison = subprocess.Popen(
        [sys.executable, "-m", "gtc_cli", "compare", "--load", "PREFILL_STRESS", "--seconds", "5",
         "--state-dir", str(rehearsal.state_dir)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert comparison.stdout is not None
    try:
        next(line for line in comparison.stdout if line.startswith("replacing the graph"))
        next(line for line in comparison.stdout if " leave, graph " in line)
        comparison.send_signal(signal.SIGTERM)  # the demo's graph is gone, the other is not ready
        comparison.stdout.read()
        assert comparison.wait(100) == 1
    finally:
        comparison.kill()
    services = workload(rehearsal, "get", "dgd", names.DEMO, "-o", "jsonpath={.spec.services}")
    assert set(json.loads(services)) == {names.FRONTEND, *map(names.service, ROLES)}
    assert "paused" not in workload(rehearsal, "get", "so", "-o", "jsonpath={..annotations}")
    assert not (rehearsal.state_dir / "compare-graph.json").exists()


def test_a_bypassed_prefill_is_named(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """The last test: it leaves an aggregated graph behind."""
    graph = aggregated_graph(load("prod"), workers=2)
    graph["metadata"].setdefault("labels", {})[names.LABEL_REHEARSAL] = "true"
    file = tmp_path / "aggregated.json"
    file.write_text(json.dumps(graph))
    workload(rehearsal, "delete", "dgd", names.DEMO, "--timeout=50s")
    workload(rehearsal, "create", "-f", str(file))
    ready = "jsonpath={.status.state}=successful"
    workload(rehearsal, "wait", "dgd", names.DEMO, f"--for={ready}", "--timeout=50s")
    assert "prefill is bypassed" in the_one_red(rehearsal, "disagg")
