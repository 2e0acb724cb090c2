"""`gtc replay` for other machines: how it is reached, under which names, and what it links."""

import os
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a replay that listens for every machine says that it is reached at."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GTC_")}
    search = os.pathsep.join(each for each in sys.path if each)
    process = subprocess.Popen(
        [sys.executable, "-m", "gtc_cli", "replay", "--host", "0.0.0.0", "--port", "0"],
        env={**kept, "PYTHONPATH": search, "GTC_ALLOWED_HOSTS": "booth.example, panel.local"},
        cwd=tmp_path_factory.mktemp("nothing-here"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = dict(
            line.split(maxsplit=1) for line in iter(process.stdout.readline, "Ctrl-C ends it\n")
        )
        yield lines["stage"].strip().removesuffix("/stage")
    finally:
        process.kill()
        process.wait()


def test_a_replay_tells_an_address_that_another_machine_can_use(address: str) -> None:
    assert "0.0.0.0" not in address
    assert httpx.get(f"{address}/api/status").json()["recorded"]


@pytest.mark.parametrize(
    ("name", "status"), [("booth.example", 200), ("panel.local", 200), ("evil.example", 403)]
)
def test_a_replay_answers_to_the_names_of_the_settings(
    address: str, name: str, status: int
) -> None:
    assert httpx.get(f"{address}/stage", headers={"Host": name}).status_code == status


def test_a_replay_links_no_page_that_it_does_not_have(address: str) -> None:
    missing = httpx.get(f"{address}/nothing")

    assert (missing.status_code, httpx.get(f"{address}/health").status_code) == (404, 404)
    assert 'href="/stage"' in missing.text
    assert 'href="/health"' not in missing.text
