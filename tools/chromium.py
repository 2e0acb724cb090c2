"""See to it that the browser tests find a Chromium: ``python3 tools/chromium.py``.

Standard library only. Installs Debian's package when root, else says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def main() -> int:
    """Return 0 when a browser is there."""
    if shutil.which("chromium"):
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print("chromium: not on PATH")
        print("hint: apt-get install chromium, then repeat")
        return 1
    print("installing chromium …", flush=True)
    for words in ("update -q", "install -y -q --no-install-recommends chromium fonts-dejavu-core"):
        if subprocess.run(["apt-get", *words.split()], check=False).returncode != 0:
            print("chromium: apt-get failed, see above")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
