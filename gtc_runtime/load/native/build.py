"""Compiles the native core, if this machine can.

Standard library only and without imports of ours: it runs while the package is being built.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

SOURCES = Path(__file__).parent
LIBRARY = SOURCES / "_core.abi3.so"
"""One file for every Python from 3.11 on: it uses the stable interface."""
FLAGS = (
    *("-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-fPIC", "-shared", "-fvisibility=hidden"),
    "-ffp-contract=off",  # a gap must fall into the bucket into which Python would put it
)
COMPILE_MAX_S = 120.0


class NotBuiltError(Exception):
    """There is no native core; the text says why."""


def state() -> str:
    """A short name for what the sources say now; empty if they are not here."""
    digest = hashlib.sha256(repr(FLAGS).encode())
    files = sorted(path for path in SOURCES.iterdir() if path.suffix in (".c", ".h"))
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16] if files else ""


def is_current() -> bool:
    """Whether the library is there and of these sources."""
    return LIBRARY.exists() and state().encode() in LIBRARY.read_bytes()


def build(target: Path = LIBRARY, flags: Sequence[str] = ("-O2",)) -> Path:
    """Compile the sources to `target`, with more flags.

    Raises:
        NotBuiltError: It cannot be built here.
    """
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    found = shutil.which(compiler) or shutil.which("cc")
    if sys.platform != "linux":
        raise NotBuiltError(f"it is for linux, this is {sys.platform}")
    if found is None:
        raise NotBuiltError("no C compiler")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        raise NotBuiltError("no Python.h: the headers of this Python are missing")
    fresh = target.with_name(f"{target.stem}.{os.getpid()}.so")
    words = [
        *(found, *FLAGS, *flags, f'-DSOURCES="{state()}"'),
        f"-I{sysconfig.get_paths()['include']}",
        *(str(path) for path in sorted(SOURCES.glob("*.c"))),
        *("-o", str(fresh), "-lm"),
    ]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=COMPILE_MAX_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuiltError(f"the compiler failed: {error}") from None
    if done.returncode:
        fresh.unlink(missing_ok=True)
        raise NotBuiltError(f"{shlex.join(words[:1])} failed: {done.stderr.strip()[-500:]}")
    fresh.replace(target)
    return target


def main() -> int:
    """Build what is missing or old. Returns the exit code."""
    try:
        if not is_current():
            build()
    except NotBuiltError as error:
        print(f"no native core of the load engine, the slower one in Python does: {error}")  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
