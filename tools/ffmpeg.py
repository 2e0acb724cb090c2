"""See to it that the test of `gtc record-video` finds ffmpeg: ``python3 -m tools.ffmpeg``.

Standard library only. Installs Debian's package when root, else says what to install.
"""

from __future__ import annotations

import sys

from tools.debian import ensure

if __name__ == "__main__":
    sys.exit(ensure("ffmpeg", "ffmpeg"))
