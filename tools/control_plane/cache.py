"""Where the programs of a Kubernetes control plane lie that tests hold the rehearsal against.

Standard library only. KUBEBUILDER_ASSETS is envtest's convention: a folder of such programs, taken
as it is. Without it there is a cache, which ``make control-plane`` fills.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from gtc_spec.versions import KEDA

ASSETS = "KUBEBUILDER_ASSETS"
MODULE = Path(__file__).with_name("server")
"""The Go module that pins etcd and Kubernetes."""
SERVER = ("etcd", "kube-apiserver")
AUTOSCALING = ("kube-controller-manager", "keda-operator", "keda-adapter")
"""What makes HPAs act and KEDA make them."""


def root() -> Path:
    """The folder of all builds, whether it is there or not."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "gtc" / "control-plane"


def pinned() -> Path:
    """Where the programs of the versions pinned here lie once they are built."""
    pins = hashlib.sha256(KEDA.app.encode())
    for name in ("go.mod", "go.sum"):
        pins.update((MODULE / name).read_bytes())
    return root() / pins.hexdigest()[:12]


def newest() -> Path:
    """A link to the last build, a name that does not change."""
    return root() / "bin"


def lacking(folder: Path, programs: tuple[str, ...]) -> list[str]:
    """The programs that a folder does not have."""
    return [name for name in programs if not os.access(folder / name, os.X_OK)]


def found(programs: tuple[str, ...]) -> Path | str:
    """A folder that has some programs, else the reason why there is none."""
    given = os.environ.get(ASSETS)
    folder = Path(given) if given else pinned()
    lacks = lacking(folder, programs)
    if not lacks:
        return folder
    if given:
        return f"{ASSETS}={given} has no {lacks[0]}"
    flag = " KEDA=1" if lacks[0] in AUTOSCALING else ""
    return f"no {lacks[0]} is built here: make control-plane{flag}"
