"""The panel's pod of a cluster: the real panel, started as its Deployment asks for it.

Only what a pod has and a process of this machine has not is told otherwise: its address, its
account, and the parts of the cluster that nobody plays here.
"""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.http.server import KubeApiServer
from gtc_rehearsal.kube_api.resources import DEPLOYMENT, POD
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_spec import names
from gtc_spec.manifests.panel.panel import PANEL, PORT

NOT_PLAYED = {
    "GTC_FRONTEND_URL": "http://127.0.0.1:9",  # discard: every request of the load is refused
    "GTC_PROMETHEUS_URL": "",
    "GTC_GRAFANA_URL": "",
    "GTC_CORPUS": "",
}
END_S = 10.0


class PanelPod:
    """Runs the panel while its Deployment is there.

    Args:
        folder: Home of the process; its output goes there, too.

    Attributes:
        ready: Whether it answers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self.ready = False

    def follow(self, store: Store, server: KubeApiServer, node: str) -> None:
        """Start or end the panel, and say in the pod whether it answers."""
        try:
            wanted = store.get(DEPLOYMENT, PANEL, names.NAMESPACE_PANEL)
        except ApiError:
            self.end()
            return
        if self._process is None:
            self._start(dict(wanted["spec"]["template"]), store, server, node)
        self.ready = _answers(self._port)
        condition = {"type": "Ready", "status": str(self.ready)}
        status = {"phase": "Running", "conditions": [condition]}
        with contextlib.suppress(ApiError):  # somebody deleted it in between
            store.patch(POD, f"{PANEL}-0", names.NAMESPACE_PANEL, {"status": status}, "status")

    def end(self) -> None:
        """End the panel; its pod went with the cluster."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process, self.ready = None, False

    def _start(
        self, template: dict[str, Any], store: Store, server: KubeApiServer, node: str
    ) -> None:
        (container,) = template["spec"]["containers"]
        place = {"name": f"{PANEL}-0", "namespace": names.NAMESPACE_PANEL}
        spec = {**template["spec"], "nodeName": node}
        store.create(POD, {"metadata": {**template["metadata"], **place}, "spec": spec})
        self._port = _free_port()
        server.ports.listens = lambda _, asked: ("127.0.0.1", self._port) if asked == PORT else None
        file = self._folder / "kubeconfig-of-the-pod"
        file.write_text(yaml.safe_dump(server.kubeconfig()))
        told = {each["name"]: each["value"] for each in container["env"] if "value" in each}
        here = {"HOME": str(self._folder), "KUBECONFIG": str(file), "GTC_HOST": "127.0.0.1"}
        secrets = {"GTC_SECRETS_DIR": str(self._folder), "GTC_PORT": str(self._port)}
        paths = {name: os.environ.get(name, "") for name in ("PATH", "TMPDIR")}
        search = {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
        program, verb = container["command"]
        assert program == "gtc"
        with (self._folder / "panel.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gtc_cli", verb, "--headless"],
                cwd=self._folder,
                env={**paths, **search, **told, **NOT_PLAYED, **here, **secrets},
                stdout=log,
                stderr=log,
            )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
