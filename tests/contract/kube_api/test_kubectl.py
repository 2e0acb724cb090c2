"""An unmodified kubectl on the rehearsal's API, as a person in front of the demo uses it."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtc_rehearsal.kube_api.resources import LEASE, POD, SCALED_OBJECT
from tests.contract.kube_api.client import Api, adapter, config_map

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")

CALL_S = 10
TRIGGER = {"type": "cron", "metadata": {}}
NAMESPACE = "dynamo-workload"


class Kubectl:
    """Calls kubectl with a private kubeconfig and home."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self.folder = folder
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "KUBECONFIG": str(kubeconfig),
        }

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "kubectl",
            *arguments,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def run(self, line: str, *more: str) -> tuple[int, str]:
        """Exit code and everything printed."""
        process = await self.start(*line.split(), *more)
        try:
            printed, _ = await asyncio.wait_for(process.communicate(), CALL_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        return process.returncode or 0, printed.decode()

    async def ok(self, line: str, *more: str) -> str:
        code, printed = await self.run(line, *more)
        assert code == 0, printed
        return printed

    async def refused(self, line: str, *more: str) -> str:
        code, printed = await self.run(line, *more)
        assert code != 0, printed
        return printed

    def file(self, *objects: dict[str, Any]) -> str:
        path = self.folder / "objects.yaml"
        path.write_text(yaml.safe_dump_all(objects))
        return str(path)


@pytest.fixture
def kubectl(kubeconfig: Path, tmp_path: Path) -> Kubectl:
    return Kubectl(kubeconfig, tmp_path)


def rows(printed: str) -> list[list[str]]:
    return [line.split() for line in printed.splitlines()]


async def test_get_prints_the_columns_of_the_definition(kubectl: Kubectl) -> None:
    printed = rows(await kubectl.ok("get dgdsa"))

    assert printed[0] == ["NAME", "DGD", "SERVICE", "REPLICAS", "AGE"]
    assert printed[1][:3] == ["one", "demo", "Worker"]


async def test_every_short_name_works(kubectl: Kubectl) -> None:
    printed = await kubectl.ok("get dgdsa,dgd,so,hpa,cm,po,lease,ns,queues -o name")

    assert "dynamographdeploymentscalingadapter.nvidia.com/one" in printed
    assert "configmap/notes" in printed


async def test_api_resources_lists_the_kinds_of_the_demo(kubectl: Kubectl) -> None:
    listed = {row[0] for row in rows(await kubectl.ok("api-resources --no-headers"))}

    assert {
        "dynamographdeployments",
        "dynamographdeploymentscalingadapters",
        "scaledobjects",
        "horizontalpodautoscalers",
        "leases",
        "pods",
        "configmaps",
    } <= listed


async def test_scale_changes_the_number_of_workers(kubectl: Kubectl) -> None:
    await kubectl.ok("scale dgdsa one --replicas=4")

    assert await kubectl.ok("get dgdsa one -o jsonpath={.spec.replicas}") == "4"
    assert rows(await kubectl.ok("get dgdsa one --subresource=scale"))[1][:2] == ["one", "4"]


async def test_scale_with_an_expected_number_compares_first(kubectl: Kubectl) -> None:
    printed = await kubectl.refused("scale dgdsa one --current-replicas=7 --replicas=4")

    assert "Expected replicas to be 7, was 2" in printed


async def test_annotate_pauses_and_resumes(kubectl: Kubectl) -> None:
    await kubectl.ok("annotate dgdsa one autoscaling.keda.sh/paused=true")
    paused = json.loads(await kubectl.ok("get dgdsa one -o json"))["metadata"]["annotations"]
    await kubectl.ok("annotate dgdsa one autoscaling.keda.sh/paused-")
    resumed = json.loads(await kubectl.ok("get dgdsa one -o json"))["metadata"]

    assert paused == {"autoscaling.keda.sh/paused": "true"}
    assert "annotations" not in resumed


async def test_apply_creates_configures_and_leaves_alone(kubectl: Kubectl) -> None:
    first = await kubectl.ok("apply -f", kubectl.file(adapter("new"), config_map("new", a="1")))
    same = await kubectl.ok("apply -f", kubectl.file(adapter("new"), config_map("new", a="1")))
    other = await kubectl.ok("apply -f", kubectl.file(adapter("new", 3), config_map("new", a="2")))

    assert [line.split()[-1] for line in first.splitlines()] == ["created", "created"]
    assert [line.split()[-1] for line in same.splitlines()] == ["unchanged", "unchanged"]
    assert [line.split()[-1] for line in other.splitlines()] == ["configured", "configured"]


async def test_apply_refuses_a_misspelt_field(kubectl: Kubectl) -> None:
    body = adapter("new")
    body["spec"]["replica"] = 1

    printed = await kubectl.refused("apply -f", kubectl.file(body))

    assert 'unknown field "spec.replica"' in printed


async def test_apply_on_the_servers_side_is_not_available(kubectl: Kubectl) -> None:
    printed = await kubectl.refused("apply --server-side -f", kubectl.file(adapter("new")))

    assert "Server-side apply not available on the server" in printed
    assert "NotFound" in await kubectl.refused("get dgdsa new")


async def test_apply_removes_what_is_no_longer_applied(kubectl: Kubectl) -> None:
    await kubectl.ok("apply -f", kubectl.file(config_map("new", a="1", b="2")))
    await kubectl.ok("apply -f", kubectl.file(config_map("new", a="1")))

    assert await kubectl.ok("get configmap new -o jsonpath={.data}") == '{"a":"1"}'


async def test_a_server_dry_run_says_so_and_stores_nothing(kubectl: Kubectl) -> None:
    printed = await kubectl.ok("apply --dry-run=server -f", kubectl.file(adapter("new")))

    assert "created (server dry run)" in printed
    assert "NotFound" in await kubectl.refused("get dgdsa new")


async def test_a_webhook_denial_reaches_the_person(kubectl: Kubectl) -> None:
    services = {"Decode": {"replicas": 1, "scalingAdapter": {"enabled": True}}}
    graph = {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": "demo"},
        "spec": {"services": services},
    }
    await kubectl.ok("apply -f", kubectl.file(graph))
    change = '{"spec":{"services":{"Decode":{"replicas":9}}}}'

    printed = await kubectl.refused("patch dgd demo --type=merge -p", change)
    account = "system:serviceaccount:dynamo-system:x-dynamo-operator-controller-manager"
    await kubectl.ok(f"patch dgd demo --as={account} --type=merge -p", change)

    assert 'admission webhook "vdynamographdeployment.kb.io" denied the request' in printed
    assert "cannot be modified directly when scaling adapter is enabled" in printed


async def test_a_webhook_warning_reaches_the_person(kubectl: Kubectl) -> None:
    scaler = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "s"},
        "spec": {
            "scaleTargetRef": {"name": "one"},
            "minReplicaCount": 1,
            "cooldownPeriod": 60,
            "triggers": [TRIGGER],
        },
    }

    printed = await kubectl.ok("apply -f", kubectl.file(scaler))

    assert "Warning: CooldownPeriod is configured but is not relevant" in printed


