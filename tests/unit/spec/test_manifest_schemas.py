"""Every object that we create is accepted by the schema of its kind, unknown fields refused."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from gtc_spec import environment, names
from gtc_spec.graph.serving import Serving
from gtc_spec.manifests import (
    config_maps,
    dgd,
    jobs,
    model_volume,
    namespaces,
    queue,
    rbac,
    scaled_object,
    serving_graph,
)
from gtc_spec.manifests.metadata import metadata
from gtc_spec.manifests.panel import guardian, network_policy, panel, state
from gtc_spec.pools import ROLES
from tests.strict_schemas import Schemas, packaged_crds, real_crds, schema_of

ROOT = Path(__file__).resolve().parents[3]
IMAGE = "registry.digitalocean.com/example/gtc-demo-loadgen:20260101-abcdef0"
ENVIRONMENTS = {name: environment.load(name) for name in environment.ENVIRONMENTS}
PROD = ENVIRONMENTS["prod"]
each_environment = pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=ENVIRONMENTS)


def custom(env: environment.Environment) -> list[dict[str, Any]]:
    """Every custom resource of one environment."""
    return [
        dgd.dynamo_graph_deployment(env),
        *(dgd.scaling_adapter(names.service(r), env.pools.of(r).initial) for r in ROLES),
        *(scaled_object.scaled_object(env, role) for role in ROLES),
        *queue.queues(env),
    ]


def core(env: environment.Environment) -> list[dict[str, Any]]:
    """Every object of a built-in kind of one environment."""
    return [
        *(stored(env) if env.hosting.share else carried(env)),
        *rbac.panel_access(env, IMAGE),
        *rbac.guardian_access(env, IMAGE),
        state.conductor_lease(env),
        state.state_config_map(env),
        panel.panel_deployment(env, IMAGE),
        panel.panel_service(env),
        guardian.guardian_deployment(env, IMAGE),
        *network_policy.network_policies(env),
    ]


def stored(env: environment.Environment) -> list[dict[str, Any]]:
    """What there is where a checkpoint lies on a share."""
    serving = Serving.of(env)
    return [
        *(serving_graph.engine_config_map(serving, r, engine_text(env, r)) for r in ROLES),
        jobs.upload_job(env, IMAGE),
        jobs.download_job(env, IMAGE),
        *models(env),
    ]


def carried(env: environment.Environment) -> list[dict[str, Any]]:
    """What there is where the model travels with the graph."""
    place = metadata(env, config_maps.model_config_map_name())
    return [config_maps.model_config_map(place, env.backend().model_files)]


def models(env: environment.Environment) -> list[dict[str, Any]]:
    """The share as a volume, and the account of the jobs."""
    volume = metadata(env, model_volume.volume_name(names.MODEL_CLAIM), None)
    return [
        model_volume.persistent_volume(volume, "10.0.0.1", "/share", 16_000),
        model_volume.persistent_volume_claim(metadata(env, names.MODEL_CLAIM), 16_000),
        rbac.account_without_token(metadata(env, rbac.JOBS_ACCOUNT), IMAGE),
    ]


def engine_text(env: environment.Environment, role: str) -> str:
    return (ROOT / "engine_configs" / env.name / f"{role}.yaml").read_text()


@pytest.fixture(scope="module", params=[real_crds, packaged_crds], ids=["real", "packaged"])
def crds(request: pytest.FixtureRequest) -> Schemas:
    found: Schemas = request.param()
    if not found:
        pytest.skip("../shared/schemas is not here")
    return found


@each_environment
def test_custom_resources_satisfy_their_schemas_strictly(
    env: environment.Environment, crds: Schemas
) -> None:
    plain = env.model_copy(update={"grove": False})
    for manifest in [*custom(env), *custom(plain)]:
        jsonschema.Draft202012Validator(schema_of(manifest, crds)).validate(manifest)


def test_the_strict_schema_would_find_a_misspelt_field(crds: Schemas) -> None:
    for manifest in custom(PROD):
        broken = deepcopy(manifest)
        broken["spec"]["replicass"] = 1
        validator = jsonschema.Draft202012Validator(schema_of(broken, crds))
        assert not validator.is_valid(broken)


@each_environment
def test_built_in_kinds_are_valid_for_kubernetes(env: environment.Environment) -> None:
    for manifest in core(env):
        kubernetes_validate.validate(manifest, "1.34", strict=True)


@pytest.mark.parametrize("name", namespaces.LEVELS)
def test_namespaces_are_valid_for_kubernetes(name: str) -> None:
    kubernetes_validate.validate(namespaces.namespace(name), "1.34", strict=True)


@each_environment
def test_everything_carries_the_digest_of_its_environment(env: environment.Environment) -> None:
    adapters = {"DynamoGraphDeploymentScalingAdapter"}
    for manifest in [*custom(env), *core(env)]:
        if manifest["kind"] not in adapters:
            stamped = manifest["metadata"]["annotations"]
            assert stamped["gtc-demo.digitalocean.com/environment-digest"] == env.digest


@each_environment
def test_nothing_is_shared_between_two_builds(env: environment.Environment) -> None:
    before = json.dumps([*custom(env), *core(env)])
    for manifest in [*custom(env), *core(env)]:
        manifest["metadata"]["labels"]["x"] = "y"
        manifest.get("spec", {}).clear()
    assert json.dumps([*custom(env), *core(env)]) == before
