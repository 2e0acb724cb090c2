"""Who may import whom. The rules are the contracts in pyproject.toml."""

import ast
import os
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.architecture.repository import ROOT, name_of, product_code

LINTER = Path(sys.executable).with_name("lint-imports")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["importlinter"]["root_packages"]
ROOTS = PROJECT["tool"]["pytest"]["ini_options"]["pythonpath"]


def test_every_import_contract_is_kept():
    search = os.pathsep.join(str(ROOT / each) for each in ROOTS)
    ran = subprocess.run(
        [LINTER, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 0, ran.stdout[ran.stdout.find("Contracts") :]


def test_constructs_is_a_source_root_and_no_package():
    assert not (ROOT / "constructs" / "__init__.py").exists(), (
        "with an __init__.py the folder shadows the library `constructs` and cdktf breaks"
    )


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("gtc_runtime", cache_dir=None)


def test_no_modules_import_each_other_in_a_ring():
    """For type checking or inside a function neither."""
    everything = grimp.build_graph(*PACKAGES, cache_dir=None)
    arrows = {
        module: everything.find_modules_directly_imported_by(module)
        for module in everything.modules
    }
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_planner_and_conductor_decide_with_the_same_machine(graph):
    users = graph.find_modules_that_directly_import("gtc_runtime.scenario.machine")

    assert "gtc_runtime.scenario.conductor" in users
    assert any(user.startswith("gtc_runtime.planning.") for user in users)


def test_planner_and_report_judge_with_the_same_claims(graph):
    users = graph.find_modules_that_directly_import("gtc_runtime.scenario.story")

    assert any(user.startswith("gtc_runtime.planning.") for user in users)


def test_relative_imports_are_not_used():
    relative = [
        f"{name_of(path)}:{node.lineno}"
        for path in product_code()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []
