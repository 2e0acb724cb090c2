"""What each environment deploys, to the letter; a change here is a change of the cluster."""

import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gtc_spec import environment
from gtc_spec.manifests import dgd, jobs, queue, rbac, scaled_object
from gtc_spec.manifests.panel import guardian, network_policy, panel, state
from gtc_spec.pools import ROLES

IMAGE = "registry.digitalocean.com/example/gtc-demo-loadgen:20260101-abcdef0"


def manifests(name: str) -> dict[str, Any]:
    env = environment.load(name)
    return {
        "dgd": dgd.dynamo_graph_deployment(env),
        "scaled_objects": [scaled_object.scaled_object(env, role) for role in ROLES],
        "queues": queue.queues(env),
        "jobs": [jobs.upload_job(env, IMAGE), jobs.download_job(env, IMAGE)]
        if env.hosting.share
        else [],
        "access": [*rbac.panel_access(env, IMAGE), *rbac.guardian_access(env, IMAGE)],
        "state": [state.conductor_lease(env), state.state_config_map(env)],
        "panel": [
            panel.panel_deployment(env, IMAGE),
            panel.panel_service(env),
            panel.panel_monitor(env),
            guardian.guardian_deployment(env, IMAGE),
            *network_policy.network_policies(env),
        ],
    }


def without_digest(value: Any) -> Any:
    """The digest follows from the facts and would change every file with each of them."""
    if isinstance(value, dict):
        return {key: without_digest(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_digest(item) for item in value]
    return "<digest>" if isinstance(value, str) and re.fullmatch("[0-9a-f]{12}", value) else value


@pytest.mark.parametrize("env", environment.ENVIRONMENTS)
@pytest.mark.parametrize(
    "part", ["dgd", "scaled_objects", "queues", "jobs", "access", "state", "panel"]
)
def test_manifests_are_as_recorded(env: str, part: str, snapshot: SnapshotAssertion) -> None:
    assert without_digest(manifests(env)[part]) == snapshot.use_extension(JSONSnapshotExtension)
