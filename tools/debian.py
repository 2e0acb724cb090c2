"""Installs a Debian package that tests need, where that can be done without asking.

Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess


def ensure(program: str, *packages: str) -> int:
    """See to it that a program is on PATH.

    Args:
        program: Name of the program.
        packages: Debian packages that bring it.

    Returns:
        0 when it is there now; 1 after saying what to do.
    """
    if shutil.which(program):
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"{program}: not on PATH")
        print(f"hint: apt-get install {packages[0]}, then repeat")
        return 1
    print(f"installing {program} …", flush=True)
    for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", *words], check=False).returncode != 0:
            print(f"{program}: apt-get failed, see above")
            return 1
    return 0