async def test_wait_for_a_value_and_for_a_condition(kubectl: Kubectl, rehearsal: Api) -> None:
    assert rehearsal.store
    rehearsal.store.create(
        SCALED_OBJECT,
        {
            "metadata": {"name": "s", "namespace": NAMESPACE},
            "spec": {"scaleTargetRef": {"name": "one"}, "triggers": [TRIGGER]},
        },
    )
    waits = [
        kubectl.ok("wait --for=jsonpath={.spec.replicas}=5 dgdsa/one --timeout=5s"),
        kubectl.ok("wait --for=condition=Paused so/s --timeout=5s"),
    ]
    waiting = asyncio.gather(*waits)
    await asyncio.sleep(0.3)

    paused = {"status": {"conditions": [{"type": "Paused", "status": "True"}]}}
    rehearsal.store.patch(SCALED_OBJECT, "s", NAMESPACE, paused, "status")
    await rehearsal.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 5}})

    assert all("condition met" in printed for printed in await waiting)


async def test_get_w_follows_changes(kubectl: Kubectl, rehearsal: Api) -> None:
    process = await kubectl.start("get", "dgdsa", "-w", "--no-headers")
    assert process.stdout
    try:
        async with asyncio.timeout(CALL_S):
            first = await process.stdout.readline()
            status = {"status": {"replicas": 7}}
            await rehearsal.send("PATCH", "adapters/one/status", status)
            second = await process.stdout.readline()
    finally:
        process.kill()
        await process.wait()

    assert first.split()[:3] == [b"one", b"demo", b"Worker"]
    assert second.split()[:4] == [b"one", b"demo", b"Worker", b"7"]


