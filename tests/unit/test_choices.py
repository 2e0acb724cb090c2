"""Every choice reaches everybody: a flag over a variable over ``.env`` over the TOML."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import main
from gtc_runtime import choices, settings
from gtc_runtime.choices import CHOICES, Variables
from gtc_spec.cloud import images
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import UsageError
from gtc_spec.manifests import jobs
from gtc_spec.manifests.panel import guardian, panel, panel_choices
from gtc_spec.overrides import CHOICES as FACTS
from tests.unit.cli.conftest import Call, gtc  # noqa: F401 - a fixture
from tests.unit.deploy.conftest import Checkout, checkout, secrets  # noqa: F401 - fixtures

IMAGE = "registry.example/gtc-demo:20260101-abcdef0"
CHOSEN = {
    "GTC_REGION": "nyc2",
    "GTC_GPU_TYPE": "gpu-h200x1-141gb",
    "GTC_ENGINE": "vllm",
    "GTC_MODEL": "nvidia/Llama-3.1-8B-Instruct-FP8",
    "GTC_UNTIL": "2099-01-02T03:04:00+00:00",
    "GTC_BUCKET": "ours",
    "GTC_SPACES_REGION": "fra1",
    "GTC_SPACES_ENDPOINT": "https://s3.example:9000",
    "GTC_GROVE": "off",
    "GTC_FOLLOWUPS_MODEL": "some-model",
    "GTC_LOAD_SHARDS": "2",
    "GTC_CORPUS": "s3://elsewhere/corpus",
    "GTC_REQUEST_LOG": "requests",
    "GTC_LOG_LEVEL": "debug",
    "GTC_REGISTRY": "registry.example/x",
    "GTC_TAG": "mine",
}
"""One value of every choice, none of them the default."""
NONSENSE = {
    "GTC_REGION": "Mars",
    "GTC_GPU_TYPE": "s-2vcpu",
    "GTC_ENGINE": "llama.cpp",
    "GTC_MODEL": "a/b",
    "GTC_UNTIL": "tomorrow",
    "GTC_BUCKET": "No Bucket",
    "GTC_SPACES_REGION": "Venus",
    "GTC_SPACES_ENDPOINT": "ftp://x",
    "GTC_GROVE": "perhaps",
}
"""A value of every fact that is refused by name."""
VERBS = (
    *(
        "check-env",
        "doctor",
        "deploy",
        "teardown --yes",
        "teardown-if-expired",
        "cost",
        "kubeconfig",
    ),
    *("infra init", "infra plan", "infra up", "infra down --yes"),
    *("cluster config", "cluster teardown --yes", "image name", "image build", "image push"),
    *("model setup", "model status", "model verify", "model sync upload", "model sync download"),
    *("corpus build --offline", "corpus push", "corpus verify", "corpus show", "corpus deploy"),
    *("wait gpu", "safe", "prescale", "preflight", "verify all", "compare", "plan check"),
    *("serve", "rehearse --port 0", "load run --url http://127.0.0.1:9 --model x --rps 1"),
)
"""Every verb that works with facts of the environment."""


def process(**variables: str) -> Variables:
    return Variables({**CHOSEN, "GTC_ENV": "dev", **variables}, {})


def told_to(deployment: dict[str, Any]) -> dict[str, str]:
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.fixture
def pod() -> dict[str, str]:
    """The variables of a deployed panel, made as the stacks make them."""
    [(env, made)] = [each for each in main.environments(process()) if each[0].name == "dev"]
    deployed = panel.panel_deployment(
        env, IMAGE, load_shards=panel_choices.shards_of(made), variables=made
    )
    return told_to(deployed)


def test_every_choice_is_tried_here() -> None:
    assert CHOSEN.keys() == CHOICES.keys()
    assert NONSENSE.keys() == FACTS.keys()


def test_every_fact_that_is_chosen_is_another_one_in_the_environment() -> None:
    env, plain = choices.environment("dev", given=process()), load("dev")

    assert (env.region, env.nodes.size) == ("nyc2", "gpu-h200x1-141gb")
    assert env.model.repository == "nvidia/Llama-3.1-8B-Instruct-FP8"
    assert env.until == datetime(2099, 1, 2, 3, 4, tzinfo=UTC)
    assert (env.spaces.bucket, env.spaces.region) == ("ours", "fra1")
    assert env.spaces.url == "https://s3.example:9000"
    assert (env.grove, plain.grove) == (False, True)


@pytest.mark.parametrize("fact", sorted(FACTS.keys() - {"GTC_UNTIL"}))
def test_the_digest_tells_environments_with_another_choice_apart(fact: str) -> None:
    one = choices.environment("dev", given=Variables({fact: CHOSEN[fact]}, {}))

    assert one.digest != load("dev").digest


def test_the_bucket_stays_where_it_is_when_the_gpus_move() -> None:
    moved = choices.environment("prod", given=Variables({"GTC_REGION": "nyc2"}, {}))

    assert moved.region == "nyc2"
    assert moved.spaces.url == "https://atl1.digitaloceanspaces.com"


@pytest.mark.parametrize("make", [jobs.upload_job, jobs.download_job])
def test_both_jobs_get_bucket_store_and_model(make: Any) -> None:
    env = choices.environment("dev", given=process())

    pod = make(env, IMAGE)["spec"]["template"]["spec"]
    args = pod["containers"][0]["args"]
    given = dict(zip(args[::2], args[1::2], strict=False))

    assert given["--bucket"] == "ours"
    assert given["--endpoint"] == "https://s3.example:9000"
    assert given["--repository"] == "nvidia/Llama-3.1-8B-Instruct-FP8"


def test_the_deployed_panel_believes_what_was_deployed(pod: dict[str, str]) -> None:
    deployed = choices.environment("dev", given=process())

    assert choices.environment(given=Variables(pod, {})).digest == deployed.digest


def test_the_settings_of_the_panel_are_those_that_were_chosen(
    pod: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in pod.items():
        if name.startswith("GTC_") and name != settings.SECRETS_DIR:
            monkeypatch.setenv(name, value)

    configured = settings.read()

    assert configured.followups_model == "some-model"
    assert configured.load_shards == 2
    assert configured.corpus == "s3://elsewhere/corpus"
    assert configured.request_log == "/tmp/requests"
    assert configured.log_level == "debug"


def test_without_a_choice_the_panel_reads_the_corpus_of_its_bucket() -> None:
    env = choices.environment("dev", given=Variables({"GTC_BUCKET": "ours"}, {}))

    assert told_to(panel.panel_deployment(env, IMAGE))["GTC_CORPUS"] == "s3://ours/corpus"


def test_the_end_date_is_in_no_variable_of_a_pod(pod: dict[str, str]) -> None:
    """It moves while the panel runs, so the cluster tells it."""
    assert "GTC_UNTIL" not in pod


def test_the_guardian_is_as_loud_as_the_panel() -> None:
    assert told_to(guardian.guardian_deployment(load("dev"), IMAGE, CHOSEN))["GTC_LOG_LEVEL"] == (
        "debug"
    )


def test_room_for_the_request_log_is_asked_for_with_it_beside_that_of_the_recordings() -> None:
    def scratch(**variables: str) -> str:
        made = panel.panel_deployment(load("dev"), IMAGE, load_shards=3, variables=variables)
        volumes = made["spec"]["template"]["spec"]["volumes"]
        return str(next(each["emptyDir"]["sizeLimit"] for each in volumes if "emptyDir" in each))

    assert (scratch(), scratch(GTC_REQUEST_LOG="x")) == ("320Mi", "704Mi")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("GTC_LOAD_SHARDS", "4", "1 to 3"),
        ("GTC_CORPUS", "./texts", "s3://bucket/prefix"),
        ("GTC_REQUEST_LOG", "/var/log", "a folder like requests"),
        ("GTC_REQUEST_LOG", "../x", "a folder like requests"),
        ("GTC_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("GTC_FOLLOWUPS_MODEL", "a b", "the id of a model"),
    ],
)
def test_what_no_pod_can_follow_is_refused_before_it_is_deployed(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(UsageError, match=allowed):
        main.environments(process(**{name: value}))


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_reads_the_choices_of_the_env_file(
    gtc: Call,  # noqa: F811 - the fixture
    checkout: Checkout,  # noqa: F811 - the fixture
    verb: str,
) -> None:
    """A choice that is nonsense is refused by whoever reads it."""
    (checkout.folder / ".env").write_text("GTC_REGION=Mars\nGTC_TAG='not a tag'\n")

    told = gtc(*verb.split())

    assert told.code == 2, told
    assert "'Mars'" in told.err or "'not a tag'" in told.err


@pytest.mark.parametrize("fact", sorted(NONSENSE))
def test_a_verb_without_a_checkout_reads_every_fact_of_the_env_file(
    gtc: Call,  # noqa: F811 - the fixture
    tmp_path: Path,
    fact: str,
) -> None:
    (tmp_path / ".env").write_text(f"{fact}='{NONSENSE[fact]}'\n")

    told = gtc("plan", "check")

    assert (told.code, f"'{NONSENSE[fact]}'" in told.err) == (2, True), told.err


def test_a_variable_wins_over_the_env_file_and_a_flag_over_both(
    gtc: Call,  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / ".env").write_text("GTC_ENV=dev\nGTC_BUCKET=of-the-file\n")
    assert choices.environment().name == "dev"
    assert choices.environment().spaces.bucket == "of-the-file"

    monkeypatch.setenv("GTC_BUCKET", "of-the-process")
    monkeypatch.setenv("GTC_ENV", "prod")
    monkeypatch.setenv("SPACES_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("SPACES_SECRET_ACCESS_KEY", "y")
    assert choices.environment().name == "prod"
    assert choices.environment().spaces.bucket == "of-the-process"
    assert choices.environment("dev").name == "dev"

    local = ("--endpoint", "http://127.0.0.1:1")
    assert "of-the-process" in gtc("corpus", "verify", *local).err
    assert "of-the-flag" in gtc("corpus", "verify", *local, "--bucket", "of-the-flag").err


def test_below_the_root_of_a_checkout_its_env_file_counts(
    checkout: Checkout,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    below = checkout.folder / "docs"
    below.mkdir()
    (checkout.folder / ".env").write_text("GTC_ENV=dev\nGTC_PORT=1234\n")
    monkeypatch.chdir(below)

    assert choices.variables().env == "dev"
    assert settings.read().port == 1234


def test_a_span_is_made_a_date_once_so_that_children_agree() -> None:
    chosen = Variables({"GTC_UNTIL": "+8h"}, {}).chosen["GTC_UNTIL"]

    left = datetime.fromisoformat(chosen) - datetime.now(UTC)
    assert timedelta(hours=7, minutes=58) < left <= timedelta(hours=8)


def test_a_span_in_the_env_file_would_never_end_and_is_refused() -> None:
    with pytest.raises(UsageError, match="allowed there: a date with its zone") as told:
        _ = Variables({}, {"GTC_UNTIL": "+8h"}).chosen

    assert re.search(r"\d{4}-\d\d-\d\dT", told.value.hint)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_known_defaults_are_no_choices(name: str) -> None:
    assert choices.environment(name, given=Variables({}, {})) == load(name)


def test_the_image_is_a_choice_like_the_others() -> None:
    assert images.CHOICES.keys() <= CHOICES.keys()
