"""What `gtc model setup` writes down once the share holds the model: its manifest and its marker.

A share cannot be looked into from outside the cluster, so the command that has filled it keeps here
what the job told. This module must not know what a manifest says.
"""

from __future__ import annotations

from typing import Final

from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.manifests.config_maps import config_map
from gtc_spec.manifests.metadata import Manifest, metadata

MODEL_RECORD: Final = f"{names.DEMO}-model"
"""ConfigMap of the record, beside the claim."""
MANIFEST_KEY: Final = "manifest.json"
MARKER_KEY: Final = "marker"


def model_record(env: Environment, manifest: str, marker: str) -> Manifest:
    """The record.

    Args:
        env: The environment that the model was brought for.
        manifest: Text of the manifest on the share.
        marker: Text of the marker there.
    """
    data = {MANIFEST_KEY: manifest, MARKER_KEY: marker}
    return config_map(metadata(env, MODEL_RECORD), data)
