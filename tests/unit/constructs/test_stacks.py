import json
import shutil
import subprocess

import pytest

from gtc_constructs.stacks import InfraStack
from gtc_spec import names
from gtc_spec.cloud.nodes import counted
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.manifests.jobs import download_job, upload_job
from gtc_spec.overrides import load_with
from tests.environments import SIMULATED, WITH_GPUS
from tests.synthesised import IMAGE, Synthesised, output, stack_of_demo

STACKS = [f"{part}-{env}" for env in ENVIRONMENTS for part in ("infra", "cluster")]
CLUSTER = "digitalocean_kubernetes_cluster"
POOL = "digitalocean_kubernetes_node_pool"
VPC = "digitalocean_vpc"

each_environment = pytest.mark.parametrize("env", ENVIRONMENTS)
each_with_gpus = pytest.mark.parametrize("env", WITH_GPUS)
each_simulated = pytest.mark.parametrize("env", SIMULATED)


def before(made, release):
    """Every Helm release that must be there first, directly or not."""
    resources = {
        f"{kind}.{key}": resource
        for kind, named in made.json["resource"].items()
        for key, resource in named.items()
    }
    found, to_see = set(), list(made.release(release)["depends_on"])
    while to_see:
        address = to_see.pop()
        if address not in found:
            found.add(address)
            to_see += resources[address].get("depends_on", [])
    return {resources[each]["name"] for each in found if each.startswith("helm_release.")}


def test_there_are_two_stacks_an_environment():
    made = json.loads((output() / "manifest.json").read_text())["stacks"]

    assert sorted(made) == sorted(STACKS)


@each_environment
def test_the_cluster_stack_comes_after_its_own_infra_stack(env):
    made = json.loads((output() / "manifest.json").read_text())["stacks"]

    assert made[f"cluster-{env}"]["dependencies"] == [f"infra-{env}"]
    assert made[f"infra-{env}"]["dependencies"] == []


@pytest.mark.parametrize("name", STACKS)
def test_state_lies_beside_the_checkout_whatever_its_path(name):
    backend = stack_of_demo(name).json["terraform"]["backend"]

    assert backend == {"local": {"path": f"../../../terraform.{name}.tfstate"}}


@each_with_gpus
def test_the_share_is_found_through_the_state_of_the_infra_stack(env):
    made = stack_of_demo(f"cluster-{env}")
    (infra,) = made.json["data"]["terraform_remote_state"].values()
    (volume,) = [each for each in made.manifests() if each["kind"] == "PersistentVolume"]

    assert infra["config"]["path"] == f"../../../terraform.infra-{env}.tfstate"
    assert volume["spec"]["nfs"]["server"].startswith("${data.terraform_remote_state.")


@pytest.mark.parametrize("name", STACKS)
def test_nothing_written_names_a_folder_of_this_machine(name):
    text = (output() / "stacks" / name / "cdk.tf.json").read_text()

    assert "gtc-stacks-" not in text
    assert str(output()) not in text


@pytest.mark.parametrize(
    ("env", "size", "nodes"),
    [("dev", "gpu-h100x1-80gb", 3), ("prod", "gpu-h200x8-1128gb-contracted", 1)],
)
def test_gpu_nodes_are_those_of_the_plan(env, size, nodes):
    pool = stack_of_demo(f"infra-{env}").resource(POOL)

    assert (pool["size"], pool["node_count"]) == (size, nodes)
    assert "taint" not in pool, "DOKS sets it"


@each_environment
def test_the_cluster_is_that_of_the_plan(env):
    made = stack_of_demo(f"infra-{env}")
    cluster = made.resource(CLUSTER)
    pool = cluster["node_pool"]

    assert (cluster["name"], cluster["region"]) == (names.DEMO, "atl1")
    assert (pool["size"], pool["min_nodes"], pool["max_nodes"]) == ("s-2vcpu-4gb", 2, 5)
    assert cluster["surge_upgrade"] is (env != "prod"), "contracted GPUs have no spare node"
    assert names.environment_tag(env) in cluster["tags"]


@each_with_gpus
def test_the_share_is_that_of_the_plan(env):
    share = stack_of_demo(f"infra-{env}").resource("digitalocean_nfs")

    assert (share["size"], share["performance_tier"]) == (16000, "high")


@pytest.mark.parametrize("name", STACKS)
def test_bucket_and_registry_are_neither_made_nor_destroyed(name):
    kinds = set(stack_of_demo(name).json["resource"])

    assert not {kind for kind in kinds if "spaces" in kind or "registry" in kind}


