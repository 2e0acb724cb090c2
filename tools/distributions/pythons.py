"""Which Pythons this machine has, and clean environments of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
WORK: Final = ROOT / ".gtc" / "dist"
UV: Final = Path(sys.executable).with_name("uv")
PINS: Final = ROOT / "requirements" / "dev.txt"
WAIT_S: Final = 300


def supported(folder: Path = ROOT / "constructs") -> list[str]:
    """The versions that a distribution names in its classifiers, oldest first."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r"Programming Language :: Python :: (3\.\d+)", text)


def find(version: str) -> Path | None:
    """A Python of this version: on PATH, else one of pyenv's; None where there is none."""
    installed = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    on_path = shutil.which(f"python{version}")
    candidates = [Path(on_path)] if on_path else []
    candidates += sorted(installed.glob(f"{version}.*/bin/python{version}"))
    return next((each for each in candidates if _is(each, version)), None)


def environment(name: str, python: Path, install: Iterable[str | Path]) -> Path:
    """A new environment below `WORK` that holds just this; returns its Python.

    Raises:
        CalledProcessError: Something cannot be installed; uv has said what.
    """
    folder = WORK / name
    subprocess.run([UV, "venv", "-q", "--clear", "--python", python, folder], check=True)
    inside = folder / "bin" / "python"
    command = [UV, "pip", "install", "-q", "--python", inside, *install]
    subprocess.run(command, check=True, timeout=WAIT_S)
    return inside


def _is(python: Path, version: str) -> bool:
    """Whether it starts, and is what it is called: a shim of pyenv may be neither."""
    asked = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        told = subprocess.run(
            [python, "-c", asked], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0 and told.stdout.strip() == version
