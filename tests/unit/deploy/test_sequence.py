"""Deploy and teardown: the order, what an interruption leaves, and what is said at the end."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call
from tests.unit.deploy.conftest import Checkout
from tests.unit.deploy.test_image import DIGEST

pytestmark = pytest.mark.usefixtures("secrets", "cloud")
NO_CLUSTER = """
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: a, user: {token: t}}]
"""


def test_a_deployment_stops_at_the_step_that_fails_and_says_how_to_go_on(
    gtc: Call, checkout: Checkout
) -> None:
    checkout.tool_does("docker", DIGEST)
    checkout.tool_does("terraform", "sys.exit('apply' in sys.argv)")

    told = gtc("deploy", "--env", "dev", "--skip-doctor")

    assert told.code == 1
    assert told.error == (
        "infra stack: `terraform -chdir=cdktf.out/stacks/infra-dev apply -input=false` failed with"
        " exit code 1"
    )
    assert told.hint == "make deploy ENV=dev goes on from here"
    assert [line for line in told.out.splitlines() if line.startswith("===")] == [
        "=== deploy dev 1/11: account",
        "=== deploy dev 2/11: image",
        "=== deploy dev 3/11: infra stack",
    ]


def test_no_secret_is_in_what_a_deployment_says_or_in_any_argument(
    gtc: Call, checkout: Checkout
) -> None:
    checkout.tool_does("docker", DIGEST)
    checkout.tool_does("terraform", "sys.exit('apply' in sys.argv)")

    told = gtc("deploy", "--env", "dev", "--skip-doctor")

    assert "canary" not in told.out + told.err
    assert "canary" not in " ".join(checkout.commands)


def test_the_kubeconfig_is_a_file_that_only_we_can_read(gtc: Call, checkout: Checkout) -> None:
    checkout.tool_does("doctl", "print('apiVersion: v1')")

    told = gtc("kubeconfig", "--env", "dev")

    path = Path(told.out.strip().removeprefix("export KUBECONFIG="))
    assert path == checkout.folder / ".gtc" / "kubeconfig-dev"
    assert path.read_text() == "apiVersion: v1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert checkout.commands == [
        "doctl kubernetes cluster kubeconfig show gtc-demo --context solutions"
        " --expiry-seconds 28800"
    ]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_lets_terraform_end_in_its_own_way(
    checkout: Checkout, how: signal.Signals
) -> None:
    checkout.deployed("infra-prod")
    ended = checkout.folder / "ended"
    checkout.tool_does(
        "terraform",
        f"""
import time
if "init" in sys.argv:
    sys.exit()
asked = 0
while not asked:
    try:
        pathlib.Path("started").touch()
        time.sleep(20)
        break
    except KeyboardInterrupt:
        asked += 1
time.sleep(0.2)
pathlib.Path({str(ended)!r}).write_text(str(asked))
""",
    )
    command = [sys.executable, "-m", "gtc_cli", "infra", "down", "--env", "prod", "--yes"]
    running = subprocess.Popen(
        command,
        cwd=checkout.folder,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    try:
        _until(checkout.folder / "started")
        running.send_signal(how)
        _, said = running.communicate(timeout=10)
    finally:
        running.kill()

    assert running.returncode == 130
    assert ended.read_text() == "1"
    assert "terraform was asked to stop and ends what it began" in said
    assert "error: interrupted during `terraform -chdir=cdktf.out/stacks/infra-prod destroy" in said
    assert "Traceback" not in said


def _until(path: Path) -> None:
    give_up = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < give_up
        time.sleep(0.02)
