"""Money and its end: cost, teardown-if-expired, and no prod without an end date."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from gtc_spec.cloud import bill
from tests.digitalocean.server import Cloud
from tests.unit.cli.conftest import Call
from tests.unit.deploy.conftest import Checkout, ask, deploy_by_hand

pytestmark = pytest.mark.usefixtures("secrets")


def run(cloud: Cloud, end: timedelta | None) -> None:
    """A prod that has run for ten hours and ends that far from now."""
    now = datetime.now(UTC)
    dated = [] if end is None else [bill.tag_of(now + end)]
    id = deploy_by_hand(cloud, "gtc-demo", "gtc-demo-prod", *dated)
    cluster = cloud.account.clusters[id]
    cluster["made"] -= 36_000
    for pool in cluster["node_pools"]:
        for node in pool["nodes"]:
            node["created_at"] = cloud.account.clock.text(cluster["made"])


def test_the_cost_of_what_runs_is_told_for_an_hour_so_far_and_until_the_end(
    gtc: Call, cloud: Cloud
) -> None:
    run(cloud, timedelta(hours=2, seconds=30))
    told = gtc("cost", "--json")
    figures = json.loads(told.out)
    assert figures["gpu_hours"] == pytest.approx(80, abs=0.2)
    assert figures["usd_h"] == 43.04
    assert figures["usd"] == pytest.approx(430.4, abs=0.5)
    assert figures["hours_left"] == pytest.approx(2, abs=0.05)
    assert figures["usd_at_the_end"] == pytest.approx(12 * 43.04, abs=2)
    words = gtc("cost").out
    assert "80.0 GPU-hours" in words
    assert "  7.14  share of 16000 GiB, tier high" in words
    assert "not in it: traffic" in words


def test_what_does_not_run_costs_its_price_only_and_nothing_is_invented(
    gtc: Call, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GTC_UNTIL")
    figures = json.loads(gtc("cost", "--env", "dev", "--json").out)
    assert figures["running"] is False
    assert figures["usd"] is figures["hours_left"] is figures["usd_at_the_end"] is None
    assert figures["usd_h"] == pytest.approx(3 * 4.41 + (2 * 24 + 40 + 4 + 4800) / 672, abs=0.01)


def test_nothing_is_torn_down_before_its_date(gtc: Call, cloud: Cloud, checkout: Checkout) -> None:
    run(cloud, timedelta(hours=1, minutes=30))
    told = gtc("teardown-if-expired")
    assert told.code == 0
    assert "may run 1 h" in told.out
    assert checkout.commands == []


def test_nothing_is_torn_down_without_a_date(gtc: Call, cloud: Cloud, checkout: Checkout) -> None:
    run(cloud, None)
    told = gtc("teardown-if-expired")
    assert told.code == 1
    assert told.error == "the cluster of prod has no end date; nothing was deleted"
    assert checkout.commands == []


def test_nothing_is_torn_down_when_the_account_has_no_such_cluster(
    gtc: Call, cloud: Cloud, checkout: Checkout
) -> None:
    assert gtc("teardown-if-expired").out == "nothing of prod runs in this account\n"
    assert checkout.commands == []


def test_after_its_date_a_deployment_is_listed_and_then_torn_down(
    gtc: Call, cloud: Cloud, checkout: Checkout
) -> None:
    run(cloud, -timedelta(minutes=1))
    checkout.deployed("infra-prod")
    checkout.tool_does(
        "terraform",
        "p = pathlib.Path('terraform.infra-prod.tfstate'); p.write_text('{\"resources\": []}')",
    )
    told = gtc("teardown-if-expired")
    assert told.code == 0, told.err
    assert cloud.account.billable() == []
    listed = "  cluster gtc-demo with 1 x gpu-h200x8-1128gb-contracted, 2 x s-2vcpu-4gb\n"
    assert told.out.index(listed) < told.out.index("=== teardown")
    assert checkout.terraform == ["destroy infra-prod"]


@pytest.mark.parametrize("verb", ["deploy", "infra up", "cluster config"])
def test_prod_is_not_deployed_without_an_end_date(
    verb: str,
    gtc: Call,
    cloud: Cloud,
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GTC_UNTIL")
    told = gtc(*verb.split(), "--env", "prod")
    assert told.code == 2
    assert told.error == "prod costs about 43 USD an hour and needs an end"
    assert "UNTIL=" in told.hint
    assert checkout.commands == []


def test_an_end_date_that_has_passed_is_refused(
    gtc: Call, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_UNTIL", "2020-01-01T00:00Z")
    told = gtc("deploy", "--env", "dev")
    assert told.code == 2
    assert told.error == "the end date 2020-01-01 00:00 UTC has passed"


def test_a_share_that_outlived_its_cluster_ends_on_our_date_and_only_when_it_is_ours(
    gtc: Call, cloud: Cloud, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = deploy_by_hand(cloud, "gtc-demo-prod")
    vpc = cloud.account.clusters[id]["vpc_uuid"]
    share = {"name": "gtc-demo-models", "size_gib": 50, "region": "atl1", "vpc_ids": [vpc]}
    ask(cloud, "nfs", share)
    cloud.account.drop_cluster(id, associated=True)
    monkeypatch.setenv("GTC_UNTIL", "2020-01-01T00:00Z")

    told = gtc("teardown-if-expired")
    assert (told.code, told.error) == (
        1,
        "what is left of prod has no end date; nothing was deleted",
    )

    checkout.deployed("infra-prod", 1)
    told = gtc("teardown-if-expired")
    assert told.code == 0, told.err
    assert cloud.account.billable() == []
