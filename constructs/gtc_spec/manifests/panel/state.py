"""Where the conductor keeps its state in the cluster: one Lease, one ConfigMap.

Both are created empty by whoever deploys, because the right to create cannot be limited to a name.
The deployer must never write their content again: it belongs to the holder of the Lease.
"""

from __future__ import annotations

from gtc_spec import kinds, names
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import Manifest, metadata


def conductor_lease(env: Environment) -> Manifest:
    """The Lease that allows its holder to write replicas and the pause; nobody holds it yet."""
    return {
        **kinds.LEASE.type_meta,
        "metadata": metadata(env, names.LEASE),
        "spec": {},
    }


def state_config_map(env: Environment) -> Manifest:
    """The ConfigMap that a restarted panel reads to continue the same phase, with the end date."""
    end = {} if env.until is None else {names.ANNOTATION_UNTIL: env.until.isoformat()}
    return {
        **kinds.CONFIG_MAP.type_meta,
        "metadata": metadata(env, names.STATE_CONFIG_MAP, annotations=end),
        "data": {},
    }
