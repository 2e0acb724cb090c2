import pytest

from gtc_constructs.manifest_release import ManifestRelease
from gtc_spec.errors import UsageError
from tests.synthesised import Synthesised

WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "one"}}
OTHER = {**WIDGET, "metadata": {"name": "two"}}


def release(stack, id="widgets", **changes):
    arguments = {"name": id, "namespace": "default", "manifests": [WIDGET]}
    return ManifestRelease(stack, id, **{**arguments, **changes})


def test_manifests_travel_as_they_are(stack):
    text = {"script": "echo ${HOME} %{x}"}
    release(stack, manifests=[{**WIDGET, "data": text}])

    (sent,) = Synthesised(stack).release("widgets")["values"]

    assert sent == {"manifests": [{**WIDGET, "data": {"script": "echo $${HOME} %%{x}"}}]}, (
        "escaped once for Terraform"
    )


def test_removing_waits_for_finalizers(stack):
    release(stack)

    sent = Synthesised(stack).release("widgets")

    assert (sent["wait"], sent["timeout"]) == (True, 600)


def test_all_releases_of_a_stack_share_one_chart(stack):
    release(stack, "first")
    release(stack, "second", manifests=[OTHER])

    charts = {each["chart"] for each in Synthesised(stack).resources("helm_release")}

    assert len(charts) == 1


def test_one_release_waits_for_another(stack):
    first = release(stack, "first")
    release(stack, "second", manifests=[OTHER], after=[first])

    made = Synthesised(stack)
    awaited = made.address("helm_release", made.release("first"))

    assert made.release("second")["depends_on"] == [awaited]


@pytest.mark.parametrize("missing", ["apiVersion", "kind", "metadata"])
def test_an_incomplete_manifest_is_refused(stack, missing):
    manifest = {key: value for key, value in WIDGET.items() if key != missing}

    with pytest.raises(UsageError, match=r"^stack/widgets: manifest 0 .* is incomplete"):
        release(stack, manifests=[manifest])


def test_a_secret_is_refused_because_the_state_would_keep_it(stack):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}}

    with pytest.raises(UsageError, match="kept in the state"):
        release(stack, manifests=[secret])


def test_the_same_object_twice_is_refused(stack):
    placed = {**WIDGET, "metadata": {"name": "one", "namespace": "default"}}

    with pytest.raises(
        UsageError, match=r"Widget\.example\.com one in namespace default is there twice"
    ):
        release(stack, manifests=[WIDGET, placed])


def of(api_version, kind, **metadata):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "edge", **metadata}}


def test_two_groups_may_have_a_kind_of_the_same_name(stack):
    release(stack, "one", manifests=[of("networking.istio.io/v1", "Gateway")])
    release(stack, "two", manifests=[of("gateway.networking.k8s.io/v1", "Gateway")])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (of("gateway.networking.k8s.io/v1", "Gateway"),
         of("gateway.networking.k8s.io/v1beta1", "Gateway")),
        (of("cert-manager.io/v1", "ClusterIssuer", namespace="a"),
         of("cert-manager.io/v1", "ClusterIssuer", namespace="b")),
    ],
    ids=["in two versions", "of the whole cluster"],
)  # fmt: skip
def test_one_object_has_one_release(stack, first, second):
    release(stack, "one", manifests=[first])

    with pytest.raises(UsageError, match=r"^stack/two: stack/one makes \w+\.[a-z.0-9-]+ edge"):
        release(stack, "two", manifests=[second])


def test_nothing_at_all_is_refused(stack):
    with pytest.raises(UsageError, match="got no manifests"):
        release(stack, manifests=[])


@pytest.mark.parametrize("name", ["", "Upper", "under_score", "-dash", "a" * 54])
def test_a_name_that_helm_would_refuse_is_refused(stack, name):
    with pytest.raises(UsageError, match=r"^stack/widgets: release .* allowed: "):
        release(stack, name=name)
