"""Stacks as modules for houses that want no Python."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import gtc_constructs as gtc
from gtc_constructs.export import __main__ as command
from gtc_constructs.export import export_terraform
from gtc_spec.errors import UsageError

Json = dict[str, Any]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster with two pools, and a stack inside it that takes the share and a secret."""
    app = gtc.App(outdir=str(tmp_path_factory.mktemp("cdktf.out")))
    workload, infra = gtc.TerraformStack(app, "workload"), gtc.TerraformStack(app, "infra")
    cluster = gtc.GpuCluster(
        infra,
        "cluster",
        name="llm",
        region="atl1",
        gpu_pool=gtc.NodePool.h100(count=3),
        nfs_size_gib=400,
        allowed_addresses=["203.0.113.0/24"],
    )
    gtc.ClusterConnection(workload, "connection", name="llm")
    share = cluster.models.export
    token = gtc.SecretRef.from_variable(workload, "hf_token", description="HuggingFace token")
    gtc.WorkloadSecrets(
        workload, "secrets", namespace="work", secrets={"hf-token": {"HF_TOKEN": token}}
    )
    shown = {"text": "${not_ours} %{ if }", "server": f"{share.host}:{share.path}"}
    about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "about"}, "data": shown}
    graph = {
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": "chat"},
        "spec": {"services": {"Worker": {"replicas": 2}}},
    }
    gtc.ManifestRelease(workload, "about", name="about", namespace="work", manifests=[about, graph])
    folder = tmp_path_factory.mktemp("terraform")
    export_terraform(gtc.synthesise(app), folder)
    return folder


def read(folder: Path, part: str) -> Json:
    document: Json = json.loads((folder / f"{part}.tf.json").read_text())
    return document


def defaults(folder: Path) -> Json:
    return {
        name: each.get("default", "required")
        for name, each in read(folder, "variables")["variable"].items()
    }


def test_modules_are_numbered_in_the_order_in_which_they_are_applied(modules: Path) -> None:
    assert sorted(path.name for path in modules.iterdir()) == ["1-infra", "2-workload"]


def test_what_a_house_chooses_is_a_variable_with_the_value_of_the_program(modules: Path) -> None:
    assert defaults(modules / "1-infra") == {
        "allowed_addresses": ["203.0.113.0/24"],
        "cluster_models_size_gib": 400,
        "cluster_models_tier": "high",
        "cluster_name": "llm",
        "gpu_count": 3,
        "gpu_size": "gpu-h100x1-80gb",
        "kubernetes_minor": "1.34",
        "management_max": 5,
        "management_min": 2,
        "management_size": "s-2vcpu-4gb",
        "region": "atl1",
    }


def test_one_name_renames_everything_that_begins_with_it(modules: Path) -> None:
    resources = read(modules / "1-infra", "main")["resource"]
    names = {kind: each["name"] for kind, named in resources.items() for each in named.values()}

    assert names == {
        "digitalocean_kubernetes_cluster": "${var.cluster_name}",
        "digitalocean_kubernetes_node_pool": "gpu",
        "digitalocean_nfs": "${var.cluster_name}-models",
        "digitalocean_vpc": "${var.cluster_name}-vpc",
    }


def test_resources_have_names_that_a_person_can_read(modules: Path) -> None:
    resources = read(modules / "1-infra", "main")["resource"]

    assert {name for named in resources.values() for name in named} == {
        "cluster",
        "cluster_gpu",
        "cluster_models",
        "cluster_vpc",
    }


def test_what_one_module_takes_of_another_is_an_output_and_a_variable(modules: Path) -> None:
    outputs, taken = (
        read(modules / "1-infra", "outputs")["output"],
        defaults(modules / "2-workload"),
    )

    assert set(outputs) == {"cluster_models_host", "cluster_models_mount_path"}
    assert {name for name, each in taken.items() if each == "required"} == {*outputs, "hf_token"}
    assert not any(each.get("sensitive") for each in outputs.values())


def test_a_secret_stays_an_ephemeral_variable(modules: Path) -> None:
    secret = read(modules / "2-workload", "variables")["variable"]["hf_token"]

    assert secret["ephemeral"] is True
    assert secret["sensitive"] is True


def test_values_of_a_chart_are_a_file_of_their_own(modules: Path) -> None:
    [release] = read(modules / "2-workload", "main")["resource"]["helm_release"].values()
    text = (modules / "2-workload" / "values" / "about.json").read_text()

    assert release["values"] == [
        '${templatefile("${path.module}/values/about.json", '
        "{chat_worker_replicas = var.chat_worker_replicas, "
        "cluster_models_host = var.cluster_models_host, "
        "cluster_models_mount_path = var.cluster_models_mount_path})}"
    ]
    assert '"text": "$${not_ours} %%{ if }"' in text
    assert '"server": "${cluster_models_host}:${cluster_models_mount_path}"' in text
    assert '"replicas": ${chat_worker_replicas}' in text


def test_charts_of_ours_lie_in_the_module(modules: Path) -> None:
    [release] = read(modules / "2-workload", "main")["resource"]["helm_release"].values()
    chart = release["chart"].removeprefix("${path.module}/")

    assert (modules / "2-workload" / chart / "Chart.yaml").is_file()


def test_nothing_is_left_of_cdktf_or_of_this_machine(modules: Path) -> None:
    texts = "".join(path.read_text() for path in modules.rglob("*") if path.is_file())

    for trace in ("cdktf", "uniqueId", "tfstate", "remote_state", 'backend"', "/home", "/root"):
        assert trace not in texts


def test_the_page_of_a_module_lists_every_variable_and_output(modules: Path) -> None:
    for folder in sorted(modules.iterdir()):
        page = (folder / "README.md").read_text()
        for name, each in read(folder, "variables")["variable"].items():
            assert f"| `{name}` |" in page
            assert each["description"], name
    assert "export TF_VAR_cluster_models_host=$(terraform -chdir=../1-infra output -raw" in page


def test_a_folder_without_stacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no manifest.json in .*, allowed: a folder of synth"):
        export_terraform(tmp_path, tmp_path / "terraform")


def test_the_command_says_too_what_to_do_about_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDKTF_OUTDIR", "")
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "path", [*sys.path])
    (program := tmp_path / "empty.py").write_text("")

    assert command.main([str(program), str(tmp_path / "terraform")]) == 2
    assert capsys.readouterr().err == (
        f"error: {program} wrote 0 apps, allowed: one\nhint: end it with synthesise(app)\n"
    )
