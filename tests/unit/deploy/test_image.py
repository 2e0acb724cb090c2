"""The image of a checkout: its tag, how it is built, and what may not be pushed."""

import pytest

from tests.unit.cli.conftest import Call
from tests.unit.deploy.conftest import Checkout

DIGEST = "print('[\"python@sha256:abc\"]' if 'inspect' in sys.argv else '')"


def test_the_name_holds_the_date_and_hash_of_the_commit(gtc: Call, checkout: Checkout) -> None:
    name = gtc("image", "name").out.strip()

    repository, tag = name.rsplit(":", 1)
    assert repository == "registry.digitalocean.com/do-solutions-sfo3/gtc-demo-loadgen"
    # 23:30 in New York is the next day in UTC
    assert tag.startswith("20261126-")
    assert len(tag) == len("20261126-") + 7


def test_a_change_that_is_not_committed_does_not_change_the_name(
    gtc: Call, checkout: Checkout
) -> None:
    before = gtc("image", "name").out
    (checkout.folder / "main.py").write_text("changed")

    assert gtc("image", "name").out == before


def test_registry_and_tag_may_be_chosen(
    gtc: Call, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_REGISTRY", "localhost:5000/mine")
    monkeypatch.setenv("GTC_TAG", "test")

    assert gtc("image", "name").out.strip() == "localhost:5000/mine/gtc-demo-loadgen:test"


@pytest.mark.usefixtures("secrets")
def test_a_build_names_the_digest_of_its_base_and_gets_no_secret(
    gtc: Call, checkout: Checkout
) -> None:
    checkout.tool_does("docker", DIGEST)

    assert gtc("image", "build").code == 0

    assert "--build-arg BASE=python@sha256:abc" in checkout.commands[-1]
    assert all("canary" not in str(told) for _, _, told in checkout.calls)


def test_a_push_logs_in_through_doctl_with_the_context(
    gtc: Call, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTC_DO_CONTEXT", "mine")

    assert gtc("image", "push").code == 0

    login, push = checkout.commands
    assert login == "doctl registry login --context mine --expiry-seconds 3600"
    assert push.startswith("docker push registry.digitalocean.com/do-solutions-sfo3/gtc-demo-")


@pytest.mark.parametrize("file", ["main.py", "new.py"])
def test_a_push_refuses_files_that_the_tag_does_not_name(
    gtc: Call, checkout: Checkout, file: str
) -> None:
    (checkout.folder / file).write_text("changed")

    told = gtc("image", "push")

    assert told.code == 2
    assert told.error == f"not pushed: {file} differ from the commit that the tag names"
    assert checkout.calls == []


def test_without_docker_the_way_to_it_is_told(
    gtc: Call, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.log.parent / "docker").unlink()
    monkeypatch.setenv("PATH", f"{checkout.log.parent}:/usr/bin:/bin")

    told = gtc("image", "build")

    assert (told.code, told.error) == (2, "docker is not installed, or not on PATH")
    assert told.hint
