"""Whatever is handed to a construct: it takes it, or it says in one line why not."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_constructs._bindings import App, TerraformStack
from gtc_constructs.cluster.gpu_cluster import GpuCluster
from gtc_constructs.helm_chart import HelmChart
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.namespace import Namespace
from gtc_constructs.terraform.ids import INHERITED
from gtc_constructs.values import ChartRef
from gtc_spec import names
from gtc_spec.cloud.node_pool import NodePool
from gtc_spec.errors import UsageError

CHART = ChartRef.repo("https://charts.example", "thing", version="1.0.0")
NUMBERS = itertools.count()

any_text = st.text(max_size=70) | st.from_regex(r"[a-z0-9-]{1,70}", fullmatch=True)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A stack that many constructs are tried in; it is never written."""
    return TerraformStack(App(outdir=str(tmp_path_factory.mktemp("out"))), "stack")


def tried(make):
    """The error of an attempt in one line, or nothing."""
    said = ""
    try:
        make()
    except UsageError as error:
        said = error.message
    if said:
        assert "\n" not in said
        assert "allowed" in said
        assert said.startswith("stack")
    return said


@settings(max_examples=60)
@given(any_text)
def test_any_id_is_taken_or_refused(crowd, id):
    name = f"fine-{next(NUMBERS)}"
    if tried(lambda: Namespace(crowd, id, name=name, like=names.NAMESPACE_WORKLOAD)):
        return
    said = tried(lambda: Namespace(crowd, id, name=name, like=names.NAMESPACE_WORKLOAD))
    assert f"has a construct {id!r} already" in said


@pytest.mark.parametrize("id", sorted(INHERITED))
def test_an_id_that_every_object_of_javascript_has_is_refused_and_breaks_nothing(crowd, id):
    said = tried(lambda: Namespace(crowd, id, name="fine", like=names.NAMESPACE_WORKLOAD))
    assert said == f"stack: {id!r} is a word of JavaScript, allowed: any other name"

    assert type(crowd.node.path) is str
    assert TerraformStack(App(), "another").node.path == "another"


@settings(max_examples=60)
@given(any_text)
def test_any_name_of_a_release_is_taken_or_refused(crowd, name):
    id = f"chart-{next(NUMBERS)}"

    said = tried(lambda: HelmChart(crowd, id, chart=CHART, name=name, namespace="work"))

    assert said == "" or repr(name) in said


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata"]), anything)))
def test_any_manifests_are_taken_or_refused(crowd, manifests):
    id = f"manifests-{next(NUMBERS)}"

    tried(lambda: ManifestRelease(crowd, id, name=id, namespace="work", manifests=manifests))


@settings(max_examples=40)
@given(any_text, st.integers(-5, 60), any_text)
def test_any_cluster_is_taken_or_refused(crowd, name, nfs_gib, minor):
    id = f"cluster-{next(NUMBERS)}"

    said = tried(
        lambda: GpuCluster(
            crowd, id, name=name, region="atl1", gpu_pool=NodePool.h100(),
            nfs_size_gib=nfs_gib, kubernetes_minor=minor,
        )
    )  # fmt: skip

    assert said.startswith(f"stack/{id}: ") or minor == "1.34"


@pytest.mark.parametrize("address", ["everywhere", "192.0.2.1/24", "192.0.2.0/33", ""])
def test_an_address_range_that_is_none_is_refused(crowd, address):
    id = f"cluster-{next(NUMBERS)}"

    said = tried(
        lambda: GpuCluster(
            crowd, id, name="llm", region="atl1", gpu_pool=NodePool.h100(),
            allowed_addresses=[address],
        )
    )  # fmt: skip

    assert "allowed: like 192.0.2.0/24" in said
