"""What .env chooses for a deployment is rehearsed too."""

import time
from pathlib import Path

import pytest

from . import conftest
from .conftest import alive, command_line, end, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SIZE = "gpu-h200x8-1128gb"
GONE_S = 5.0
"""A killed process is seen until the kernel has cleared it away."""


def test_the_cluster_has_nodes_of_the_size_that_the_env_file_chooses(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"GTC_GPU_TYPE={SIZE}\n")

    rehearsal = start(tmp_path, "--headless", cwd=tmp_path)
    try:
        listed = rehearsal.kubectl("get", "nodes", "-L", "node.kubernetes.io/instance-type")
    finally:
        end(rehearsal)

    assert SIZE in listed.stdout.split(), listed.stdout + listed.stderr


def test_a_rehearsal_that_is_not_ready_in_time_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "START_S", 4)

    with pytest.raises(AssertionError):
        start(tmp_path, "--headless")

    assert (tmp_path / "out").exists()
    give_up = time.monotonic() + GONE_S
    while left := still_there(tmp_path):
        assert time.monotonic() < give_up, left
        time.sleep(0.1)


def still_there(folder: Path) -> dict[int, str]:
    """Command lines of the live processes that name a folder."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return {
        pid: command_line(pid) for pid in pids if str(folder) in command_line(pid) and alive(pid)
    }
