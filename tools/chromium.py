"""See to it that the browser tests find a Chromium: ``python3 -m tools.chromium``.

Standard library only. Installs Debian's package when root, else says what to install.
"""

from __future__ import annotations

import sys

from tools.debian import ensure

if __name__ == "__main__":
    sys.exit(ensure("chromium", "chromium", "fonts-dejavu-core"))
