"""cdktf and its community fork write the same stacks."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.synthesis.conftest import CANARIES, ROOT, STACKS, Written, synthesise
from tests.synthesised import without_comments

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
EXAMPLES = """
import runpy, sys
from functools import partial
from pathlib import Path
from gtc_constructs import app
make = app.App
for path in sorted(Path("examples").glob("*.py")):
    app.App = partial(make, outdir=f"{sys.argv[1]}/{path.stem}")
    runpy.run_path(str(path), run_name="__main__")
"""


def examples(folder: Path, cdk: str) -> dict[str, Any]:
    """Every stack of every example, without cdktf's comments."""
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", EXAMPLES, str(folder)],
        cwd=ROOT,
        env={**os.environ, "GTC_CDK": cdk},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
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


def test_the_fork_writes_every_example_as_cdktf_does(tmp_path: Path) -> None:
    ours, forked = (examples(tmp_path / cdk, cdk) for cdk in ("cdktf", "cdktn"))

    assert len(ours) > 5
    assert forked == ours


def test_a_cdk_that_we_do_not_know_is_refused(tmp_path: Path) -> None:
    ran = synthesise(tmp_path, GTC_CDK="pulumi")

    assert ran.returncode != 0
    assert "GTC_CDK=pulumi, allowed: cdktf or cdktn" in ran.stderr
