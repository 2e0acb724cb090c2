"""Run the tests of facts and constructs with another Python: ``make test-python``.

The environment is made anew from the locked packages, in seconds where they are in uv's cache. A
machine without that Python is told so, and nothing is tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from tools.distributions import pythons
from tools.distributions.pythons import PINS, ROOT

TESTS: Final = (
    "tests/unit/spec",
    "tests/unit/constructs/test_values.py",
    "tests/unit/constructs/test_public_face.py",
    "tests/synthesis/test_examples.py",
)


def main(version: str) -> int:
    """Run them; the exit code of pytest, or 0 where there is no such Python."""
    python = pythons.find(version)
    if python is None:
        print(f"no python {version} on this machine: nothing was tested with it")
        return 0
    inside = pythons.environment(f"tests-{version}", python, ["-r", PINS])
    search = os.pathsep.join(str(ROOT / each) for each in ("constructs", "dashboards", "ui", "."))
    flags = ["-m", "not slow", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile"]
    return subprocess.run(
        [inside, "-m", "pytest", *flags, *TESTS],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": search}, check=False,
    ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
