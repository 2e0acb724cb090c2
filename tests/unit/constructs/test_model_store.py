import pytest

from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.values import NfsExport
from gtc_spec.errors import UsageError
from tests.synthesised import Synthesised

SHARE = NfsExport(host="10.0.0.7", path="/42/models")
GIVEN = {"share": SHARE, "size_gib": 16_000, "namespace": "dynamo-workload"}


def objects(stack):
    [values] = Synthesised(stack).release("model-nfs-pvc-store")["values"]
    return {each["kind"]: each for each in values["manifests"]}


def test_the_claim_takes_exactly_the_share(stack):
    ModelStore(stack, "it", **GIVEN)

    volume, claim = (objects(stack)[kind] for kind in ("PersistentVolume", "PersistentVolumeClaim"))
    assert volume["spec"]["nfs"] == {"server": "10.0.0.7", "path": "/42/models"}
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    assert claim["spec"]["storageClassName"] == ""
    assert volume["spec"]["accessModes"] == claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_models_stay_when_the_claim_goes(stack):
    ModelStore(stack, "it", **GIVEN)

    assert objects(stack)["PersistentVolume"]["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


def test_the_share_is_mounted_over_eight_connections(stack):
    ModelStore(stack, "it", **GIVEN)

    assert objects(stack)["PersistentVolume"]["spec"]["mountOptions"] == [
        "nfsvers=4.1",
        "nconnect=8",
    ]


def test_the_jobs_account_has_no_token(stack):
    ModelStore(stack, "it", **GIVEN)

    account = objects(stack)["ServiceAccount"]
    assert account["metadata"]["name"] == "gtc-demo-models"
    assert account["automountServiceAccountToken"] is False


def test_a_second_store_of_a_namespace_has_an_account_of_its_own(stack):
    ModelStore(stack, "one", **GIVEN)
    ModelStore(stack, "three", **GIVEN, claim="third", account="third-jobs")

    with pytest.raises(UsageError) as caught:
        ModelStore(stack, "two", **GIVEN, claim="more")

    assert caught.value.message == (
        "stack/two: stack/one makes the account 'gtc-demo-models' in dynamo-workload already, "
        "allowed: one store an account and namespace"
    )
    assert caught.value.hint == 'give this one its own: account="more-jobs"'


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"size_gib": 49}, "got 49 gib, allowed: at least 50"),
        ({"claim": "Not A Claim"}, "claim 'Not A Claim' is not a name"),
    ],
)
def test_bad_input_is_one_line_with_the_path(stack, wrong, says):
    with pytest.raises(UsageError) as caught:
        ModelStore(stack, "it", **{**GIVEN, **wrong})

    assert caught.value.message.startswith(f"stack/it: {says}")
