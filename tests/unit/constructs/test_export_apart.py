"""Things of one name in a program stay apart in the modules that are made of it."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import gtc_constructs as gtc
from gtc_constructs._bindings import Construct
from gtc_constructs.export import export_terraform

Json = dict[str, Any]
SITES = {
    "east": {
        "region": "nyc2", "vpc_cidr": "10.10.0.0/16", "nfs_size_gib": 100,
        "allowed_addresses": ["203.0.113.0/24"], "kubernetes_minor": "1.34",
    },
    "south": {
        "region": "atl1", "vpc_cidr": "10.20.0.0/16", "nfs_size_gib": 300,
        "allowed_addresses": ["198.51.100.0/24"], "kubernetes_minor": "1.35",
    },
}  # fmt: skip
COUNTS = {"east": 2, "south": 4}


class Exported(NamedTuple):
    """The modules of a program, and what it wrote itself."""

    folder: Path
    synthesised: Path

    def part(self, module: str, part: str) -> Json:
        document: Json = json.loads((self.folder / module / f"{part}.tf.json").read_text())
        return document

    def defaults(self, module: str) -> Json:
        found = self.part(module, "variables")["variable"]
        return {name: each.get("default", "required") for name, each in found.items()}

    def page(self, module: str) -> list[str]:
        lines = (self.folder / module / "README.md").read_text().splitlines()
        return [line for line in lines if line.startswith("export TF_VAR_")]


def export(app: gtc.App, folder: Path) -> Exported:
    synthesised = gtc.synthesise(app)
    export_terraform(synthesised, folder)
    return Exported(folder, synthesised)


def graph(name: str, replicas: int) -> Json:
    return {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": name},
        "spec": {"services": {"Worker": {"replicas": replicas}}},
    }


def store(stack: gtc.TerraformStack, id: str, share: gtc.NfsExport) -> None:
    gtc.ModelStore(
        stack, id, namespace="work", share=share, size_gib=100, claim=id, account=f"{id}-jobs"
    )


@pytest.fixture(scope="module")
def one_stack(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Two clusters in one stack; inside one of them graphs of one name in three namespaces."""
    app = gtc.App(outdir=str(tmp_path_factory.mktemp("cdktf.out")))
    infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
    for site, chosen in SITES.items():
        pool = gtc.NodePool.h100(count=COUNTS[site], name="8b")
        gtc.GpuCluster(infra, site, name="chat", name_prefix=site, gpu_pool=pool, **chosen)
    gtc.ClusterConnection(workload, "connection", name="east-chat")
    for number, (namespace, name) in enumerate(
        [("blue", "llm"), ("green", "llm"), ("red", "green-llm")], start=1
    ):
        gtc.ManifestRelease(
            workload, namespace, name=name, namespace=namespace, manifests=[graph("llm", number)]
        )
    return export(app, tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="module")
