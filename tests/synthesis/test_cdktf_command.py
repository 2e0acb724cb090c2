"""The real cdktf command and our own verbs on two stacks of Terraform's own resource.

No provider is needed, so the order of the stacks, the refusals and that both ways share one state
are proven offline.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtc_cli.local import state
from tests.digitalocean.account import Account
from tests.digitalocean.routing import FULL_ACCESS
from tests.digitalocean.server import serving
from tests.unit.deploy.conftest import SECRETS, deploy_by_hand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
CDKTF = "cdktf-cli@0.21.0"
"""The command that belongs to the pinned library; only this test needs it."""
MAIN = """
from gtc_constructs._bindings import App, LocalBackend, TerraformResource, TerraformStack
from gtc_spec import names

def resource(stack, value):
    made = TerraformResource(stack, "it", terraform_resource_type="terraform_data")
    made.add_override("input", value)
    made.add_override("provisioner", [
        {"local-exec": {"command": "echo up %s >> ../../../log" % stack.node.id}},
        {"local-exec": {"command": "echo down %s >> ../../../log" % stack.node.id,
                        "when": "destroy"}},
    ])
    return made

app = App()
made = {}
for name in (names.infra_stack("dev"), names.cluster_stack("dev")):
    made[name] = TerraformStack(app, name)
    LocalBackend(made[name], path="../../../" + names.state_file(name))
infra = resource(made["infra-dev"], "known after apply")
resource(made["cluster-dev"], infra.get_string_attribute("output"))
app.synth()
"""


@pytest.fixture(scope="module")
def command() -> list[str]:
    """How to call cdktf here."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    if installed := shutil.which("cdktf"):
        return [installed]
    npx = shutil.which("npx")
    if npx is None:
        pytest.skip("neither cdktf nor npx is installed")
    fetched = [npx, "--yes", CDKTF]
    try:
        subprocess.run([*fetched, "--version"], check=True, capture_output=True, timeout=180)
    except (subprocess.SubprocessError, OSError):
        pytest.skip(f"npx cannot fetch {CDKTF}")
    return fetched


class Checkout:
    """A folder with an app of two stacks, and what was done in it."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.folder, self.command = folder, command
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {
            **os.environ,
            **SECRETS,
            "PATH": path,
            "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
            "CHECKPOINT_DISABLE": "1",
            "CI": "1",
            "GTC_TAG": "x",
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def cdktf(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(*self.command, *arguments)

    def gtc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "gtc_cli", *arguments, "--env", "dev")

    def log(self) -> list[str]:
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def checkout(tmp_path: Path, command: list[str]) -> Iterator[Checkout]:
    (tmp_path / "main.py").write_text(MAIN)
    app = f"{sys.executable} main.py"
    settings = {"language": "python", "app": app, "projectId": "x", "sendCrashReports": "false"}
    (tmp_path / "cdktf.json").write_text(json.dumps(settings))
    made = Checkout(tmp_path, command)
    account = Account(tokens={SECRETS["DIGITALOCEAN_ACCESS_TOKEN"]: FULL_ACCESS})
    with serving(account) as cloud:
        deploy_by_hand(cloud, "gtc-demo-dev")
        made.environment["DIGITALOCEAN_API_URL"] = cloud.url
        yield made
    if any(state.resources(tmp_path, stack) for stack in ("infra-dev", "cluster-dev")):
        made.cdktf("destroy", "infra-dev", "cluster-dev", "--auto-approve")


def test_one_command_deploys_both_in_order_and_teardown_destroys_them_in_reverse(
    checkout: Checkout,
) -> None:
    alone = checkout.cdktf("deploy", "cluster-dev", "--auto-approve")
    assert alone.returncode != 0
    assert "infra-dev" in alone.stdout + alone.stderr
    assert checkout.log() == []

    both = checkout.cdktf("deploy", "infra-dev", "cluster-dev", "--auto-approve")
    assert both.returncode == 0, both.stdout + both.stderr
    assert checkout.log() == ["up infra-dev", "up cluster-dev"]
    written = (checkout.folder / "terraform.cluster-dev.tfstate").read_text()
    assert "known after apply" in written

    again = checkout.gtc("infra", "plan")
    assert again.returncode == 0, again.stderr
    assert "No changes" in again.stdout

    early = checkout.gtc("infra", "down", "--yes")
    assert early.returncode == 2
    assert "error: cluster-dev still has 1 resources on infra-dev" in early.stderr

    gone = checkout.gtc("teardown", "--force")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert checkout.log()[2:] == ["down cluster-dev", "down infra-dev"]
