import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_constructs.values import ChartRef, ModelRef, NodePool
from gtc_spec import versions
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


@pytest.mark.parametrize("chart", versions.CHARTS, ids=lambda chart: chart.name)
def test_every_chart_of_the_demo_is_pinned(chart):
    ref = ChartRef.pinned(chart)

    assert ref.version == chart.version or chart.version in ref.chart


@pytest.mark.parametrize("version", ["", "1.x ", "^1.2.3", "~1.2", ">=1", "1.*"])
def test_a_range_of_versions_is_refused(version):
    with pytest.raises(UsageError, match="exact version"):
        ChartRef.repo("https://charts.example", "thing", version=version)


@pytest.mark.parametrize("url", ["thing.tgz", "http://charts.example/a.tgz", "https://a/b"])
def test_an_address_that_is_no_archive_is_refused(url):
    with pytest.raises(UsageError, match="tgz"):
        ChartRef.url(url)


def test_a_folder_without_chart_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"Chart\.yaml"):
        ChartRef.local(tmp_path)


@given(st.from_regex(r"[\w.-]{1,20}/[\w.-]{1,20}", fullmatch=True))
def test_the_slug_of_a_model_can_be_part_of_a_name(repository):
    slug = ModelRef(repository=repository).slug

    assert all(sign.isdigit() or "a" <= sign <= "z" or sign == "-" for sign in slug)
    assert not slug.startswith("-")
    assert not slug.endswith("-")


@pytest.mark.parametrize("repository", ["llama", "a/b/c", "a b/c", ""])
def test_a_model_is_owner_and_name(repository):
    with pytest.raises(UsageError, match="owner/name"):
        ModelRef(repository=repository)


def test_values_are_made_without_starting_node():
    code = "import sys, gtc_constructs.values; print('jsii' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert ran.stdout.strip() == "False"
