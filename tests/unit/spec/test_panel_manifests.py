"""Panel and guardian run with as little as they can: rights, ways out, writable places."""

from typing import Any

import pytest

from gtc_spec import environment
from gtc_spec.errors import UsageError
from gtc_spec.manifests import dgd, jobs, namespaces, rbac
from gtc_spec.manifests.panel import guardian, panel
from gtc_spec.manifests.pod_security import WRITABLE
from gtc_spec.telemetry.promql import PROMETHEUS_ADDRESS

PROD = environment.load("prod")
IMAGE = "registry.example/gtc-demo:20260101-abcdef0"
DEPLOYMENTS = {
    "panel": panel.panel_deployment(PROD, IMAGE),
    "guardian": guardian.guardian_deployment(PROD, IMAGE),
}
each = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS)


def pod(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["spec"]["template"]["spec"]


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    [only] = pod(deployment)["containers"]
    return only


def variables(deployment: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container(deployment)["env"]}


@each
def test_pod_is_one_that_pod_security_restricted_admits(deployment: dict[str, Any]) -> None:
    context = pod(deployment)["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 10_000
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(deployment)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    kinds = {key for volume in pod(deployment)["volumes"] for key in volume if key != "name"}
    assert kinds <= {"emptyDir", "projected"}


def test_the_panels_namespace_enforces_restricted() -> None:
    labels = namespaces.namespace("gtc-demo-panel")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_workers_are_warned_about_and_not_refused() -> None:
    labels = namespaces.namespace("dynamo-workload")["metadata"]["labels"]
    assert set(labels.values()) == {"baseline", "restricted"}


@each
def test_one_pod_at_a_time_with_a_minute_to_leave(deployment: dict[str, Any]) -> None:
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert pod(deployment)["terminationGracePeriodSeconds"] == 60


@each
def test_pod_runs_on_the_management_pool_under_its_own_account(
    deployment: dict[str, Any],
) -> None:
    name = deployment["metadata"]["name"]
    assert pod(deployment)["nodeSelector"] == {"doks.digitalocean.com/node-pool": "management"}
    assert pod(deployment)["serviceAccountName"] == name
    assert pod(deployment)["automountServiceAccountToken"] is True
    accounts = [rbac.panel_access(PROD, IMAGE)[0], rbac.guardian_access(PROD, IMAGE)[0]]
    assert name in [account["metadata"]["name"] for account in accounts]


@each
def test_only_the_scratch_volume_can_be_written(deployment: dict[str, Any]) -> None:
    mounts = container(deployment)["volumeMounts"]
    assert [m["mountPath"] for m in mounts if not m.get("readOnly")] == [WRITABLE]
    assert variables(deployment)["HOME"] == WRITABLE


def test_panel_keeps_its_sessions_where_it_may_write() -> None:
    path = variables(DEPLOYMENTS["panel"])["NICEGUI_STORAGE_PATH"]
    assert path.startswith(f"{WRITABLE}/")


def test_panel_finds_frontend_and_prometheus_and_answers_on_its_pod() -> None:
    found = variables(DEPLOYMENTS["panel"])
    assert found["GTC_ENV"] == "prod"
    assert found["GTC_HOST"] == "0.0.0.0"
    assert found["GTC_PORT"] == str(container(DEPLOYMENTS["panel"])["ports"][0]["containerPort"])
    assert found["GTC_FRONTEND_URL"] == "http://gtc-demo-frontend.dynamo-workload.svc:8000"
    assert found["GTC_PROMETHEUS_URL"] == PROMETHEUS_ADDRESS


@each
def test_the_service_account_is_the_only_credential_for_kubernetes(
    deployment: dict[str, Any],
) -> None:
    assert "KUBECONFIG" not in variables(deployment)


@each
def test_secrets_are_never_variables(deployment: dict[str, Any]) -> None:
    assert "envFrom" not in container(deployment)
    assert all("valueFrom" not in item for item in container(deployment)["env"])


def test_panel_reads_its_secrets_as_files_of_its_group_and_has_no_huggingface_token() -> None:
    [volume] = [v for v in pod(DEPLOYMENTS["panel"])["volumes"] if v["name"] == "secrets"]
    assert volume["projected"]["defaultMode"] == 0o440
    secrets = [source["secret"] for source in volume["projected"]["sources"]]
    names = [each["name"] for each in secrets]
    assert names == ["gradient-api-key", "spaces-credentials", "panel-key", "grafana-editor"]
    optional = [each.get("optional", False) for each in secrets]
    assert optional == [
        False,
        False,
        False,
        True,
    ]  # the last is made in a running cluster
    [mount] = [m for m in container(DEPLOYMENTS["panel"])["volumeMounts"] if m["name"] == "secrets"]
    assert mount["readOnly"] is True
    assert variables(DEPLOYMENTS["panel"])["GTC_SECRETS_DIR"] == mount["mountPath"]


def test_panel_is_probed_on_its_own_paths_and_slow_to_be_killed() -> None:
    found = container(DEPLOYMENTS["panel"])
    assert found["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert found["livenessProbe"]["httpGet"]["path"] == "/healthz"
    live = found["livenessProbe"]
    assert live["periodSeconds"] * live["failureThreshold"] >= 60


def test_guardian_serves_nothing_and_lands_beside_the_panel_only_if_it_must() -> None:
    deployment = DEPLOYMENTS["guardian"]
    assert "ports" not in container(deployment)
    affinity = pod(deployment)["affinity"]["podAntiAffinity"]
    [term] = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    selected = term["podAffinityTerm"]["labelSelector"]["matchLabels"]
    assert (
        selected.items() <= DEPLOYMENTS["panel"]["spec"]["template"]["metadata"]["labels"].items()
    )


@each
def test_other_facts_restart_the_pod(deployment: dict[str, Any]) -> None:
    stamped = deployment["spec"]["template"]["metadata"]["annotations"]
    assert stamped == {"gtc-demo.digitalocean.com/environment-digest": PROD.digest}


def test_more_load_processes_ask_for_more_and_are_told_to_the_panel() -> None:
    one, three = (panel.panel_deployment(PROD, IMAGE, load_shards=n) for n in (1, 3))
    assert variables(three)["GTC_LOAD_SHARDS"] == "3"
    requests = [container(found)["resources"]["requests"] for found in (one, three)]
    assert [r["cpu"] for r in requests] == ["750m", "1750m"]


@pytest.mark.parametrize("shards", [0, 4, -1])
def test_shards_that_fit_no_node_are_refused(shards: int) -> None:
    with pytest.raises(UsageError, match="allowed: 1 to 3"):
        panel.panel_deployment(PROD, IMAGE, load_shards=shards)


def test_choices_of_the_deployer_reach_the_panel() -> None:
    made = panel.panel_deployment(PROD, IMAGE, variables={"GTC_REGION": "nyc2"})
    assert variables(made)["GTC_REGION"] == "nyc2"


def test_the_service_stays_inside_the_cluster_and_finds_the_panel() -> None:
    service = panel.panel_service(PROD)
    labels = DEPLOYMENTS["panel"]["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["selector"].items() <= labels.items()


def test_the_jobs_share_account_and_nodes_but_have_no_token() -> None:
    for job in (jobs.upload_job(PROD, IMAGE), jobs.download_job(PROD, IMAGE)):
        spec = job["spec"]["template"]["spec"]
        assert spec["nodeSelector"] == {"doks.digitalocean.com/node-pool": "management"}
        assert spec["serviceAccountName"] == "gtc-demo-models"
        assert spec["automountServiceAccountToken"] is False


def test_the_frontend_needs_no_gpu_node() -> None:
    frontend = dgd.dynamo_graph_deployment(PROD)["spec"]["services"]["Frontend"]
    assert frontend["extraPodSpec"]["nodeSelector"] == {
        "doks.digitalocean.com/node-pool": "management"
    }
