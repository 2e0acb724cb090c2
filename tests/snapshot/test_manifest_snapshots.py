"""What the manifests are, to the letter; a change here is a change of the cluster.

Snapshots of the stacks hold all that a stack ships, so here it is only held to be the same that the
rehearsal and the commands make of the same facts. Jobs are in no stack.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS, Environment, load
from gtc_spec.manifests import dgd, jobs, queue, rbac, scaled_object
from gtc_spec.manifests.panel import guardian, network_policy, panel, state
from gtc_spec.pools import ROLES
from tests.snapshot.recorded import differences, without_digests
from tests.synthesised import IMAGE, stack_of_demo

Json = dict[str, Any]


def made(env: Environment) -> Iterator[Json]:
    """Everything that is made of an environment outside of its stacks, and is in them too."""
    yield dgd.dynamo_graph_deployment(env)
    yield from (scaled_object.scaled_object(env, role) for role in ROLES)
    yield from queue.queues(env)
    yield from rbac.panel_access(env, IMAGE)
    yield from rbac.guardian_access(env, IMAGE)
    yield state.conductor_lease(env)
    yield state.state_config_map(env)
    yield panel.panel_deployment(env, IMAGE)
    yield panel.panel_service(env)
    yield panel.panel_monitor(env)
    yield guardian.guardian_deployment(env, IMAGE)
    yield from network_policy.network_policies(env)


def place(manifest: Json) -> tuple[str, str, str]:
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_stack_ships_to_the_letter_what_is_made_elsewhere_too(name: str) -> None:
    shipped = {place(each): each for each in stack_of_demo(names.cluster_stack(name)).manifests()}
    for manifest in made(load(name)):
        found = dict(shipped[place(manifest)])
        if manifest["kind"] == "DynamoGraphDeployment":
            found = without_engine_digests(found)
        assert found == manifest


def without_engine_digests(graph: Json) -> Json:
    """The graph of somebody who has no engine files."""
    services = {
        name: {key: value for key, value in each.items() if key != "extraPodMetadata"}
        for name, each in graph["spec"]["services"].items()
    }
    return {**graph, "spec": {**graph["spec"], "services": services}}


def jobs_of(name: str) -> Any:
    env = load(name)
    return without_digests([jobs.upload_job(env, IMAGE), jobs.download_job(env, IMAGE)])


def test_jobs_are_as_recorded(snapshot: SnapshotAssertion) -> None:
    assert jobs_of("prod") == snapshot.use_extension(JSONSnapshotExtension)


def test_jobs_of_dev_differ_from_prods_as_recorded(snapshot: SnapshotAssertion) -> None:
    found = differences(jobs_of("prod"), jobs_of("dev"))

    assert found == snapshot.use_extension(JSONSnapshotExtension)
