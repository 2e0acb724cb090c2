"""Make ``.venv`` on a fresh machine: ``python3 tools/bootstrap.py demo|dev``.

Standard library only, because it runs before anything is installed.
``demo`` installs what ``make demo`` needs, ``dev`` everything. A stamp in ``.venv`` makes
the second run instant; ``dev`` satisfies ``demo``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UV_VERSION = "0.13.9"
SETS = {"demo": ("demo", "dev"), "dev": ("dev",)}
"""Which stamps satisfy which wish."""


def main(argv: list[str]) -> int:
    """Install the set named on the command line and return an exit code."""
    if len(argv) != 1 or argv[0] not in SETS:
        print(f"bootstrap: one of {', '.join(SETS)} expected, got {' '.join(argv) or 'nothing'}")
        return 2
    if sys.version_info[:2] not in {(3, 11), (3, 12)}:
        print(f"bootstrap: python 3.11 or 3.12 needed, this is {sys.version.split()[0]}")
        print("hint: make setup PYTHON=python3.11")
        return 2
    if any(
        stamp(name).is_file() and stamp(name).read_text() == digest(name) for name in SETS[argv[0]]
    ):
        return 0
    try:
        install(argv[0])
    except subprocess.CalledProcessError as error:
        print(f"bootstrap: `{' '.join(map(str, error.cmd[:4]))} …` failed with {error.returncode}")
        return 1
    return 0


def install(name: str) -> None:
    """Create the environment if needed, then make it hold exactly the locked set."""
    python = VENV / "bin" / "python"
    if not (VENV / "bin" / "pip").exists():
        create_venv()
    print(f"installing the locked packages of requirements/{name}.txt …", flush=True)
    run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"uv=={UV_VERSION}"])
    uv = VENV / "bin" / "uv"
    run([uv, "pip", "sync", "-q", "--python", python, f"requirements/{name}.txt"])
    run(
        [
            uv,
            "pip",
            "install",
            "-q",
            "--python",
            python,
            "--no-deps",
            "--no-build-isolation",
            "-e",
            ".",
        ]
    )
    for other in SETS:
        stamp(other).unlink(missing_ok=True)
    run(
        [
            python,
            "-m",
            "compileall",
            "-q",
            "constructs",
            "dashboards",
            "gtc_runtime",
            "rehearsal",
            "ui",
        ]
    )
    stamp(name).write_text(digest(name))


def create_venv() -> None:
    """Make the virtual environment; Debian splits ensurepip off, so bring it when root."""
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, cwd=ROOT)
    if made.returncode == 0:
        return
    if os.geteuid() != 0:
        print("hint: apt-get install python3-venv, then repeat")
        raise subprocess.CalledProcessError(made.returncode, [sys.executable, "-m", "venv"])
    run(["apt-get", "update", "-q"])
    run(["apt-get", "install", "-y", "-q", "python3-venv"])
    run([sys.executable, "-m", "venv", "--clear", VENV])


def run(command: list[str | Path]) -> None:
    """Run one step in the repository root; a failure raises CalledProcessError."""
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, env=environment)


def stamp(name: str) -> Path:
    """Where the finished installation of a set is noted."""
    return VENV / f".{name}-stamp"


def native_core() -> list[Path]:
    """The sources of the compiled part; installing compiles them if there is a compiler."""
    folder = ROOT / "gtc_runtime" / "load" / "native"
    return [folder / "build.py", *sorted(folder.glob("*.[ch]"))]


def digest(name: str) -> str:
    """What the stamp must say: a hash over everything that decides what is installed."""
    parts = [ROOT / "requirements" / f"{name}.txt", ROOT / "pyproject.toml", *native_core()]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
