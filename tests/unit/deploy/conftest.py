"""A checkout in an empty folder, tools that write down how they were called, and an account."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS
from tests.digitalocean.account import Account
from tests.digitalocean.routing import FULL_ACCESS
from tests.digitalocean.server import Cloud, serving
from tests.unit.cli.conftest import Call, gtc  # noqa: F401 - a fixture

SECRETS = {
    "DIGITALOCEAN_ACCESS_TOKEN": "do-canary",
    "HF_TOKEN": "hf-canary",
    "SPACES_ACCESS_KEY_ID": "spaces-id-canary",
    "SPACES_SECRET_ACCESS_KEY": "spaces-key-canary",
    "GRADIENT_API_KEY": "gradient-canary",
}
UNTIL = "2099-01-02T03:04:00+00:00"
TOOLS = ("terraform", "docker", "doctl")
STACKS = [made(env) for env in ENVIRONMENTS for made in (names.infra_stack, names.cluster_stack)]
MAIN = f"""import pathlib
for stack in {STACKS}:
    folder = pathlib.Path("cdktf.out", "stacks", stack)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cdk.tf.json").write_text("{{}}")
"""
"""A program that synthesises stacks of nothing."""
ACT = """#!{python}
import json, os, pathlib, sys
name = pathlib.Path(sys.argv[0]).name
told = {{key: value for key, value in os.environ.items() if "canary" in value or key[:4] == "GTC_"}}
with open({log!r}, "a") as log:
    log.write(json.dumps([name, sys.argv[1:], told]) + chr(10))
plan = pathlib.Path({plans!r}) / name
if plan.exists():
    exec(plan.read_text())
"""


@dataclass
class Checkout:
    """The folder and what the tools were told."""

    folder: Path
    log: Path
    plans: Path

    @property
    def calls(self) -> list[tuple[str, list[str], dict[str, str]]]:
        """Tool, arguments and the part of its environment that is ours; in order."""
        if not self.log.exists():
            return []
        return [tuple(json.loads(line)) for line in self.log.read_text().splitlines()]

    @property
    def commands(self) -> list[str]:
        return [" ".join([tool, *arguments]) for tool, arguments, _ in self.calls]

    @property
    def terraform(self) -> list[str]:
        """Verb and stack of every Terraform, the fetching of providers left out."""
        called = [arguments for tool, arguments, _ in self.calls if tool == "terraform"]
        return [f"{verb} {Path(at).name}" for at, verb, *_ in called if verb != "init"]

    def tool_does(self, tool: str, code: str) -> None:
        """What a tool does after it has written down its call."""
        self.plans.mkdir(exist_ok=True)
        (self.plans / tool).write_text(code)

    def deployed(self, stack: str, resources: int = 1) -> None:
        """Write the state of a stack."""
        instances = [{}] * resources
        listed = [
            {"mode": "managed", "type": "x", "instances": instances},
            {"mode": "data", "type": "y", "instances": [{}]},
        ]
        document = {"version": 4, "resources": listed if resources else []}
        (self.folder / names.state_file(stack)).write_text(json.dumps(document))

    def git(self, *arguments: str) -> None:
        environment = {
            **os.environ,
            "GIT_AUTHOR_DATE": "2026-11-25T23:30:00-05:00",
            "GIT_COMMITTER_DATE": "2026-11-25T23:30:00-05:00",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", *identity, *arguments]
        subprocess.run(command, cwd=self.folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def checkout(
    gtc: Call,  # noqa: F811 - it moves into the folder
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    """A committed checkout with no variable set and all tools on PATH."""
    outside = tmp_path_factory.mktemp("tools")
    made = Checkout(tmp_path, outside / "log", outside / "plans")
    for tool in TOOLS:
        script = outside / tool
        script.write_text(
            ACT.format(python=sys.executable, log=str(made.log), plans=str(made.plans))
        )
        script.chmod(0o755)
    for alias in (
        *SECRETS,
        "DIGITALOCEAN_TOKEN",
        "GTC_UNTIL",
        *(name for name in os.environ if "TF_VAR" in name),
    ):
        monkeypatch.delenv(alias, raising=False)
    monkeypatch.setenv("PATH", f"{outside}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("DIGITALOCEAN_API_URL", "http://127.0.0.1:1")
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / ".gitignore").write_text(".env\n.gtc/\ncdktf.out/\n*.tfstate*\n__pycache__/\n")
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "x")
    return made


@pytest.fixture
def secrets(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable that a deployment needs."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GTC_UNTIL", UNTIL)


@pytest.fixture
def cloud(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An account whose token the secrets hold, and nothing in it."""
    account = Account(tokens={SECRETS["DIGITALOCEAN_ACCESS_TOKEN"]: FULL_ACCESS})
    with serving(account) as made:
        monkeypatch.setenv("DIGITALOCEAN_API_URL", made.url)
        yield made


def deploy_by_hand(cloud: Cloud, *tags: str, name: str = names.DEMO) -> str:
    """A VPC and a cluster with these tags, as somebody else makes them; the cluster's id."""
    made = ask(cloud, "vpcs", {"name": f"{name}-vpc", "region": "atl1"})["vpc"]["id"]
    small = {"name": "management", "size": "s-2vcpu-4gb", "count": 2, "tags": list(tags)}
    large = {"name": "gpu", "size": "gpu-h200x8-1128gb-contracted", "count": 1}
    body = {"name": name, "region": "atl1", "version": "1.34.5-do.1", "vpc_uuid": made,
            "tags": list(tags), "node_pools": [small, large]}  # fmt: skip
    return str(ask(cloud, "kubernetes/clusters", body)["kubernetes_cluster"]["id"])


def ask(cloud: Cloud, path: str, body: object) -> Any:
    """Post to the account as its owner."""
    (token,) = cloud.account.tokens
    head = {"Authorization": f"Bearer {token}"}
    told = httpx.post(f"{cloud.url}/v2/{path}", json=body, headers=head)
    assert told.status_code < 300, told.text
    return told.json() if told.content else None
