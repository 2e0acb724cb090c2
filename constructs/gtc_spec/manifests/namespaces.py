"""The namespaces and what Pod Security allows in each."""

from __future__ import annotations

from typing import Final, Literal

from gtc_spec import kinds, names
from gtc_spec.manifests.metadata import Manifest

Level = Literal["privileged", "baseline", "restricted"]

LEVELS: Final[dict[str, tuple[Level, Level]]] = {
    names.NAMESPACE_WORKLOAD: ("baseline", "restricted"),
    names.NAMESPACE_PLATFORM: ("privileged", "baseline"),
    names.NAMESPACE_MONITORING: ("privileged", "baseline"),
    names.NAMESPACE_KEDA: ("baseline", "restricted"),
    names.NAMESPACE_PANEL: ("restricted", "restricted"),
}
"""Namespace: level that is enforced, level that is warned about. NVIDIA's worker images do not meet
``restricted``; node-exporter and dcgm-exporter need the host, and KAI's binder does too."""


def namespace(name: str) -> Manifest:
    """One namespace with its Pod Security levels."""
    enforce, warn = LEVELS[name]
    prefix = "pod-security.kubernetes.io"
    return {
        **kinds.NAMESPACE.type_meta,
        "metadata": {
            "name": name,
            "labels": {f"{prefix}/enforce": enforce, f"{prefix}/warn": warn},
        },
    }
