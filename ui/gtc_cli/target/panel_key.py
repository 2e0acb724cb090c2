"""The key of a panel, for verbs that press: found where whoever may press can read it.

A panel on this machine keeps it in the state directory; on a cluster it is in a Secret, which the
kubeconfig that forwards the port can read. Nobody has to type it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

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


def known_here(settings: Settings) -> str:
    """The key that a variable names, else the one that a panel of this machine keeps."""
    # the panel's door reads half of the web server in, which most verbs do without
    from gtc_panel.door.key import FILE

    given = settings.panel_key.get_secret_value()
    with suppress(OSError, UnicodeDecodeError):
        return given or (settings.state_dir / FILE).read_text(encoding="ascii").strip()
    return given


def of_cluster(target: Target) -> str:
    """The key in the cluster's Secret, else the one that is known here."""
    with suppress(GtcError):
        return asyncio.run(_read(target))
    return known_here(target.settings)


async def _read(target: Target) -> str:
    from gtc_runtime.cluster.api.kube import Kube

    kube = await Kube.connect(names.NAMESPACE_PANEL, target.kubeconfig)
    found = await kube.get(SECRET, PANEL_KEY.name)
    (key,) = PANEL_KEY.keys
    return base64.b64decode((found.get("data") or {}).get(key, "")).decode()
