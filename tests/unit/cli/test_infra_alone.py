"""The command line where only the constructs are installed: one line, and no traceback."""

import subprocess
import sys

import pytest

from tests.unit.cli.test_load_alone import ALONE, PROJECT, ROOT, blocked, names


def with_infra(*words: str) -> subprocess.CompletedProcess[str]:
    """Run what the script `gtc` runs, with what the extra `infra` brings and nothing else."""
    extras = PROJECT["optional-dependencies"]
    hidden = {*blocked(), *names(extras["load"])} - names(extras["infra"])
    paths = [str(ROOT / each) for each in ("constructs", "ui", ".")]
    module, _, function = PROJECT["scripts"]["gtc"].partition(":")
    program = ALONE.format(paths=paths, blocked=sorted(hidden)).replace(
        "from gtc_cli.main import main\nsys.exit(main())",
        f"from {module} import {function}\n{function}()",
    )
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=50,
        check=False, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.parametrize("words", [[], ["--help"], ["deploy", "--env", "dev"]])
def test_without_its_libraries_gtc_says_which_extra_brings_them(words: list[str]) -> None:
    told = with_infra(*words)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == (
        "error: gtc needs click for this, which is not installed\n"
        "hint: pip install 'gtc-demo[runtime,ui]'\n"
    )