@each_environment
def test_people_are_told_what_comes_next(env):
    shown = stack_of_demo(f"infra-{env}").json["output"]

    assert shown["environment"]["value"] == env
    assert shown["kubeconfig"]["value"] == f"make kubeconfig ENV={env}"
    assert shown["workers"]["value"].startswith(counted(load(env).slots, load(env).nodes))


@each_environment
def test_people_are_told_what_the_pods_still_wait_for(env):
    shown = stack_of_demo(f"cluster-{env}").json["output"]

    assert load(env).model.repository in shown["model"]["value"]
    assert IMAGE in shown["image"]["value"]
    assert "port-forward svc/gtc-demo-panel 8080" in shown["open_panel"]["value"]


@each_environment
def test_releases_are_made_in_the_only_order_that_works(env):
    made = stack_of_demo(f"cluster-{env}")
    graph, panel = names.DEMO, f"{names.DEMO}-panel"

    assert before(made, "dynamo-crds") == {"kube-prometheus-stack"}
    assert before(made, "dynamo-platform") == {"kube-prometheus-stack", "dynamo-crds"}
    assert before(made, "keda") == {"kube-prometheus-stack"}
    assert {"dynamo-platform", "dynamo-queues"} <= before(made, graph)
    for role in ("prefill", "decode"):
        assert {graph, "keda"} <= before(made, names.scaler(role))
        assert names.scaler(role) in before(made, panel)


@each_with_gpus
def test_what_only_gpus_and_checkpoints_need_is_made_in_its_order(env):
    made = stack_of_demo(f"cluster-{env}")

    assert before(made, "dcgm-exporter") == {"kube-prometheus-stack"}
    assert "model-nfs-pvc-store" in before(made, names.DEMO)
    assert made.resources("kubernetes_runtime_class_v1")


@each_simulated
def test_a_cluster_of_simulated_workers_has_nothing_that_is_for_gpus_or_checkpoints(env):
    infra, cluster = stack_of_demo(f"infra-{env}"), stack_of_demo(f"cluster-{env}")
    pool = infra.resource(POOL)
    written = json.dumps([infra.json, cluster.json])

    assert (pool["name"], pool["size"], pool["node_count"]) == ("workers", "s-8vcpu-16gb", 2)
    assert not infra.resources("digitalocean_nfs")
    assert not cluster.resources("kubernetes_runtime_class_v1")
    assert "dcgm-exporter" not in {each["name"] for each in cluster.resources("helm_release")}
    assert "PersistentVolume" not in {each["kind"] for each in cluster.manifests()}
    assert "hf_token" not in cluster.json["variable"]
    for absent in ("nvidia.com/gpu", "hf-token", "model-nfs-pvc", "tensorrtllm-runtime"):
        assert absent not in written, absent


@each_simulated
def test_the_model_of_simulated_workers_travels_with_the_graph(env):
    made = stack_of_demo(f"cluster-{env}").manifests()
    ours = (names.DEMO, f"{names.DEMO}-simulated-model")
    objects = {each["kind"]: each for each in made if each["metadata"]["name"] in ours}
    files, services = objects["ConfigMap"], objects["DynamoGraphDeployment"]["spec"]["services"]

    assert {"config.json", "tokenizer.json", "tokenizer_config.json"} <= set(files["data"])
    assert set(files["binaryData"]) == {"timings.npz"}
    assert len(json.dumps(files)) < 2**20, "etcd takes no larger object"
    for service in services.values():
        (volume,) = service["extraPodSpec"]["volumes"]
        (mount,) = service["extraPodSpec"]["mainContainer"]["volumeMounts"]
        assert volume == {"name": mount["name"], "configMap": {"name": files["metadata"]["name"]}}
        assert mount["mountPath"] == f"{names.MODEL_MOUNT}/{load(env).model.served_name}"


@each_with_gpus
def test_workers_find_their_secret_when_they_start(env):
    made = stack_of_demo(f"cluster-{env}")
    waits = made.release(names.DEMO)["depends_on"]

    assert any(address.startswith("kubernetes_secret_v1.secrets_hf-token") for address in waits)


