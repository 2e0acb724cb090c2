"""What an earlier run, a colleague or the console left: taken over, cleared, refused or ended.

One world is deployed once; each test breaks it, repeats the command and finds it whole again.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gtc_rehearsal.kube_api.resources import SECRET
from gtc_spec import names
from tests.deployment.place import Ran
from tests.deployment.world import World, world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
CLUSTER, INFRA = names.cluster_stack("dev"), names.infra_stack("dev")


@pytest.fixture(scope="module")
def here(
    synthesised: Path, bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world"), synthesised, bucket) as made:
        ran = deploy(made)
        assert ran.code == 0, ran.said
        yield made


@pytest.fixture
def whole(here: World) -> Iterator[dict[str, Any]]:
    """How the world is; a test may break it and must leave it like this."""
    before = here.end_state()
    yield before
    assert here.end_state() == before


def deploy(here: World, *more: str) -> Ran:
    return here.place.gtc("deploy", "--env", "dev", *more)


def forget(here: World, stack: str, *kinds: str) -> None:
    """Take resources out of a state, as a provider that was killed never wrote them in."""
    path = here.place.folder / names.state_file(stack)
    document = json.loads(path.read_text())
    kept = [each for each in document["resources"] if each["type"] not in kinds]
    assert len(kept) < len(document["resources"])
    path.write_text(json.dumps({**document, "resources": kept}))


def test_a_release_that_was_being_installed_is_cleared_and_installed(
    here: World, whole: dict[str, Any]
) -> None:
    secret = "sh.helm.release.v1.keda.v1"
    pending = {"metadata": {"labels": {"status": "pending-install"}}}
    here.cluster.store.patch(SECRET, secret, names.NAMESPACE_KEDA, pending)
    forget(here, CLUSTER, "helm_release")

    ran = here.place.gtc("cluster", "config", "--env", "dev")

    assert ran.code == 0, ran.said
    assert "release keda/keda was pending-install; cleared" in ran.said


def test_a_pending_release_of_somebody_else_is_left_alone(
    here: World, whole: dict[str, Any]
) -> None:
    labels = {"owner": "helm", "name": "other", "status": "pending-install", "version": "1"}
    meta = {"name": "sh.helm.release.v1.other.v1", "namespace": "keda", "labels": labels}
    here.cluster.store.create(SECRET, {"metadata": meta})

    assert here.place.gtc("cluster", "config", "--env", "dev").code == 0

    here.cluster.store.delete(SECRET, meta["name"], "keda")


def test_objects_that_no_state_lists_are_imported_and_secrets_are_made_again(
    here: World, whole: dict[str, Any]
) -> None:
    before = here.cluster.store.get(SECRET, "hf-token", names.NAMESPACE_WORKLOAD)
    kinds = ("namespace", "config_map", "runtime_class", "secret")
    forget(here, CLUSTER, *(f"kubernetes_{each}_v1" for each in kinds))

    ran = here.place.gtc("cluster", "config", "--env", "dev")

    assert ran.code == 0, ran.said
    assert "taking over Namespace keda" in ran.said
    assert "Secret dynamo-workload/hf-token is in no state; removed" in ran.said
    after = here.cluster.store.get(SECRET, "hf-token", names.NAMESPACE_WORKLOAD)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


@pytest.mark.parametrize(
    "kind",
    [
        "digitalocean_vpc",
        "digitalocean_kubernetes_cluster",
        "digitalocean_kubernetes_node_pool",
        "digitalocean_nfs",
    ],
)
def test_whatever_the_infra_state_lost_is_taken_over(
    here: World, whole: dict[str, Any], kind: str
) -> None:
    forget(here, INFRA, kind)

    ran = here.place.gtc("infra", "up", "--env", "dev")

    assert ran.code == 0, ran.said
    assert ran.said.count("taking over") == 1


def test_a_state_that_was_cut_short_is_built_again(here: World, whole: dict[str, Any]) -> None:
    for stack in (INFRA, CLUSTER):
        path = here.place.folder / names.state_file(stack)
        path.write_text(path.read_text()[:-30])

    ran = deploy(here)

    assert ran.code == 0, ran.said
    assert "terraform.infra-dev.tfstate was cut short; kept as" in ran.said


def test_a_lost_state_is_refused_and_taken_over_when_that_is_asked_for(
    here: World, whole: dict[str, Any]
) -> None:
    for stack in (INFRA, CLUSTER):
        for each in here.place.folder.glob(f"{names.state_file(stack)}*"):
            each.unlink()

    refused = here.place.gtc("infra", "up", "--env", "dev")

    assert refused.code == 2
    assert "ADOPT=1 takes it over" in refused.said
    assert "not ready: cluster name" in deploy(here).said
    assert deploy(here, "--adopt").code == 0


def test_a_share_of_our_name_elsewhere_is_refused_by_its_name(
    here: World, whole: dict[str, Any]
) -> None:
    (share,) = here.cloud.account.shares.values()
    ours, share["vpc_ids"] = share["vpc_ids"], ["another"]
    forget(here, INFRA, "digitalocean_nfs")

    refused = here.place.gtc("infra", "up", "--env", "dev")
    share["vpc_ids"] = ours

    assert refused.code == 2
    assert (
        "the account has a share gtc-demo-models of 16000 GiB, but not in our vpc" in refused.said
    )
    assert here.place.gtc("infra", "up", "--env", "dev").code == 0


def test_a_second_command_waits_for_the_terraform_of_the_first(
    here: World, whole: dict[str, Any]
) -> None:
    import fcntl

    path = here.place.folder / names.state_file(INFRA)
    with path.open("r+b") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        child = here.place.start("infra", "up", "--env", "dev")
        assert child.stdout is not None
        first = child.stdout.readline()
    said, _ = child.communicate(timeout=60)

    assert first.startswith("terraform of an earlier run still works on terraform.infra-dev")
    assert child.returncode == 0, said


def test_a_cluster_that_somebody_deleted_is_made_again_with_everything_in_it(
    here: World, whole: dict[str, Any]
) -> None:
    here.cloud.account.drop_cluster(_cluster(here), associated=False)

    ran = deploy(here)

    assert ran.code == 0, ran.said


def test_a_silent_cluster_is_skipped_only_when_that_is_agreed_to(here: World) -> None:
    here.cluster.silent = True

    refused = here.place.gtc("teardown", "--env", "dev", "--yes")

    assert refused.code == 2, refused.said
    assert "not done: skip cluster-dev" in refused.said
    assert "add --force, or FORCE=1 to make" in refused.said
    assert here.cloud.account.billable()

    ran = here.place.gtc("teardown", "--env", "dev", "--force")

    assert ran.code == 0, ran.said
    assert _nothing_is_left(here)
    here.cluster.silent = False


def test_a_cluster_that_somebody_deleted_does_not_stop_a_teardown(here: World) -> None:
    assert deploy(here).code == 0
    id = _cluster(here)
    here.cloud.account.made_in(id, "volume", "pvc-of-prometheus")
    here.cloud.account.drop_cluster(id, associated=False)

    ran = here.place.gtc("teardown", "--env", "dev", "--yes")

    assert ran.code == 0, ran.said
    assert "the account has no such cluster any more: cluster-dev went with it" in ran.said
    assert _nothing_is_left(here)


def test_what_no_state_lists_is_deleted_only_when_that_is_agreed_to(here: World) -> None:
    assert deploy(here).code == 0
    for stack in (INFRA, CLUSTER):
        (here.place.folder / names.state_file(stack)).unlink()

    refused = here.place.gtc("teardown", "--env", "dev", "--yes")

    assert refused.code == 2
    assert "not done: delete the cluster gtc-demo and the share gtc-demo-models" in refused.said
    assert here.cloud.account.billable()
    assert here.place.gtc("teardown", "--env", "dev", "--force").code == 0
    assert _nothing_is_left(here)


def test_cron_ends_a_dead_cluster_whose_date_has_passed(here: World) -> None:
    assert deploy(here).code == 0
    tags = here.cloud.account.clusters[_cluster(here)]["tags"]
    tags[:] = [each for each in tags if "until" not in each] + ["gtc-demo-until-20200101t0000z"]
    here.cluster.silent = True

    ran = here.place.gtc("teardown-if-expired", "--env", "dev")

    assert ran.code == 0, ran.said
    assert _nothing_is_left(here)
    here.cluster.silent = False


def _cluster(here: World) -> str:
    return str(here.cloud.account.cluster(names.DEMO)["id"])


def _nothing_is_left(here: World) -> bool:
    states = [here.place.listed(stack) for stack in (INFRA, CLUSTER)]
    return not here.cloud.account.billable() and not here.cloud.account.vpcs and not any(states)
