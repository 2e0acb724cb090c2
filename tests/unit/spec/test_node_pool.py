"""A pool of nodes knows its GPUs by its size, known or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import UsageError


@given(st.sampled_from(["h100", "h200", "l40s"]), st.integers(1, 9), st.integers(1, 50))
def test_gpus_follow_from_size_and_nodes(gpu, per_node, nodes):
    pool = NodePool(size=f"gpu-{gpu}x{per_node}-80gb", count=nodes)

    assert (pool.gpus_per_node, pool.gpus) == (per_node, per_node * nodes)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_size_of_an_environment_has_the_gpus_that_its_facts_say(name):
    nodes = load(name).nodes

    assert NodePool(size=nodes.size, count=nodes.count).gpus == nodes.gpus


def test_an_autoscaled_pool_counts_its_most_nodes():
    assert NodePool(size="gpu-h100x1-80gb", autoscale=(1, 4)).gpus == 4


def test_management_nodes_have_no_gpus():
    assert NodePool.management().gpus == 0


def test_contracted_nodes_are_known_by_their_size():
    assert NodePool.h200x8(contracted=True).contracted
    assert not NodePool.h200x8().contracted


@pytest.mark.parametrize(
    "arguments",
    [{}, {"count": 1, "autoscale": (1, 2)}, {"count": 0}, {"autoscale": (3, 2)},
     {"autoscale": (0, 2)}],
)  # fmt: skip
def test_a_pool_without_a_clear_size_is_refused(arguments):
    with pytest.raises(UsageError, match="allowed:"):
        NodePool(size="s-2vcpu-4gb", **arguments)
