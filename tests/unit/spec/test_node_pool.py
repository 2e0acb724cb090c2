"""A pool of nodes knows its GPUs by its size, known or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import UsageError


@given(st.sampled_from(["h100", "h200", "l40s"]), st.integers(1, 9), st.integers(1, 50))
def test_gpus_follow_from_size_and_nodes(gpu, per_node, nodes):
    pool = NodePool(size=f"gpu-{gpu}x{per_node}-80gb", count=nodes, unlisted=True)

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


@pytest.mark.parametrize(
    ("pool", "size", "gpus"),
    [
        (NodePool.h100(), "gpu-h100x1-80gb", 1),
        (NodePool.h100x8(count=2), "gpu-h100x8-640gb", 16),
        (NodePool.h200(), "gpu-h200x1-141gb", 1),
        (NodePool.h200x8(), "gpu-h200x8-1128gb", 8),
        (NodePool.l40s(count=4), "gpu-l40sx1-48gb", 4),
        (NodePool.rtx4000_ada(), "gpu-4000adax1-20gb", 1),
        (NodePool.rtx6000_ada(), "gpu-6000adax1-48gb", 1),
        (NodePool.mi300x(), "gpu-mi300x1-192gb", 1),
        (NodePool.mi300xx8(), "gpu-mi300x8-1536gb", 8),
        (NodePool.mi325x(), "gpu-mi325x1-256gb", 1),
        (NodePool.mi325xx8(), "gpu-mi325x8-2048gb", 8),
    ],
)
def test_a_pool_named_after_its_gpu_has_the_size_that_digitalocean_calls_so(pool, size, gpus):
    assert (pool.size, pool.gpus) == (size, gpus)


def test_a_pool_has_no_name_unless_it_is_given_one():
    assert NodePool.h100().name is None
    assert NodePool.h100x8(name="large").name == "large"


@pytest.mark.parametrize("name", ["", "Large", "my pool", "-a", "a-", "x" * 64])
def test_a_name_that_kubernetes_would_not_take_as_a_label_is_refused(name):
    with pytest.raises(UsageError, match="allowed: at most 63 of a-z"):
        NodePool.h100(name=name)


@pytest.mark.parametrize("count", [True, 1.5, "2"])
def test_nodes_are_counted_in_whole_ones(count):
    with pytest.raises(UsageError, match=r"count is .*, allowed: a whole number"):
        NodePool(size="s-2vcpu-4gb", count=count)


@pytest.mark.parametrize("limits", [3, (1,), ("1", "2"), (1.0, 2.0)])
def test_limits_of_autoscaling_are_two_whole_numbers(limits):
    with pytest.raises(UsageError, match=r"allowed: \(a whole number, a whole number\)"):
        NodePool(size="s-2vcpu-4gb", autoscale=limits)


def test_a_pool_knows_its_price_at_its_largest():
    assert NodePool.h100(count=3).usd_h == pytest.approx(3 * 4.41)
    assert NodePool.h200x8(contracted=True).usd_h == pytest.approx(35.76)
    assert NodePool(size="s-4vcpu-8gb", autoscale=(1, 4)).usd_h == pytest.approx(4 * 48 / 672)
    assert NodePool(size="c-8", count=1).usd_h is None, "no price of it is known here"


def test_a_pool_knows_the_memory_and_the_maker_of_its_gpus():
    assert (NodePool.h100().gpu_memory_gib, NodePool.h100().gpu_maker) == (79.0, "nvidia")
    assert NodePool.l40s().gpu_memory_gib == pytest.approx(44.7, abs=0.01), "48 decimal gigabytes"
    assert NodePool.mi300x().gpu_maker == "amd"
    assert NodePool.management().gpu_maker is None
