"""Installs servers of others that the load engine is tried against, each in its own environment.

`python -m tools.third_party`; without it the tests of them are skipped. Nothing of them becomes a
part of the product or of its requirements.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".third-party"
SERVERS: dict[str, tuple[str, ...]] = {
    "llama": ("xllamacpp==2026.10.11549", "gguf==0.19.0"),
    "litellm": ("litellm[proxy]==1.108.7",),
    "guidellm": ("guidellm==0.8.1",),
}
"""What each server is made of, in versions that were tried."""


def python_of(server: str) -> Path:
    """The interpreter of a server's environment, whether it is there or not."""
    return FOLDER / server / "bin" / "python"


def main() -> int:
    """Install what is missing. Returns the exit code."""
    uv = str(Path(sys.executable).with_name("uv"))
    for server, packages in SERVERS.items():
        print(f"{server}: {' '.join(packages)}", flush=True)
        commands = (
            [uv, "venv", "-q", "--allow-existing", "-p", sys.executable, str(FOLDER / server)],
            [uv, "pip", "install", "-q", "-p", str(python_of(server)), *packages],
        )
        for command in commands:
            if subprocess.run(command, check=False).returncode:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
