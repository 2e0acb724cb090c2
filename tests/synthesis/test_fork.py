"""cdktf and its community fork write the same stacks."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.synthesis.conftest import (
    CANARIES,
    STACKS,
    Written,
    synthesise,
    synthesise_examples,
)
from tests.synthesised import without_comments

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


def stacks(folder: Path) -> dict[str, Any]:
    """Every stack of every example, without cdktf's comments."""
    found = folder.glob("*/stacks/*/cdk.tf.json")
    return {str(path.relative_to(folder)): without_comments(load(path)) for path in found}


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def test_the_fork_writes_every_stack_of_the_demo_as_cdktf_does(
    written: Written, tmp_path: Path
) -> None:
    ran = synthesise(tmp_path, **CANARIES, GTC_CDK="cdktn")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")

    forked = {stack: load(tmp_path / "stacks" / stack / "cdk.tf.json") for stack in STACKS}
    ours = {stack: written.stack(stack) for stack in STACKS}
    assert {each["//"]["metadata"]["version"] for each in ours.values()} == {"0.21.0"}
    assert {each["//"]["metadata"]["version"] for each in forked.values()} == {"0.24.0"}
    assert without_comments(forked) == without_comments(ours)


def test_the_fork_writes_every_example_as_cdktf_does(examples: Path, tmp_path: Path) -> None:
    synthesise_examples(tmp_path, "cdktn")

    ours = stacks(examples)
    assert len(ours) > 5
    assert stacks(tmp_path) == ours


def test_a_cdk_that_we_do_not_know_is_refused(tmp_path: Path) -> None:
    ran = synthesise(tmp_path, GTC_CDK="pulumi")

    assert ran.returncode != 0
    assert "GTC_CDK=pulumi, allowed: cdktf or cdktn" in ran.stderr
