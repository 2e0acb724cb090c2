"""Which stack may be deployed or destroyed when, and what cdktf is told."""

import pytest

from tests.digitalocean.server import Cloud
from tests.unit.cli.conftest import Call
from tests.unit.deploy.conftest import SECRETS, Checkout, deploy_by_hand

pytestmark = pytest.mark.usefixtures("secrets", "cloud")


def test_the_infra_stack_comes_up_with_the_token_and_the_choices(
    gtc: Call, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_REGION", "nyc2")

    assert gtc("infra", "up", "--env", "dev").code == 0

    assert checkout.commands == [
        "terraform -chdir=cdktf.out/stacks/infra-dev init -input=false",
        "terraform -chdir=cdktf.out/stacks/infra-dev apply -input=false -auto-approve",
    ]
    _, _, told = checkout.calls[-1]
    assert told["DIGITALOCEAN_TOKEN"] == SECRETS["DIGITALOCEAN_ACCESS_TOKEN"]
    assert (told["GTC_ENV"], told["GTC_REGION"]) == ("dev", "nyc2")


def test_the_cluster_stack_needs_the_infra_stack(gtc: Call, checkout: Checkout) -> None:
    told = gtc("cluster", "config", "--env", "dev")

    assert told.code == 2
    assert told.error == "infra-dev is not deployed: terraform.infra-dev.tfstate lists nothing"
    assert told.hint == "make infra-up ENV=dev"


def test_the_infra_stack_is_not_pulled_from_under_its_cluster(
    gtc: Call, checkout: Checkout, cloud: Cloud
) -> None:
    deploy_by_hand(cloud, "gtc-demo-prod")
    checkout.deployed("infra-prod")
    checkout.deployed("cluster-prod", 7)

    told = gtc("infra", "down", "--env", "prod", "--yes")

    assert told.code == 2
    assert told.error == "cluster-prod still has 7 resources on infra-prod"
    assert checkout.calls == []


def test_what_is_not_there_is_not_destroyed(gtc: Call, checkout: Checkout) -> None:
    checkout.deployed("infra-prod", 0)

    assert gtc("infra", "down", "--env", "prod", "--yes").code == 0
    assert gtc("cluster", "teardown", "--env", "prod", "--yes").code == 0
    assert checkout.calls == []


@pytest.mark.parametrize("verb", ["infra down", "cluster teardown", "teardown"])
def test_nothing_is_destroyed_without_a_yes(gtc: Call, checkout: Checkout, verb: str) -> None:
    checkout.deployed("infra-prod")

    told = gtc(*verb.split(), "--env", "prod")

    assert told.code == 2
    assert told.error.startswith("not destroyed: ")
    assert told.hint == "add --yes, or YES=1 to make"
    assert checkout.calls == []


def test_destroying_needs_no_more_than_the_token(
    gtc: Call, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.deployed("cluster-prod")
    monkeypatch.delenv("HF_TOKEN")

    assert gtc("cluster", "teardown", "--env", "prod", "--yes").code == 0


@pytest.mark.parametrize("verb", ["infra up", "cluster config", "infra plan", "deploy"])
@pytest.mark.parametrize("stack", ["infra-dev", "cluster-dev"])
def test_the_other_environment_of_this_checkout_is_in_the_way(
    gtc: Call, checkout: Checkout, verb: str, stack: str
) -> None:
    checkout.deployed(stack, 3)

    told = gtc(*verb.split(), "--env", "prod")

    assert told.code == 2
    assert told.error.startswith(f"{stack} is deployed (3 resources in terraform.{stack}.tfstate)")
    assert told.hint == "make teardown ENV=dev, then repeat"
    assert checkout.calls == []


@pytest.mark.parametrize(
    ("tags", "error", "hint"),
    [
        (
            ["gtc-demo-dev"],
            "dev is deployed in this account; it and prod would share the name gtc-demo",
            "make teardown ENV=dev in the checkout that deployed it, then repeat",
        ),
        (
            [],
            "the account has a cluster gtc-demo without the tag of an environment",
            "it was not made by this; rename or remove it by hand",
        ),
        (
            ["gtc-demo-prod"],
            "prod is deployed in this account, but terraform.infra-prod.tfstate of this checkout"
            " lists nothing",
            "copy terraform.infra-prod.tfstate and terraform.cluster-prod.tfstate from the checkout"
            " that deployed it; if they are lost, ADOPT=1 takes it over",
        ),
    ],
)
def test_a_cluster_that_somebody_else_deployed_is_in_the_way(
    gtc: Call, checkout: Checkout, cloud: Cloud, tags: list[str], error: str, hint: str
) -> None:
    deploy_by_hand(cloud, name="other")
    deploy_by_hand(cloud, *tags)

    told = gtc("infra", "up", "--env", "prod")

    assert (told.code, told.error, told.hint) == (2, error, hint)
    assert checkout.calls == []


def test_our_own_cluster_is_not_in_the_way(gtc: Call, checkout: Checkout, cloud: Cloud) -> None:
    deploy_by_hand(cloud, "gtc-demo-prod")
    checkout.deployed("infra-prod")

    assert gtc("infra", "up", "--env", "prod").code == 0


@pytest.mark.parametrize(("status", "code"), [(401, 2), (403, 2), (500, 1)])
def test_an_account_that_refuses_is_told_without_the_token(
    gtc: Call, checkout: Checkout, cloud: Cloud, status: int, code: int
) -> None:
    cloud.fault(status=status)

    told = gtc("infra", "up")

    assert told.code == code
    assert str(status) in told.error
    assert "canary" not in told.err


def test_a_broken_state_is_told_and_not_taken_for_an_empty_one(
    gtc: Call, checkout: Checkout
) -> None:
    (checkout.folder / "terraform.infra-dev.tfstate").write_text("{")

    told = gtc("infra", "up", "--env", "prod")

    assert told.code == 2
    assert told.error.startswith("terraform.infra-dev.tfstate is not a terraform state")


def test_an_account_without_a_registry_is_told_before_anything_is_made(
    gtc: Call, checkout: Checkout, cloud: Cloud
) -> None:
    cloud.account.registry = None

    told = gtc("infra", "up", "--env", "dev")

    assert (told.code, told.error) == (2, "the account has no container registry")
    assert "doctl registry create" in told.hint
    assert checkout.calls == []


def test_a_provider_that_cannot_be_had_is_told_with_what_to_do(
    gtc: Call, checkout: Checkout
) -> None:
    checkout.tool_does("terraform", "sys.exit(1)")

    told = gtc("infra", "plan", "--env", "dev")

    assert (
        told.error == "`terraform -chdir=cdktf.out/stacks/infra-dev init -input=false` failed"
        " with exit code 1"
    )
    assert "TF_CLI_CONFIG_FILE" in told.hint
