"""See to it that tests find a Prometheus and its promtool: ``python3 -m tools.prometheus``.

Standard library only. Installs Debian's package when root, else says what to install; tests that
need it are skipped without it.
"""

from __future__ import annotations

import sys

from tools.debian import ensure

if __name__ == "__main__":
    sys.exit(ensure("promtool", "prometheus"))
