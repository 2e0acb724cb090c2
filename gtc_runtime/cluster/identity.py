"""Whether a holder is dead: an identity that tells a dead predecessor from a live rival.

An identity names host, boot and PID namespace, process and its start: process numbers come again,
these do not. A process that was restarted after a crash may so take over from itself at once
instead of waiting for the Lease to expire, and nobody else may. This module must not know what is
held.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from pathlib import Path

_IDENTITY = re.compile(r"^\w+@[^/]+/(?P<machine>[^/]+)/(?P<pid>\d{1,9})/(?P<start>\d+)/\w+$")


def own_identity(role: str) -> str:
    """A fresh identity of this process, as ``panel@host/1f0c9a2e-4026531836/123/88213/9f31c2``.

    Args:
        role: What the process is to the demo, one word.
    """
    pid = os.getpid()
    own = f"{_machine()}/{pid}/{_start(pid)}/{secrets.token_hex(3)}"
    return f"{role}@{socket.gethostname()}/{own}"


def spoken(identity: str) -> str:
    """An identity for people: ``panel@host``; another form, of whoever holds it, as it is."""
    return identity.partition("/")[0] if _IDENTITY.match(identity) else identity


def is_dead(identity: str) -> bool:
    """Whether the holder certainly runs no more; False whenever that cannot be known from here."""
    match = _IDENTITY.match(identity)
    if match is None or match["machine"] != _machine():
        return False
    pid = int(match["pid"])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _start(pid) not in ("", match["start"])


def _machine() -> str:
    """This boot and this container's own numbering of processes; host names may be equal."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        # Such as pid:[4026531836].
        return f"{boot}-{str(Path('/proc/self/ns/pid').readlink()).strip('pid:[]')}"
    except OSError:
        return f"unknown-{secrets.token_hex(8)}"  # equals nothing


def _start(pid: int) -> str:
    """Start of a process in clock ticks since the boot; empty when it cannot be read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
