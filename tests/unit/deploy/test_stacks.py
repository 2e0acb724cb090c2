"""Which stack may be deployed or destroyed when, and what cdktf is told."""

import pytest

from tests.unit.cli.conftest import Call
from tests.unit.deploy.conftest import SECRETS, Account, Checkout

ALONE = "--ignore-missing-stack-dependencies --auto-approve"
pytestmark = pytest.mark.usefixtures("secrets", "account")


def test_the_infra_stack_comes_up_with_the_token_and_the_choices(
    gtc: Call, checkout: Checkout, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_REGION", "nyc2")

    assert gtc("infra", "up", "--env", "dev").code == 0

    [(tool, arguments, told)] = checkout.calls
    assert [tool, *arguments] == ["cdktf", "deploy", "infra-dev", "--auto-approve"]
    assert told["DIGITALOCEAN_TOKEN"] == SECRETS["DIGITALOCEAN_ACCESS_TOKEN"]
    assert (told["GTC_ENV"], told["GTC_REGION"]) == ("dev", "nyc2")
    assert account.tokens == [f"Bearer {SECRETS['DIGITALOCEAN_ACCESS_TOKEN']}"]


def test_the_cluster_stack_needs_the_infra_stack(gtc: Call, checkout: Checkout) -> None:
    told = gtc("cluster", "config", "--env", "dev")

    assert told.code == 2
    assert told.error == "infra-dev is not deployed: terraform.infra-dev.tfstate lists nothing"
    assert told.hint == "make infra-up ENV=dev"


def test_the_cluster_stack_comes_up_alone_on_its_infra_with_every_secret(
    gtc: Call, checkout: Checkout
) -> None:
    checkout.deployed("infra-prod")

    assert gtc("cluster", "config", "--env", "prod").code == 0

    [(_, arguments, told)] = checkout.calls
    assert " ".join(arguments) == f"deploy cluster-prod {ALONE}"
    assert told["TF_VAR_hf_token"] == SECRETS["HF_TOKEN"]


def test_the_infra_stack_is_not_pulled_from_under_its_cluster(
    gtc: Call, checkout: Checkout
) -> None:
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
            "dev is deployed in this account; dev and prod share the name gtc-demo",
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
            " that deployed it",
        ),
    ],
)
def test_a_cluster_that_somebody_else_deployed_is_in_the_way(
    gtc: Call, checkout: Checkout, account: Account, tags: list[str], error: str, hint: str
) -> None:
    account.clusters = [{"name": "other", "tags": []}, {"name": "gtc-demo", "tags": tags}]

    told = gtc("infra", "up", "--env", "prod")

    assert (told.code, told.error, told.hint) == (2, error, hint)
    assert checkout.calls == []


def test_our_own_cluster_is_not_in_the_way(gtc: Call, checkout: Checkout, account: Account) -> None:
    account.clusters = [{"name": "gtc-demo", "tags": ["k8s", "gtc-demo-prod"]}]
    checkout.deployed("infra-prod")

    assert gtc("infra", "up", "--env", "prod").code == 0


@pytest.mark.parametrize(("status", "code"), [(401, 2), (403, 2), (500, 1)])
def test_an_account_that_refuses_is_told_without_the_token(
    gtc: Call, checkout: Checkout, account: Account, status: int, code: int
) -> None:
    account.status = status

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
