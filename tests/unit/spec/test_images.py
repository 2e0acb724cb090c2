"""The tag of our image: one commit, one tag."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.cloud import images
from gtc_spec.errors import UsageError

SHA = "295cf134cdff06a6af8c5015e887d4ef3805310d"
moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def test_the_tag_is_the_date_of_the_commit_and_its_short_hash() -> None:
    assert images.tag(datetime(2026, 11, 25, 14, 1, tzinfo=UTC), SHA) == "20261125-295cf13"


def test_the_date_is_the_one_in_utc() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=timezone(timedelta(hours=-5)))

    assert images.tag(late, SHA) == "20261126-295cf13"


@given(moment=moments, zone=zones)
def test_the_same_commit_has_the_same_tag_in_every_time_zone(
    moment: datetime, zone: timezone
) -> None:
    here = moment.replace(tzinfo=UTC)

    assert images.tag(here.astimezone(zone), SHA) == images.tag(here, SHA)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="has no time zone"):
        images.tag(datetime(2026, 11, 25), SHA)


@pytest.mark.parametrize("sha", ["", "295cf13", "HEAD", SHA.upper(), SHA + "0"])
def test_what_is_no_commit_is_refused(sha: str) -> None:
    with pytest.raises(UsageError, match="not a commit"):
        images.tag(datetime(2026, 11, 25, tzinfo=UTC), sha)


def test_the_reference_is_the_plans_registry_and_prefix() -> None:
    assert images.reference("20261125-295cf13") == (
        "registry.digitalocean.com/do-solutions-sfo3/gtc-demo-loadgen:20261125-295cf13"
    )


@pytest.mark.parametrize("tag", ["", "a b", "a/b", "-a", "x" * 129, "a\n"])
def test_a_tag_that_docker_would_refuse_is_refused_first(tag: str) -> None:
    with pytest.raises(UsageError, match="not an image tag"):
        images.reference(tag)


@pytest.mark.parametrize("registry", ["", "https://host/x", "host/", "Host/x", "host/x:tag"])
def test_a_registry_that_docker_would_refuse_is_refused_first(registry: str) -> None:
    with pytest.raises(UsageError, match="not a registry"):
        images.reference("20261125-295cf13", registry)


@pytest.mark.parametrize(
    "image",
    [
        "registry.digitalocean.com/mine/gtc-demo-loadgen:1",
        "registry.digitalocean.com/mine/team/gtc-demo-loadgen@sha256:ab",
    ],
)
def test_an_image_of_an_integrated_registry_names_both_secrets_that_may_be_there(
    image: str,
) -> None:
    named = images.pull_secrets(image)["imagePullSecrets"]

    assert named == [{"name": "mine"}, {"name": "registry-mine"}]


@pytest.mark.parametrize("image", ["", "nginx", "ghcr.io/a/b:1", "registry.digitalocean.com/b:1"])
def test_an_image_from_elsewhere_names_no_secret(image: str) -> None:
    assert images.pull_secrets(image) == {}
