"""make clean: what can be made again goes; what Terraform needs to destroy the demo stays."""

from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Checkout
from tools import clean


@pytest.fixture
def littered(checkout: Checkout) -> Path:
    for folder in clean.FOLDERS:
        (checkout.folder / folder).mkdir()
    (checkout.folder / ".env").touch()
    return checkout.folder


def test_caches_and_empty_states_go_and_the_settings_stay(
    checkout: Checkout, littered: Path
) -> None:
    checkout.deployed("infra-dev", 0)
    (littered / "terraform.infra-dev.tfstate.backup").write_text("anything")

    assert clean.main(littered) == 0

    left = {path.name for path in littered.iterdir()}
    assert left == {".env", ".git", ".gitignore", "cdktf.json", "main.py"}


@pytest.mark.parametrize("state", ['{"resources": [{"mode": "managed", "instances": [{}]}]}', "{"])
def test_nothing_goes_while_a_state_may_list_resources(
    littered: Path, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (littered / "terraform.cluster-dev.tfstate").write_text(state)
    before = {path.name for path in littered.iterdir()}

    assert clean.main(littered) == 1

    assert {path.name for path in littered.iterdir()} == before
    assert "hint: make teardown ENV=dev, then repeat" in capsys.readouterr().err
