"""Compiles the server and the client in native/ into the cache, once for each state of the sources.

A server in Python or a client in Python would measure itself; without a C compiler there is no
benchmark.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).with_name("native")
PROGRAMS = {
    "server": (
        *("server.c", "connection.c", "http.c", "stream.c"),
        *("frames.c", "records.c", "schedule.c", "settings.c"),
    ),
    "client": ("client.c",),
}
FLAGS = ("-O2", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra")


class NoCompilerError(Exception):
    """There is no C compiler; the text says what to install."""


def cache() -> Path:
    """Where compiled programs and peers are kept, outside of the tree."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gtc-bench"


def program(name: str) -> Path:
    """The compiled program `server` or `client`.

    Raises:
        NoCompilerError: There is no `cc`.
        RuntimeError: The sources do not compile.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoCompilerError("no C compiler: apt-get install gcc libc6-dev, then repeat")
    target = cache() / "native" / f"{name}-{_state()}"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(f".{os.getpid()}")
    files = [str(SOURCES / source) for source in PROGRAMS[name]]
    done = subprocess.run(
        [compiler, *FLAGS, "-o", str(fresh), *files], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{name} does not compile: {done.stderr[-2000:]}")
    fresh.replace(target)
    return target


def _state() -> str:
    """A short name for what the sources say now."""
    digest = hashlib.sha256(repr(FLAGS).encode())
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