@each_with_gpus
def test_the_plans_secrets_are_there_and_the_panel_has_copies_of_two_and_a_key(env):
    found = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in stack_of_demo(f"cluster-{env}").resources("kubernetes_secret_v1")
    }

    workload, panel = names.NAMESPACE_WORKLOAD, names.NAMESPACE_PANEL
    assert found == {
        (workload, "hf-token"),
        (workload, "spaces-credentials"),
        (workload, "gradient-api-key"),
        (panel, "spaces-credentials"),
        (panel, "gradient-api-key"),
        (panel, "panel-key"),
        (names.NAMESPACE_PLATFORM, "mpi-run-ssh-secret"),
    }


@each_environment
def test_whoever_pulls_our_image_names_the_secrets_of_its_registry(env):
    manifests = stack_of_demo(f"cluster-{env}").manifests()
    model_jobs = [job(load(env), IMAGE) for job in (upload_job, download_job) if env in WITH_GPUS]
    pods = [
        each["spec"]["template"]["spec"]
        for each in [*manifests, *model_jobs]
        if each["kind"] in ("Deployment", "Job")
    ]
    accounts = {
        each["metadata"]["name"]: each for each in manifests if each["kind"] == "ServiceAccount"
    }
    both = [{"name": "example"}, {"name": "registry-example"}]

    assert len(pods) == 2 + len(model_jobs)
    assert [pod["imagePullSecrets"] for pod in pods] == [both] * len(pods)
    assert {pod["serviceAccountName"] for pod in pods} == set(accounts)
    assert [each["imagePullSecrets"] for each in accounts.values()] == [both] * len(accounts)


@each_environment
def test_the_five_namespaces_are_made(env):
    found = stack_of_demo(f"cluster-{env}").resources("kubernetes_namespace_v1")

    assert {each["metadata"]["name"] for each in found} == {
        names.NAMESPACE_WORKLOAD,
        names.NAMESPACE_PLATFORM,
        names.NAMESPACE_MONITORING,
        names.NAMESPACE_KEDA,
        names.NAMESPACE_PANEL,
    }


@each_environment
def test_what_is_deployed_carries_the_digest_of_its_facts(env):
    graph = next(
        each
        for each in stack_of_demo(f"cluster-{env}").manifests()
        if each["kind"] == "DynamoGraphDeployment"
    )

    assert graph["metadata"]["annotations"][names.ANNOTATION_DIGEST] == load(env).digest


@each_environment
def test_a_cluster_of_the_other_environment_is_refused(env):
    (cluster,) = stack_of_demo(f"cluster-{env}").json["data"][CLUSTER].values()
    (condition,) = cluster["lifecycle"]["postcondition"]

    assert condition["condition"] == f'${{contains(self.tags, "{names.environment_tag(env)}")}}'
    assert "destroy the other one first" in condition["error_message"]


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs the terraform command")
@pytest.mark.parametrize(
    ("state", "refused"),
    [(None, False), ('{"resources": []}', False), ('{"resources": [{}]}', True), ("torn {", True)],
)
def test_terraform_refuses_prod_while_dev_is_in_the_state(tmp_path, state, refused):
    made = stack_of_demo("infra-prod")
    guard = made.resource(VPC)["lifecycle"]
    folder = tmp_path / "cdktf.out" / "stacks" / "infra-prod"
    folder.mkdir(parents=True)
    stack = {
        "locals": made.json["locals"],
        "resource": {"terraform_data": {"vpc": {"lifecycle": guard}}},
    }
    (folder / "cdk.tf.json").write_text(json.dumps(stack))
    if state is not None:
        (tmp_path / "terraform.infra-dev.tfstate").write_text(state)

    def terraform(*arguments):
        return subprocess.run(
            ["terraform", *arguments, "-no-color", "-input=false"],
            cwd=folder, capture_output=True, text=True, timeout=30,
        )  # fmt: skip

    assert terraform("init").returncode == 0
    planned = terraform("plan")

    assert (planned.returncode != 0) is refused
    said = " ".join(planned.stderr.replace("│", " ").split())
    assert ("make teardown ENV=dev" in said) is refused


def test_the_end_date_is_a_tag_of_the_cluster_alone(app):
    env = load_with("prod", {"GTC_UNTIL": "2026-03-20T18:00+01:00"})
    made = Synthesised(InfraStack(app, env))
    tag = "gtc-demo-until-20260320t1700z"

    assert tag in made.resource(CLUSTER)["tags"]
    assert tag not in json.dumps(made.resource(POOL))
    assert tag not in json.dumps(made.json["resource"]["digitalocean_nfs"])
