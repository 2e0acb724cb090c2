"""What a deployment leaves in the account is found, whatever it is, and ended."""

from collections.abc import Iterator

import pytest

from gtc_cli.deploy.api import Api
from gtc_cli.deploy.recovery.inventory import read
from gtc_cli.deploy.recovery.sweep import sweep
from gtc_spec import names
from tests.digitalocean.account import TOKEN
from tests.digitalocean.server import Cloud, serving


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with serving() as made:
        monkeypatch.setenv("DIGITALOCEAN_API_URL", made.url)
        yield made


@pytest.mark.parametrize("size", ["s-2vcpu-4gb", "gpu-h200x8-1128gb"])
def test_a_node_that_outlived_its_cluster_is_found_and_ended(cloud: Cloud, size: str) -> None:
    left = cloud.account.leave_droplet(size, names.environment_tag("prod"))
    cloud.account.leave_droplet(size, "somebody-elses")
    api = Api(TOKEN)

    assert [each.name for each in read(api, "prod").things] == [left["name"]]
    sweep(api, lambda: read(api, "prod"), lambda _: None)

    assert [each["tags"] for each in cloud.account.left_droplets.values()] == [["somebody-elses"]]


def test_what_may_not_be_listed_is_told_once(cloud: Cloud) -> None:
    cloud.fault(method="GET", path="^/v2/droplets$", status=403)

    assert len(read(Api(TOKEN), "prod").unseen) == 1
