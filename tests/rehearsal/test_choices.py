"""What .env chooses for a deployment is rehearsed too."""

from pathlib import Path

import pytest

from .conftest import end, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SIZE = "gpu-h200x8-1128gb"


def test_the_cluster_has_nodes_of_the_size_that_the_env_file_chooses(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"GTC_GPU_TYPE={SIZE}\n")

    rehearsal = start(tmp_path, "--headless", cwd=tmp_path)
    try:
        listed = rehearsal.kubectl("get", "nodes", "-L", "node.kubernetes.io/instance-type")
    finally:
        end(rehearsal)

    assert SIZE in listed.stdout.split(), listed.stdout + listed.stderr
