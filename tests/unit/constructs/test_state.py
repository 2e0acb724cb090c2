"""Where the state of a stack is kept."""

from functools import partial

import pytest

from gtc_constructs._bindings import App, TerraformStack
from gtc_constructs.base import synthesise
from gtc_constructs.stacks import ClusterStack, InfraStack
from gtc_constructs.state import SpacesBackend
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from tests.synthesised import IMAGE, ROOT, Synthesised

SHARED = partial(SpacesBackend, bucket="team-states", region="nyc3")


@pytest.fixture
def stack(tmp_path) -> TerraformStack:
    return TerraformStack(App(outdir=str(tmp_path)), "infra")


def test_spaces_is_asked_nothing_that_only_amazon_can_answer(stack):
    SHARED(stack)

    assert Synthesised(stack).json["terraform"]["backend"] == {
        "s3": {
            "bucket": "team-states",
            "key": "infra.tfstate",
            "region": "us-east-1",
            "endpoints": {"s3": "https://nyc3.digitaloceanspaces.com"},
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_region_validation": True,
            "skip_requesting_account_id": True,
            "skip_s3_checksum": True,
            "use_lockfile": True,
            "use_path_style": False,
        }
    }


def test_copies_that_a_prefix_tells_apart_have_a_state_each(tmp_path):
    keys = []
    for team in ("team-a", "team-b"):
        copy = TerraformStack(App(outdir=str(tmp_path)), "infra")
        SHARED(copy, name_prefix=team)
        keys.append(Synthesised(copy).json["terraform"]["backend"]["s3"]["key"])

    assert keys == ["team-a/infra.tfstate", "team-b/infra.tfstate"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bucket": "s3://team"}, "infra: got bucket 's3://team', allowed: 3 to 63"),
        ({"region": "us-east-1"}, "infra: got region 'us-east-1', allowed: one of Spaces"),
    ],
)
def test_what_cannot_be_a_bucket_or_a_region_is_refused(stack, wrong, said):
    with pytest.raises(UsageError, match=said):
        SHARED(stack, **wrong)


def test_both_stacks_of_the_demo_take_a_backend_and_the_second_reads_the_first(tmp_path):
    app, env = App(outdir=str(tmp_path)), load("dev")
    infra = InfraStack(app, env, backend=SHARED)
    ClusterStack(
        app,
        env,
        infra=infra,
        image=IMAGE,
        engine_configs=ROOT / "engine_configs" / env.name,
        backend=SHARED,
    )
    folder = synthesise(app) / "stacks"
    first, second = (
        Synthesised(folder / name / "cdk.tf.json").json for name in ("infra-dev", "cluster-dev")
    )

    keys = {each["terraform"]["backend"]["s3"]["key"] for each in (first, second)}
    [other] = second["data"]["terraform_remote_state"].values()
    assert keys == {"infra-dev.tfstate", "cluster-dev.tfstate"}
    assert (other["backend"], other["config"]["key"]) == ("s3", "infra-dev.tfstate")
    assert "tfstate" not in str(first["resource"]), "files of a checkout say nothing here"
