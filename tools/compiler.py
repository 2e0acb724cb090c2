"""See to it that the load benchmark finds a C compiler: ``python3 tools/compiler.py``.

Standard library only. Installs Debian's package when root, else says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def main() -> int:
    """Return 0 when a compiler is there."""
    if shutil.which("cc"):
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print("cc: not on PATH")
        print("hint: apt-get install gcc libc6-dev, then repeat")
        return 1
    print("installing a C compiler …", flush=True)
    for words in ("update -q", "install -y -q --no-install-recommends gcc libc6-dev"):
        if subprocess.run(["apt-get", *words.split()], check=False).returncode != 0:
            print("cc: apt-get failed, see above")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
