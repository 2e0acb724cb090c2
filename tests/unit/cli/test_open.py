"""`gtc open`: addresses of a rehearsal, a forwarded port on a cluster."""

import json
import socket
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call

NOTES = {
    "env": "prod",
    "kubeconfig": "k",
    "urls": {"panel": "http://127.0.0.1:7001", "frontend": "http://127.0.0.1:7002"},
}


def rehearse(folder: Path) -> None:
    (folder / ".gtc").mkdir(exist_ok=True)
    (folder / ".gtc" / "rehearsal.json").write_text(json.dumps(NOTES))


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("panel", "http://127.0.0.1:7001/"),
        ("stage", "http://127.0.0.1:7001/stage"),
        ("frontend", "http://127.0.0.1:7002/"),
    ],
)
def test_a_rehearsal_is_told_where_it_listens(
    gtc: Call, tmp_path: Path, place: str, address: str
) -> None:
    rehearse(tmp_path)
    assert gtc("open", place).out.strip() == address


def test_a_rehearsal_without_grafana_points_at_its_stage(gtc: Call, tmp_path: Path) -> None:
    rehearse(tmp_path)
    told = gtc("open", "grafana")
    assert (told.code, told.error) == (1, "this rehearsal has no grafana")
    assert told.hint == "the stage page stands in: gtc open stage"


def test_without_any_cluster_one_line_says_what_to_start(gtc: Call) -> None:
    told = gtc("open", "panel", "--env", "dev")
    assert told.code == 3
    assert told.error == (
        "no cluster: no KUBECONFIG, no rehearsal runs in .gtc and there is no .gtc/kubeconfig-dev"
    )
    assert "make kubeconfig" in told.hint


def test_a_busy_port_is_refused_before_anybody_is_asked(
    gtc: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("")
    monkeypatch.setenv("KUBECONFIG", str(config))
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        told = gtc("open", "panel", "--local-port", str(port))
    assert (told.code, told.error) == (2, f"port {port} is busy")