def two_stacks(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The same constructs in two stacks, one for each cluster, and a stack that takes of both."""
    app = gtc.App(outdir=str(tmp_path_factory.mktemp("cdktf.out")))
    shares = {}
    for site in SITES:
        infra, serve = gtc.TerraformStack(app, f"infra-{site}"), gtc.TerraformStack(app, site)
        cluster = gtc.GpuCluster(
            infra,
            "cluster",
            name=site,
            region=SITES[site]["region"],
            gpu_pool=gtc.NodePool.h100(count=COUNTS[site]),
            nfs_size_gib=100,
        )
        shares[site] = cluster.models.export
        gtc.ClusterConnection(serve, "connection", cluster=cluster)
        store(serve, "models", shares[site])
    both = gtc.TerraformStack(app, "both")
    gtc.ClusterConnection(both, "connection", name="east")
    for site, share in shares.items():
        store(both, site, share)
    return export(app, tmp_path_factory.mktemp("terraform"))


def test_with_its_defaults_a_module_makes_two_clusters_as_the_program_does(
    one_stack: Exported,
) -> None:
    text = (one_stack.synthesised / "stacks" / "infra" / "cdk.tf.json").read_text()
    program = plain(json.loads(re.sub(r"_[0-9A-F]{8}\b", "", text)))
    module = one_stack.part("1-infra", "main")
    shipped = substituted(module, one_stack.defaults("1-infra"))

    assert {kind: shipped[kind] for kind in ("resource", "data")} == {
        kind: program[kind] for kind in ("resource", "data")
    }


def plain(value: Any) -> Any:
    """Without comments and empty orders."""
    if isinstance(value, dict):
        return {
            key: plain(each)
            for key, each in value.items()
            if key != "//" and (key, each) != ("depends_on", [])
        }
    return [plain(each) for each in value] if isinstance(value, list) else value


def substituted(value: Any, variables: Json) -> Any:
    """Each variable replaced by its value, as Terraform does."""
    if isinstance(value, dict):
        return {key: substituted(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [substituted(each, variables) for each in value]
    if isinstance(value, str) and (whole := re.fullmatch(r"\$\{var\.(\w+)\}", value)):
        return variables[whole[1]]
    if isinstance(value, str):
        return re.sub(r"\$\{var\.(\w+)\}", lambda found: str(variables[found[1]]), value)
    return value


def test_each_of_two_clusters_has_variables_of_its_own(one_stack: Exported) -> None:
    expected = {
        f"{site}_{name}": value
        for site, chosen in SITES.items()
        for name, value in {
            "8b_count": COUNTS[site],
            "8b_size": "gpu-h100x1-80gb",
            "allowed_addresses": chosen["allowed_addresses"],
            "cluster_name": f"{site}-chat",
            "kubernetes_minor": chosen["kubernetes_minor"],
            "management_max": 5,
            "management_min": 2,
            "management_size": "s-2vcpu-4gb",
            "models_size_gib": chosen["nfs_size_gib"],
            "models_tier": "high",
            "region": chosen["region"],
            "vpc_cidr": chosen["vpc_cidr"],
        }.items()
    }

    assert one_stack.defaults("1-infra") == expected


def test_graphs_of_one_name_are_told_apart_by_their_namespace(one_stack: Exported) -> None:
    assert one_stack.defaults("2-workload") == {
        "cluster_name": "east-chat",
        "blue_llm_worker_replicas": 1,
        "green_llm_worker_replicas": 2,
        "red_llm_worker_replicas": 3,
    }


def test_releases_of_one_name_have_a_file_of_values_each(one_stack: Exported) -> None:
    texts = {
        path.name: path.read_text() for path in (one_stack.folder / "2-workload/values").iterdir()
    }
    told = {name: re.findall(r"\$\{(\w+)_llm_worker", text) for name, text in texts.items()}

    assert sorted(told.values()) == [["blue"], ["green"], ["red"]]


def test_no_variable_begins_with_a_digit(tmp_path: Path) -> None:
    app = gtc.App(outdir=str(tmp_path / "cdktf.out"))
    pool = gtc.NodePool.h100(count=4, name="8b")
    stack = gtc.TerraformStack(app, "infra")
    gtc.GpuCluster(stack, "cluster", name="x", region="nyc2", gpu_pool=pool)
    found = export(app, tmp_path / "terraform").defaults("1-infra")

    assert found["n_8b_count"] == 4
    assert [name for name in found if not re.fullmatch(r"[a-z_]\w*", name)] == []


def test_a_variable_and_an_output_of_the_program_keep_their_names(tmp_path: Path) -> None:
    app = gtc.App(outdir=str(tmp_path / "cdktf.out"))
    infra, workload = gtc.TerraformStack(app, "infra"), gtc.TerraformStack(app, "workload")
    vpc = gtc.ExistingVpc(id="5a4981aa-9653-4bd1-bef5-d6bff52042e4")
    share = gtc.NfsShare(infra, "share", name="m", region="nyc2", vpc=vpc, size_gib=100)
    gtc.TerraformOutput(infra, "share_host", value="of the program")
    gtc.ClusterConnection(workload, "connection", name="x")
    store(workload, "models", share.export)
    names = ("cluster_name", "share_mount_path")
    secrets = {
        each: gtc.SecretRef.from_variable(workload, each, description=f"the program's {each}")
        for each in names
    }
    gtc.WorkloadSecrets(workload, "secrets", namespace="work", secrets={"given": secrets})
    made = export(app, tmp_path / "terraform")
    variables = made.part("2-workload", "variables")["variable"]

    assert [variables[each]["description"] for each in names] == [
        "the program's cluster_name",
        "the program's share_mount_path",
    ]
    assert variables["connection_cluster_name"]["default"] == "x"
    assert made.part("1-infra", "outputs")["output"]["share_host"]["value"] == "of the program"
    assert [line for line in made.page("2-workload") if "terraform" in line] == [
        taken("share_host_2", "1-infra"),
        taken("share_mount_path", "1-infra", "infra_share_mount_path"),
    ]


def taken(output: str, module: str, variable: str | None = None) -> str:
    told = f"terraform -chdir=../{module} output -raw {output}"
    return f"export TF_VAR_{variable or output}=$({told})"


@pytest.mark.parametrize(
    ("site", "module", "told"),
    [("east", "4-east", "1-infra-east"), ("south", "5-south", "2-infra-south")],
)
def test_a_module_takes_the_share_of_its_own_cluster(
    two_stacks: Exported, site: str, module: str, told: str
) -> None:
    [share] = two_stacks.part(told, "main")["resource"]["digitalocean_nfs"]

    assert two_stacks.defaults(told)["cluster_name"] == site
    assert two_stacks.page(module) == [
        taken("cluster_models_host", told),
        taken("cluster_models_mount_path", told),
    ]
    assert two_stacks.part(told, "outputs")["output"]["cluster_models_host"]["value"] == (
        f"${{digitalocean_nfs.{share}.host}}"
    )


def test_a_module_that_takes_of_two_has_a_variable_for_each(two_stacks: Exported) -> None:
    folder = two_stacks.folder / "3-both" / "values"
    servers = {
        path.name.split("-")[0]: re.findall(r'"server": "\$\{(\w+)\}"', path.read_text())
        for path in folder.iterdir()
    }

    assert servers == {
        "east": ["infra_east_cluster_models_host"],
        "south": ["infra_south_cluster_models_host"],
    }
    assert [line for line in two_stacks.page("3-both") if "host" in line] == [
        taken("cluster_models_host", "1-infra-east", servers["east"][0]),
        taken("cluster_models_host", "2-infra-south", servers["south"][0]),
    ]


def test_stacks_inside_a_construct_are_applied_in_their_order_too(tmp_path: Path) -> None:
    app = gtc.App(outdir=str(tmp_path / "cdktf.out"))
    house = Construct(app, "house")
    workload, infra = gtc.TerraformStack(house, "a"), gtc.TerraformStack(house, "b")
    vpc = gtc.ExistingVpc(id="5a4981aa-9653-4bd1-bef5-d6bff52042e4")
    share = gtc.NfsShare(infra, "share", name="m", region="nyc2", vpc=vpc, size_gib=100)
    gtc.ClusterConnection(workload, "connection", name="x")
    store(workload, "models", share.export)
    made = export(app, tmp_path / "terraform")

    assert made.page("2-a") == [taken("share_host", "1-b"), taken("share_mount_path", "1-b")]


def test_every_command_of_a_page_asks_a_module_that_has_the_output(
    one_stack: Exported, two_stacks: Exported
) -> None:
    asked = [
        (made, *found.groups())
        for made in (one_stack, two_stacks)
        for page in sorted(made.folder.glob("*/README.md"))
        for found in re.finditer(r"-chdir=\.\./(\S+) output -raw (\w+)", page.read_text())
    ]

    assert len(asked) == 8
    assert [
        (module, output)
        for made, module, output in asked
        if output not in made.part(module, "outputs")["output"]
    ] == []
