"""The names that a program may import from the package, and what importing them costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gtc_constructs

NAMES = [
    "AggregatedDeployment", "App", "AzurermBackend", "ChartRef", "Checkpoint", "CloudBackend",
    "ClusterConnection", "ClusterStack", "CpuNodes", "DemoPanel", "DisaggDeployment",
    "DynamoPlatform", "EngineFacts", "ExistingBucket", "ExistingModels", "ExistingMonitoring",
    "ExistingPlatform", "ExistingSecret", "ExistingVpc", "GcsBackend", "GpuCluster",
    "HttpBackend", "InfraStack", "Keda", "KedaScaler", "KubeconfigConnection", "LocalBackend",
    "ManifestRelease", "Mocker", "ModelDownload", "ModelRef", "ModelStore",
    "NamedCloudWorkspace", "Namespace", "NfsExport", "NfsShare", "NfsTier", "NodePool",
    "Observability", "POOL_LABEL", "PrometheusTrigger", "PublicEndpoint", "S3Backend",
    "Scalable", "ScaleRule", "ScaleTarget", "SecretRef", "Serving", "Sglang", "SpacesBackend",
    "TerraformOutput", "TerraformStack", "Trtllm", "UsageError", "Vllm", "Workers",
    "WorkloadSecrets", "export_terraform", "synthesise",
]  # fmt: skip
"""Leaving one out, or calling it something else, breaks programs of other people."""


def test_these_names_are_exported() -> None:
    assert sorted(gtc_constructs.__all__) == NAMES
    assert set(NAMES) <= set(dir(gtc_constructs))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_what_its_home_calls_so(name: str) -> None:
    found = getattr(gtc_constructs, name)

    assert name == "POOL_LABEL" or found.__name__ == name


def test_type_checkers_are_told_the_same_names() -> None:
    tree = ast.parse(Path(gtc_constructs.__file__).read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    told = {
        alias.asname: each.module
        for each in block.body
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
    }

    assert told == gtc_constructs._HOMES


def test_another_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'GpuClusters'"):
        gtc_constructs.GpuClusters  # noqa: B018


@pytest.mark.parametrize(
    ("taken", "starts"),
    [
        ("dir(gtc_constructs)", False),
        ("gtc_constructs.NodePool, gtc_constructs.Serving, gtc_constructs.ScaleRule", False),
        ("gtc_constructs.GpuCluster,", True),
    ],
)
def test_node_starts_with_the_first_construct_and_not_before(taken: str, starts: bool) -> None:
    code = f"import sys, gtc_constructs; {taken}; print('jsii' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert ran.stdout.strip() == str(starts)
