"""The key of a panel, for verbs that press: found where whoever may press can read it.

A panel on this machine keeps it in the state directory; on a cluster it is in a Secret, which the
kubeconfig that forwards the port can read. Nobody has to type it. What was kept for one panel is
shown to no other: what is in a file goes to this machine, what is in a Secret to its cluster.
"""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from gtc_cli.target.target import Target
from gtc_runtime.settings import Settings
from gtc_spec import names
from gtc_spec.errors import GtcError
from gtc_spec.kinds import SECRET
from gtc_spec.manifests.secret_names import PANEL_KEY


@dataclass(frozen=True)
class Panel:
    """Where a panel answers.

    Attributes:
        url: Its base address.
        key: Finds its key, which takes a while on a cluster; empty when there is none.
    """

    url: str
    key: Callable[[], str] = lambda: ""


def known_here(settings: Settings, url: str) -> str:
    """The key that a variable names, else for this machine the one that its panel keeps."""
    # the panel's door reads half of the web server in, which most verbs do without
    from gtc_panel.door.key import FILE

    given = _named(settings)
    if given or not _is_here(url):
        return given
    with suppress(OSError, UnicodeDecodeError):
        return (settings.state_dir / FILE).read_text(encoding="ascii").strip()
    return ""


def of_cluster(target: Target) -> str:
    """The key in the cluster's Secret, else the one that a variable names."""
    with suppress(GtcError):
        return asyncio.run(_read(target))
    return _named(target.settings)


def _named(settings: Settings) -> str:
    return settings.panel_key.get_secret_value()


def _is_here(url: str) -> bool:
    """Whether an address is of this machine, without asking anybody what a name stands for."""
    from gtc_panel.door.origins import is_loopback

    host = urlsplit(url).hostname or ""
    if is_loopback(host) or host == socket.gethostname().lower():
        return True
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with suppress(OSError):
        socket.inet_pton(family, host)
        with socket.socket(family) as own:
            own.bind((host, 0))
            return True
    return False


async def _read(target: Target) -> str:
    from gtc_runtime.cluster.api.kube import Kube

    kube = await Kube.connect(names.NAMESPACE_PANEL, target.kubeconfig)
    found = await kube.get(SECRET, PANEL_KEY.name)
    (key,) = PANEL_KEY.keys
    return base64.b64decode((found.get("data") or {}).get(key, "")).decode()
