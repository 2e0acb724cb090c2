"""The whole life of a deployment with the real Terraform and the real DigitalOcean provider.

Only the API is a stand-in. The provider asks every ten seconds, so a life is shared by a module;
its tests run in the order in which they are written.
"""

import json
import math
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gtc_spec import names
from tests.deployment import tools
from tests.deployment.place import Place, Ran
from tests.digitalocean.account import Account
from tests.digitalocean.kubernetes import resize
from tests.digitalocean.server import serving

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("terraform"),
]
CLUSTER = "digitalocean_kubernetes_cluster"
POOL = "digitalocean_kubernetes_node_pool"
EVERYTHING = {CLUSTER, POOL, "digitalocean_nfs", "digitalocean_vpc"}
ONE_CHANGE = "Plan: 0 to add, 1 to change, 0 to destroy."
NO_CHANGES = "No changes. Your infrastructure matches the configuration."


@pytest.fixture(scope="module")
def terraform(synthesised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Terraform; skips where its providers cannot be had."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("providers") / "stacks"
    shutil.copytree(synthesised / "stacks" / "infra-dev", folder)
    tried = subprocess.run(
        [program, f"-chdir={folder}", "init", "-backend=false", "-input=false"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if tried.returncode != 0:
        assert "provider" in tried.stderr, tried.stderr
        pytest.skip("no provider can be had here: name a mirror in TF_CLI_CONFIG_FILE")
    return Path(program)


Makes = Callable[[], Place]


@pytest.fixture(scope="module")
def make(
    terraform: Path, synthesised: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Makes]:
    """Makes places, each with an account of its own; in the end nothing in them may cost money."""
    made: list[Place] = []
    contexts = []

    def one() -> Place:
        folder = tmp_path_factory.mktemp("place")
        account = Account(other_droplets=0)
        context = serving(account)
        cloud = context.__enter__()
        contexts.append(context)
        (token,) = account.tokens
        found = tools.install(folder / "bin", cloud.url, token, "docker", "doctl")
        place = Place.make(folder, cloud, synthesised, found)
        (folder / "bin" / "terraform").symlink_to(terraform)
        made.append(place)
        return place

    yield one
    left = [each.cloud.account.billable() for each in made]
    for context in contexts:
        context.__exit__(None, None, None)
    assert left == [[] for _ in made]


@pytest.fixture(scope="module")
def place(make: Makes) -> Place:
    return make()


def up(place: Place, env: str = "dev") -> Ran:
    return place.gtc("infra", "up", "--env", env)


def plan(place: Place, env: str = "dev") -> str:
    ran = place.gtc("infra", "plan", "--env", env)
    assert ran.code == 0, ran.said
    return ran.said


def scale_and_patch(place: Place) -> None:
    """What DOKS does by itself: more nodes for management, and a new patch version."""
    cluster = place.cloud.account.cluster("gtc-demo")
    management = cluster["node_pools"][0]
    management["count"] = 4
    resize(place.cloud.account, management)
    cluster["version"] = "1.34.9-do.0"


def lose_a_gpu_node(place: Place) -> Any:
    """Take a node away; returns the nodes of its pool."""
    pool = place.cloud.account.cluster("gtc-demo")["node_pools"][1]
    pool["count"] -= 1
    resize(place.cloud.account, pool)
    return pool["nodes"]


def cluster_id(place: Place) -> str:
    return str(place.cloud.account.cluster("gtc-demo")["id"])


def test_without_a_registry_nothing_is_made(place: Place) -> None:
    registry, place.cloud.account.registry = place.cloud.account.registry, None

    ran = up(place)

    place.cloud.account.registry = registry
    assert ran.code == 2, ran.said
    assert {each.method for each in place.cloud.journal} == {"GET"}


def test_api_errors_while_the_cluster_is_made_do_not_make_a_second_one(place: Place) -> None:
    """The provider forgets the cluster, which runs and costs."""
    place.cloud.account.timings.cluster_s = 3
    fault = place.cloud.fault(method="GET", path="^/v2/kubernetes/clusters/[^/]+$", status=500)

    failed = up(place)

    assert failed.code == 1, failed.said
    assert CLUSTER not in place.listed("infra-dev")
    first = cluster_id(place)
    fault.times = 0

    repeated = up(place)

    assert repeated.code == 0, repeated.said
    assert "taking over cluster gtc-demo" in repeated.said
    assert place.listed("infra-dev") == EVERYTHING
    assert cluster_id(place) == first


def test_a_second_plan_is_empty_and_so_it_is_after_scaling_and_a_patch_upgrade(
    place: Place,
) -> None:
    assert NO_CHANGES in plan(place)
    scale_and_patch(place)

    assert NO_CHANGES in plan(place)


def test_a_lost_gpu_node_is_one_change_and_comes_back(place: Place) -> None:
    nodes = lose_a_gpu_node(place)

    assert ONE_CHANGE in plan(place)
    assert up(place).code == 0
    assert len(nodes) == 3


def test_the_other_environment_is_refused(place: Place) -> None:
    ran = up(place, "prod")

    assert ran.code == 2
    assert "make teardown ENV=dev" in ran.said


def test_a_share_that_somebody_deleted_comes_back(place: Place) -> None:
    place.cloud.account.shares.clear()

    assert up(place).code == 0
    assert len(place.cloud.account.shares) == 1


def test_a_teardown_waits_for_what_lingers_in_the_vpc(place: Place) -> None:
    account = place.cloud.account
    account.timings.release_s = 10_000
    running = place.start("teardown", "--env", "dev", "--yes")
    refused = threading.Thread(target=turn_after_a_refusal, args=(place,))
    refused.start()

    said, _ = running.communicate(timeout=150)

    refused.join()
    assert running.returncode == 0, said
    assert any((each.method, each.status) == ("DELETE", 409) for each in place.cloud.journal)
    assert account.vpcs == {}
    assert "dev is gone: the account has nothing of it that costs money" in said


def turn_after_a_refusal(place: Place) -> None:
    """Let hours pass once the VPC would not go."""
    give_up = time.monotonic() + 100
    while time.monotonic() < give_up:
        if any(each.method == "DELETE" and each.status == 409 for each in place.cloud.journal):
            break
        time.sleep(0.1)
    place.cloud.account.clock.turn(20_000)


def test_a_gpu_pool_that_came_too_late_is_taken_over(make: Makes) -> None:
    place = make()
    place.change("infra-prod", POOL, timeouts={"create": "12s", "delete": "60m"})
    place.cloud.account.timings.pool_s = math.inf

    failed = up(place, "prod")

    assert failed.code == 1, failed.said
    assert POOL not in place.listed("infra-prod")
    place.cloud.account.timings.pool_s = 0

    repeated = up(place, "prod")

    assert "taking over node pool gpu with 1 x gpu-h200x8-1128gb-contracted" in repeated.said
    assert repeated.code == 0, repeated.said
    scale_and_patch(place)
    assert NO_CHANGES in plan(place, "prod")
    nodes = lose_a_gpu_node(place)
    assert ONE_CHANGE in plan(place, "prod")
    assert up(place, "prod").code == 0
    assert len(nodes) == 1

    place.cloud.account.made_in(cluster_id(place), "volume", "pvc-1")
    place.cloud.account.drop_cluster(cluster_id(place), associated=False)  # as the console does
    gone = place.gtc("teardown", "--env", "prod", "--force")

    assert gone.code == 0, gone.said
    assert "deleting volume pvc-1" in gone.said
    assert place.cloud.account.vpcs == {}


def test_an_api_server_that_is_gone_stops_no_teardown(make: Makes) -> None:
    """The cluster runs and costs, its stack lists what only its own API server could take away."""
    place = make()
    assert up(place, "cpu").code == 0
    assert NO_CHANGES in plan(place, "cpu")
    place.cloud.account.kube.server = "http://127.0.0.1:9"
    state = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "x",
        "outputs": {},
    }
    namespace = {
        "mode": "managed",
        "type": "kubernetes_namespace_v1",
        "name": "keda_namespace_43EBB829",
        "provider": 'provider["registry.terraform.io/hashicorp/kubernetes"]',
        "instances": [{"schema_version": 0, "attributes": {"id": "keda"}}],
    }
    file = place.folder / names.state_file("cluster-cpu")
    file.write_text(json.dumps({**state, "resources": [namespace]}))

    refused = place.gtc("teardown", "--env", "cpu", "--yes")

    assert refused.code == 2, refused.said
    assert place.cloud.account.billable()

    gone = place.gtc("teardown", "--env", "cpu", "--force")

    assert gone.code == 0, gone.said
    assert place.cloud.account.vpcs == {}
    assert place.listed("cluster-cpu") == set()
