"""ConfigMaps that pods of a graph mount: the engine file of each pool, a model that travels."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

from gtc_spec import kinds, names
from gtc_spec.manifests.metadata import Manifest
from gtc_spec.pools import Mode

ENGINE_MOUNT: Final = "/etc/engine"
"""Folder of the engine file inside a worker."""


def engine_config_map_name(mode: Mode, dgd: str = names.DEMO) -> str:
    """ConfigMap of one pool's engine file."""
    return f"{dgd}-engine-{mode}"


def model_config_map_name(dgd: str = names.DEMO) -> str:
    """ConfigMap of a model that travels with its graph."""
    return f"{dgd}-simulated-model"


def config_map(metadata: Manifest, data: dict[str, str]) -> Manifest:
    """A ConfigMap of text files."""
    return {**kinds.CONFIG_MAP.type_meta, "metadata": metadata, "data": data}


def model_config_map(metadata: Manifest, files: Mapping[str, bytes]) -> Manifest:
    """A ConfigMap of a model's files, name to content; what is not text goes in as base64."""
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    for name, content in files.items():
        try:
            text[name] = content.decode()
        except UnicodeDecodeError:
            binary[name] = base64.b64encode(content).decode()
    return {**config_map(metadata, text), **({"binaryData": binary} if binary else {})}


def engine_digest(text: str) -> str:
    """Twelve hex digits that change with the file."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
