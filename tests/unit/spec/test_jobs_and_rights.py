"""The model jobs run unprivileged; panel and guardian may do little, and only by name."""

from typing import Any

import pytest

from gtc_spec import environment
from gtc_spec.manifests import dgd, jobs, rbac
from gtc_spec.manifests.panel import state

PROD = environment.load("prod")
IMAGE = "registry.example/gtc-demo:20260101-abcdef0"


def test_jobs_have_the_names_and_limits_of_the_plan() -> None:
    upload, download = jobs.upload_job(PROD, IMAGE), jobs.download_job(PROD, IMAGE)
    assert upload["metadata"]["name"] == "model-upload-spaces"
    assert download["metadata"]["name"] == "model-download-nfs"
    for job in (upload, download):
        assert job["spec"]["backoffLimit"] == 3
        assert job["spec"]["ttlSecondsAfterFinished"] == 3600


def container(job: dict[str, Any]) -> dict[str, Any]:
    [only] = job["spec"]["template"]["spec"]["containers"]
    return only


def test_only_the_upload_sees_the_huggingface_token() -> None:
    both = [container(job(PROD, IMAGE)) for job in (jobs.upload_job, jobs.download_job)]
    secrets = [[ref["secretRef"]["name"] for ref in one["envFrom"]] for one in both]
    assert secrets == [["hf-token", "spaces-credentials"], ["spaces-credentials"]]


def test_download_writes_where_the_workers_wait() -> None:
    job = jobs.download_job(PROD, IMAGE)
    args = container(job)["args"]
    target = args[args.index("--directory") + 1]
    marker = f"{target}/{args[args.index('--download-marker') + 1]}"
    services = dgd.dynamo_graph_deployment(PROD)["spec"]["services"]
    [wait] = services["TrtllmDecodeWorker"]["extraPodSpec"]["initContainers"]
    assert f'"{marker}"' in wait["command"][-1]
    claims = [v.get("persistentVolumeClaim") for v in job["spec"]["template"]["spec"]["volumes"]]
    assert {"claimName": "model-nfs-pvc"} in claims


def test_jobs_run_unprivileged_and_without_a_cluster_token() -> None:
    for job in (jobs.upload_job(PROD, IMAGE), jobs.download_job(PROD, IMAGE)):
        pod = job["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container(job)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def rules(access: list[dict[str, Any]]) -> list[dict[str, Any]]:
    [role] = [manifest for manifest in access if manifest["kind"] == "Role"]
    return role["rules"]


@pytest.mark.parametrize("access", [rbac.panel_access, rbac.guardian_access])
def test_rights_name_everything_that_is_written(access: Any) -> None:
    for rule in rules(access(PROD, IMAGE)):
        assert set(rule["verbs"]) <= {"get", "list", "watch", "patch", "update"}
        assert "*" not in rule["resources"] + rule["apiGroups"]
        if {"patch", "update"} & set(rule["verbs"]):
            assert rule["resourceNames"]


@pytest.mark.parametrize("access", [rbac.panel_access, rbac.guardian_access])
def test_rights_never_touch_secrets_or_the_whole_cluster(access: Any) -> None:
    manifests = access(PROD, IMAGE)
    assert [manifest["kind"] for manifest in manifests] == [
        "ServiceAccount", "Role", "RoleBinding",
    ]  # fmt: skip
    resources = {resource for rule in rules(manifests) for resource in rule["resources"]}
    assert not resources & {"secrets", "pods/exec", "deployments", "nodes"}


def test_panel_scales_only_through_the_scale_subresource() -> None:
    adapters = "dynamographdeploymentscalingadapters"
    verbs = {rule["resources"][0]: rule["verbs"] for rule in rules(rbac.panel_access(PROD, IMAGE))}
    assert verbs[f"{adapters}/scale"] == ["patch"]
    assert "patch" not in verbs[adapters]
    assert verbs["dynamographdeployments"] == ["get"]


def test_guardian_can_unpause_take_the_lease_note_it_and_nothing_else() -> None:
    granted = rules(rbac.guardian_access(PROD, IMAGE))
    resources = [rule["resources"][0] for rule in granted]
    assert resources == ["leases", "scaledobjects", "horizontalpodautoscalers", "configmaps"]
    assert granted[-1]["resourceNames"] == ["gtc-demo-state"]


def test_accounts_live_with_the_panel_and_act_in_the_workload_namespace() -> None:
    account, role, binding = rbac.panel_access(PROD, IMAGE)
    assert account["metadata"]["namespace"] == "gtc-demo-panel"
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "dynamo-workload"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "gtc-demo-panel", "namespace": "gtc-demo-panel"}
    ]


def test_state_starts_empty_and_unheld() -> None:
    assert state.conductor_lease(PROD)["spec"] == {}
    assert state.state_config_map(PROD)["data"] == {}
