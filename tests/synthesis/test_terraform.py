"""Terraform's own opinion of every stack, where its providers can be had."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.synthesis.conftest import ROOT, STACKS, Written

pytestmark = [pytest.mark.terraform, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def checkout(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything that was written, in which Terraform has its providers."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("terraform") / "cdktf.out"
    shutil.copytree(written.folder, folder)
    for stack in STACKS:
        ready = terraform(folder, stack, "init", "-backend=false", "-input=false")
        if ready.returncode != 0:
            assert "provider" in ready.stderr, ready.stderr
            pytest.skip("the providers cannot be fetched from here")
    return folder


@pytest.mark.parametrize("stack", STACKS)
def test_terraform_accepts(checkout: Path, stack: str) -> None:
    checked = terraform(checkout, stack, "validate")

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "examples").glob("*.py")])
def test_terraform_accepts_every_example(
    checkout: Path, examples: Path, name: str, tmp_path: Path
) -> None:
    assert checkout, "the providers are there"
    shutil.copytree(examples / name, tmp_path / name)
    for stack in (tmp_path / name / "stacks").iterdir():
        ready = terraform(tmp_path / name, stack.name, "init", "-backend=false", "-input=false")
        assert ready.returncode == 0, ready.stderr
        checked = terraform(tmp_path / name, stack.name, "validate")
        assert checked.returncode == 0, checked.stderr


def terraform(folder: Path, stack: str, *command: str) -> subprocess.CompletedProcess[str]:
    at = f"-chdir={folder / 'stacks' / stack}"
    return subprocess.run(
        ["terraform", at, *command], capture_output=True, text=True, timeout=100, check=False
    )