async def test_pods_show_ready_and_status(kubectl: Kubectl, rehearsal: Api) -> None:
    assert rehearsal.store
    spec = {"containers": [{"name": "main", "image": "x"}]}
    rehearsal.store.create(POD, {"metadata": {"name": "p", "namespace": NAMESPACE}, "spec": spec})
    pending = rows(await kubectl.ok("get pods"))
    container = {"name": "main", "ready": True, "restartCount": 0, "image": "x", "imageID": ""}
    running = {"status": {"phase": "Running", "containerStatuses": [container]}}
    rehearsal.store.patch(POD, "p", NAMESPACE, running, "status")

    ready = rows(await kubectl.ok("get pods"))

    assert pending[0] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert pending[1][:3] == ["p", "0/1", "Pending"]
    assert ready[1][:3] == ["p", "1/1", "Running"]


async def test_leases_show_their_holder(kubectl: Kubectl, rehearsal: Api) -> None:
    assert rehearsal.store
    body = {"metadata": {"name": "chair", "namespace": NAMESPACE}}
    rehearsal.store.create(LEASE, {**body, "spec": {"holderIdentity": "panel-1"}})

    assert rows(await kubectl.ok("get lease"))[1][:2] == ["chair", "panel-1"]


@pytest.mark.parametrize(
    ("line", "patch", "path", "expected"),
    [
        ("patch dgdsa one --type=merge", {"spec": {"replicas": 3}}, "{.spec.replicas}", "3"),
        (
            "patch dgdsa one --type=json",
            [{"op": "replace", "path": "/spec/replicas", "value": 3}],
            "{.spec.replicas}",
            "3",
        ),
        (
            "patch dgdsa one --type=merge --subresource=status",
            {"status": {"replicas": 3}},
            "{.status.replicas}",
            "3",
        ),
        (
            "patch dgdsa one --type=merge --subresource=scale",
            {"spec": {"replicas": 3}},
            "{.spec.replicas}",
            "3",
        ),
    ],
)
async def test_patch(kubectl: Kubectl, line: str, patch: Any, path: str, expected: str) -> None:
    await kubectl.ok(line, "-p", json.dumps(patch))

    assert await kubectl.ok(f"get dgdsa one -o jsonpath={path}") == expected


async def test_a_config_map_is_patched_strategically(kubectl: Kubectl) -> None:
    await kubectl.ok("patch cm notes -p", '{"data":{"b":"2"}}')

    assert json.loads(await kubectl.ok("get cm notes -o jsonpath={.data}")) == {"a": "1", "b": "2"}


async def test_delete_waits_until_the_object_is_gone(kubectl: Kubectl) -> None:
    printed = await kubectl.ok("delete dgdsa one --timeout=5s")

    assert 'one" deleted' in printed
    assert "NotFound" in await kubectl.refused("get dgdsa one")


async def test_describe_shows_the_object(kubectl: Kubectl) -> None:
    printed = await kubectl.ok("describe dgdsa one")

    assert "Service Name:  Worker" in printed


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("dgdsa.spec", "dgdRef"),
        ("dgd.spec.services", "scalingAdapter"),
        ("so.spec", "scaleTargetRef"),
        ("lease.spec", "holderIdentity"),
        ("hpa.spec", "scaleTargetRef"),
    ],
)
async def test_explain_knows_the_fields(kubectl: Kubectl, what: str, expected: str) -> None:
    assert expected in await kubectl.ok(f"explain {what}")


async def test_the_health_can_be_asked_raw(kubectl: Kubectl) -> None:
    assert await kubectl.ok("get --raw /readyz") == "ok"


async def test_typed_create_commands_are_refused_because_they_send_protobuf(
    kubectl: Kubectl,
) -> None:
    printed = await kubectl.refused("create configmap new --from-literal=a=1")

    assert "accepted media types include: application/json" in printed
