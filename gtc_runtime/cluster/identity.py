"""Who holds the Lease: an identity that tells a dead predecessor from a live rival.

An identity names host, PID namespace, process and one start of it. A process that was restarted
after a crash may so take over from itself at once instead of waiting for the Lease to expire,
and nobody else may. This module must not know the Lease.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from pathlib import Path

_IDENTITY = re.compile(r"^\w+@(?P<host>[^/]+)/(?P<space>[^/]+)/(?P<pid>\d{1,9})/\w+$")


def own_identity(role: str) -> str:
    """A fresh identity of this process, such as ``panel@host/4026531836/123/9f31c2``.

    Args:
        role: What the process is to the demo, one word.
    """
    nonce = secrets.token_hex(3)
    return f"{role}@{socket.gethostname()}/{_pid_namespace()}/{os.getpid()}/{nonce}"


def is_dead(identity: str) -> bool:
    """Whether the holder certainly runs no more; False whenever that cannot be known from here."""
    match = _IDENTITY.match(identity)
    space = _pid_namespace()
    if match is None or space == "unknown":
        return False
    if (match["host"], match["space"]) != (socket.gethostname(), space):
        return False
    try:
        os.kill(int(match["pid"]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _pid_namespace() -> str:
    try:
        # Such as pid:[4026531836].
        return str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return "unknown"
