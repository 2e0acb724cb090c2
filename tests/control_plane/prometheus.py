"""Debian's Prometheus on loopback, which scrapes the stand-in of the frontend."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
import yaml

from gtc_spec import names
from gtc_spec.telemetry.metrics import JOBS, Emitter
from tests.control_plane.api_server import answers, free_ports, running, wait_until

START_S = 60.0


class Prometheus:
    """One that can be stopped and started again at the same address."""

    def __init__(self, folder: Path, frontend_port: int) -> None:
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("no prometheus on PATH: python3 -m tools.prometheus")
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        labels = {"namespace": names.NAMESPACE_WORKLOAD, "pod": "frontend", "container": "main"}
        target = {"targets": [f"127.0.0.1:{frontend_port}"], "labels": labels}
        scrape = {"job_name": JOBS[Emitter.FRONTEND], "static_configs": [target]}
        file = folder / "prometheus.yml"
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]}
        file.write_text(yaml.safe_dump(config))
        self._command = [
            program, f"--config.file={file}", f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        self._running = contextlib.ExitStack()

    def start(self) -> None:
        process = self._running.enter_context(running("prometheus", self._command, self._folder))
        wait_until(lambda: answers(f"{self.url}/-/ready"), START_S, process)

    def stop(self) -> None:
        self._running.close()
