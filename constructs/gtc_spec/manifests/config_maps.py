"""ConfigMaps of the engine files: one a pool, mounted into its workers."""

from __future__ import annotations

import hashlib
from typing import Final

from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import Manifest, metadata
from gtc_spec.pools import Role

ENGINE_MOUNT: Final = "/etc/engine"
"""Folder of the engine file inside a worker."""


def engine_config_map_name(role: Role) -> str:
    """ConfigMap of one pool's engine file."""
    return f"{names.DEMO}-engine-{role}"


def engine_file(role: Role) -> str:
    """Name of the file, in the repository and inside a worker."""
    return f"{role}.yaml"


def engine_config_map(env: Environment, role: Role, text: str) -> Manifest:
    """The engine file of one pool; ``text`` is its YAML, checked by gtc_spec.engine_config."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(env, engine_config_map_name(role)),
        "data": {engine_file(role): text},
    }


def engine_digest(text: str) -> str:
    """Twelve hex digits that change with the file."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
