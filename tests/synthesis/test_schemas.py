"""Every stack is what the providers take: by their recorded schemas, which are the real ones."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.recorded_schemas import faults
from tests.synthesis.conftest import ROOT, STACKS, Written


@pytest.mark.parametrize("stack", STACKS)
def test_the_providers_take_every_stack_of_the_demo(written: Written, stack: str) -> None:
    assert faults(without_states(written.stack(stack))) == []


@pytest.mark.slow
def test_the_providers_take_every_stack_of_every_example(examples: Path) -> None:
    found = {
        str(path.relative_to(examples)): faults(without_states(json.loads(path.read_text())))
        for path in examples.glob("*/stacks/*/cdk.tf.json")
    }

    assert len(found) > 5
    assert {name: each for name, each in found.items() if each} == {}


def without_states(document: dict[str, Any]) -> dict[str, Any]:
    """The stack without the state of another, which no provider reads."""
    data = {k: v for k, v in document.get("data", {}).items() if k != "terraform_remote_state"}
    return {**document, "data": data}


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.timeout(150)
def test_the_providers_still_say_what_was_recorded() -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    ran = subprocess.run(
        [sys.executable, "-m", "tools.terraform.record", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )
    if "CalledProcessError" in ran.stderr:
        pytest.skip("the providers cannot be fetched from here")

    assert (ran.returncode, ran.stdout) == (0, "")
