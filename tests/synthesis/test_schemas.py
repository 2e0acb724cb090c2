"""The recorded schemas are those of the real providers, where these can be had."""

import shutil
import subprocess
import sys

import pytest

from tests.synthesis.conftest import ROOT

pytestmark = [pytest.mark.terraform, pytest.mark.slow, pytest.mark.timeout(150)]


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
