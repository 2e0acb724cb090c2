import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.environment import load
from gtc_spec.errors import ConfigError
from tests.environments import SIMULATED, WITH_GPUS


@pytest.mark.parametrize("name", WITH_GPUS)
def test_the_share_is_the_plans(name):
    share = load(name).hosting.share

    assert (share.gib, share.tier) == (16_000, "high")


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_workers_need_no_share(name):
    assert load(name).hosting.share is None


@given(st.integers(max_value=49) | st.integers(min_value=32_769))
def test_a_share_that_cannot_be_had_is_refused_by_its_key(size):
    with pytest.raises(ConfigError) as caught:
        load("prod", {"hosting.share.gib": size})

    (problem,) = caught.value.problems
    assert problem.key == "hosting.share.gib"


@given(st.integers(-3, 9), st.integers(-3, 9))
def test_a_management_pool_has_at_least_one_node_and_its_limits_in_order(low, high):
    chosen = {"hosting.management_nodes": [low, high]}

    if 1 <= low <= high:
        assert load("prod", chosen).hosting.management_nodes == (low, high)
    else:
        with pytest.raises(ConfigError, match=r"1 <= low <= high"):
            load("prod", chosen)


@pytest.mark.parametrize("tier", ["fast", "", "HIGH"])
def test_an_unknown_tier_is_refused(tier):
    with pytest.raises(ConfigError, match=r"hosting\.share\.tier"):
        load("dev", {"hosting.share.tier": tier})
