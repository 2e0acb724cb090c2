"""What things cost, and that every price says where it comes from."""

import pytest

from gtc_constructs.platform import monitoring_values
from gtc_spec.cloud import costs, prices
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import ConfigError
from gtc_spec.overrides import load_with


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_line_has_a_source_and_together_they_are_the_price(env: str) -> None:
    lines = costs.lines(load(env))
    assert all(line.source for line in lines)
    assert costs.usd_h(lines) == pytest.approx(sum(line.usd_h for line in lines))
    assert costs.usd_h(lines) > 0


def test_another_gpu_size_has_its_own_price() -> None:
    eight_h100 = load_with("prod", {"GTC_GPU_TYPE": "gpu-h100x8-640gb"})
    assert costs.lines(eight_h100)[0].usd_h == pytest.approx(35.28)


def test_a_size_of_which_nobody_knows_the_price_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="no price of gpu-h100x4-320gb is known"):
        load_with("prod", {"GTC_GPU_TYPE": "gpu-h100x4-320gb"})


def test_a_contract_is_told_beside_the_price_without_one() -> None:
    price = prices.of("gpu-h200x8-1128gb-contracted")
    assert price.usd_h == prices.of("gpu-h200x8-1128gb").usd_h
    assert price.source.endswith("a contract has its own price")


def test_what_the_api_told_wins() -> None:
    seen = {"gpu-h200x8-1128gb": 27.52}
    line = costs.lines(load("prod"), seen)[0]
    assert (line.usd_h, "GET /v2/sizes of the account" in line.source) == (27.52, True)


def test_nodes_that_do_not_run_cost_nothing() -> None:
    lines = costs.lines(load("prod"), worker_nodes=0, management_nodes=3)
    assert [line.what for line in lines[:2]] == [
        "0 x gpu-h200x8-1128gb-contracted",
        "3 x s-2vcpu-4gb",
    ]
    assert lines[0].usd_h == 0


def test_an_environment_without_a_share_pays_for_none() -> None:
    assert not any("share" in line.what for line in costs.lines(load("cpu")))


def test_the_volumes_hold_what_the_charts_claim() -> None:
    assert prices.VOLUMES_GIB >= monitoring_values.PROMETHEUS_GIB + 5 + 10
