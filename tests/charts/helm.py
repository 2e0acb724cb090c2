"""Real helm, offline: what a release would send to the cluster."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from gtc_spec.versions import KUBERNETES_MINOR

Json = dict[str, Any]
HELM = Path(sys.executable).parent / "helm"
"""From the package helm-binary."""
DEADLINE_S = 60.0
KNOWN_APIS = ("monitoring.coreos.com/v1",)
"""What is there when the charts are installed, beside Kubernetes: the Prometheus stack is first."""


class Loader(yaml.CSafeLoader):
    """YAML as Helm reads it: a bare ``=`` is a word."""


Loader.add_constructor(
    "tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node)
)


def template(chart: Path, release: Json) -> list[Json]:
    """Every object that a release of the stacks makes of a chart, CRDs and hooks included."""
    apis = [word for api in KNOWN_APIS for word in ("--api-versions", api)]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, values in enumerate(release.get("values", [])):
            file = Path(folder, f"{number}.json")
            file.write_text(json.dumps(unescaped(values)))
            files += ["--values", str(file)]
        said = helm(
            "template", release["name"], str(chart), "--namespace", release["namespace"],
            "--kube-version", KUBERNETES_MINOR, *apis, "--include-crds", *files,
        )  # fmt: skip
    return [each for each in yaml.load_all(said, Loader) if each]


def helm(*arguments: str, deadline_s: float = DEADLINE_S) -> str:
    """Run helm with a home of its own.

    Raises:
        AssertionError: It failed.
        subprocess.TimeoutExpired: It took too long.
    """
    with tempfile.TemporaryDirectory() as home:
        ran = subprocess.run(
            [str(HELM), *arguments],
            env={"HOME": home, "PATH": os.environ.get("PATH", ""), "HELM_NO_PLUGINS": "1"},
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr.strip()
    return ran.stdout


def unescaped(value: Any) -> Any:
    """Values as Terraform hands them to Helm."""
    if isinstance(value, dict):
        return {key: unescaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescaped(item) for item in value]
    if isinstance(value, str):
        return value.replace("$${", "${").replace("%%{", "%{")
    return value


def is_test(manifest: Json) -> bool:
    """Whether only ``helm test`` would make it."""
    hooks = (manifest["metadata"].get("annotations") or {}).get("helm.sh/hook", "")
    return "test" in hooks
