"""What we hand to charts and monitors is what they take, without rendering any."""

import pytest

from gtc_spec import versions
from gtc_spec.versions import DEAD_HOMES
from tests.charts.walk import Json, fits, impatient, mappings, split, unfit, words_read_otherwise
from tests.synthesised import Synthesised

LONGEST_WAIT_S = 600


def charts(stack: Synthesised) -> list[Json]:
    """The releases of others' charts; ours prints every manifest with its quotes."""
    releases = stack.resources("helm_release")
    return [each for each in releases if not each["chart"].startswith("assets/")]


def test_no_word_becomes_a_number_when_a_chart_prints_it_bare(stack: Synthesised) -> None:
    given = [values for each in charts(stack) for values in each.get("values", [])]

    assert "pods=[nvidia.com/dynamo-component" in str(given)
    assert words_read_otherwise(given) == []


@pytest.mark.parametrize(
    "word", ["5000", "0x10", "1e3", "true", "null", "- a", "a: b", "2026-01-01"]
)
def test_a_word_that_changes_is_found(word: str) -> None:
    assert words_read_otherwise({"arguments": ["-c", word]}) == [f".arguments: {word}"]


def test_every_interval_stands_beside_a_timeout_that_fits(stack: Synthesised) -> None:
    everything = [each["values"] for each in stack.resources("helm_release") if "values" in each]

    assert len([1 for _, each in mappings(everything) if "interval" in each]) >= 5
    assert impatient(everything) == []


@pytest.mark.parametrize(
    ("interval", "timeout", "kept"),
    [("5s", "10s", False), ("5s", "5s", True), ("5s", "", False), ("1m", "30s", True)],
)
def test_a_timeout_fits_when_it_is_no_longer_than_the_interval(
    interval: str, timeout: str, kept: bool
) -> None:
    assert fits(interval, timeout) is kept


def test_no_image_of_ours_floats_or_comes_from_a_dead_registry(stack: Synthesised) -> None:
    values = [each.get("values") for each in stack.resources("helm_release")]
    named = [
        f"{each['repository']}:{each.get('tag', '')}"
        for _, each in mappings(values)
        if "repository" in each and "tag" in each
    ]

    assert {versions.KUBE_RBAC_PROXY_IMAGE, versions.CERTIFICATE_IMAGE} <= set(named)
    assert [said for image in named if (said := unfit(image))] == []


@pytest.mark.parametrize(
    "image",
    ["nginx", "nginx:latest", "ghcr.io/a/b", "gcr.io/kubebuilder/kube-rbac-proxy:v0.15.0",
     "bitnami/kubectl:1.33.4", "k8s.gcr.io/pause:3.1"],
)  # fmt: skip
def test_an_image_that_cannot_be_relied_on_is_found(image: str) -> None:
    assert unfit(image)


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("nats:2.10.21-alpine", ("docker.io/library/nats", "2.10.21-alpine")),
        ("natsio/config:1", ("docker.io/natsio/config", "1")),
        ("localhost:5000/a/b:1", ("localhost:5000/a/b", "1")),
        ("ghcr.io/a/b@sha256:ab", ("ghcr.io/a/b", "sha256:ab")),
    ],
)
def test_an_image_is_split_as_a_container_runtime_splits_it(
    image: str, parts: tuple[str, str]
) -> None:
    assert split(image) == parts


def test_every_dead_home_has_its_reason() -> None:
    assert all(DEAD_HOMES.values())


def test_every_release_takes_over_a_first_installation_that_failed(stack: Synthesised) -> None:
    releases = stack.resources("helm_release")

    assert len(releases) >= 9
    assert [each["name"] for each in releases if each.get("upgrade_install") is not True] == []


def test_no_release_keeps_an_interrupted_deploy_waiting_for_long(stack: Synthesised) -> None:
    waits = {each["name"]: each["timeout"] for each in stack.resources("helm_release")}

    assert {name: wait for name, wait in waits.items() if wait > LONGEST_WAIT_S} == {}
