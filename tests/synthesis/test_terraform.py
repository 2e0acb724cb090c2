"""Terraform's own opinion of every stack, where its providers can be had."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.synthesis.conftest import STACKS, Written

pytestmark = [pytest.mark.terraform, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize("stack", STACKS)
def test_terraform_accepts(written: Written, stack: str, tmp_path: Path) -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed")
    # a copy with all assets in their places, so that paths lead where they will lead
    folder = tmp_path / "cdktf.out"
    shutil.copytree(written.folder, folder)
    at = f"-chdir={folder / 'stacks' / stack}"
    ready = run(terraform, at, "init", "-backend=false", "-input=false")
    if ready.returncode != 0:
        reason = "cannot be queried" if "Failed to query" in ready.stderr else "do not install"
        assert "provider" in ready.stderr, ready.stderr
        pytest.skip(f"the providers {reason} from here")

    checked = run(terraform, at, "validate")

    assert checked.returncode == 0, checked.stderr


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
