"""As much of a kubelet as the pod of a download needs: its program runs here, on a folder."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract.real_cluster import kubectl

Json = dict[str, Any]


@dataclass
class Kubelet:
    """Runs each new pod of a namespace to its end.

    Attributes:
        folder: Where claims and ConfigMaps are mounted from.
        logs: What each pod said, in the order of their ends.
    """

    kubeconfig: Path
    namespace: str
    folder: Path
    logs: list[str] = field(default_factory=list)

    def ask(self, *arguments: str) -> str:
        asked = kubectl(self.kubeconfig, "--namespace", self.namespace, *arguments)
        assert asked.returncode == 0, asked.stderr
        return asked.stdout

    def get(self, kind: str) -> list[Json]:
        found: list[Json] = json.loads(self.ask("get", kind, "--output", "json"))["items"]
        return found

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(0.5):
                for pod in self.get("pods"):
                    if pod["status"].get("phase") == "Pending":
                        self._run(pod)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(30)

    def _run(self, pod: Json) -> None:
        [container] = pod["spec"]["containers"]
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        mounts = {
            mount["mountPath"]: self._mounted(volumes[mount["name"]], mount["mountPath"])
            for mount in container["volumeMounts"]
        }
        environ = {each["name"]: each.get("value", "") for each in container["env"]}
        environ["PYTHONPATH"] = str(self.folder / environ["PYTHONPATH"].lstrip("/"))
        arguments = [self._here(each, mounts) for each in container["args"]]
        ran = subprocess.run(
            [sys.executable, "-S", *container["command"][1:], *arguments, "--pause-s", "0"],
            env=environ, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        self.logs.append(ran.stdout + ran.stderr)
        terminated = {"exitCode": ran.returncode, "finishedAt": "2026-01-01T00:00:00Z"}
        status = {
            "phase": "Failed" if ran.returncode else "Succeeded",
            "containerStatuses": [
                {
                    **dict.fromkeys(("image", "imageID"), container["image"]),
                    "name": container["name"],
                    "ready": False,
                    "restartCount": 0,
                    "state": {"terminated": terminated},
                }
            ],
        }
        patch = json.dumps({"status": status})
        name = pod["metadata"]["name"]
        self.ask("patch", "pod", name, "--subresource=status", "--type=merge", "--patch", patch)

    def _mounted(self, volume: Json, path: str) -> Path:
        """The folder behind a mount; a ConfigMap is written there as the API server has it."""
        folder = self.folder / path.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        if "configMap" in volume:
            name = volume["configMap"]["name"]
            shipped = json.loads(self.ask("get", "configmap", name, "--output", "json"))
            for file, text in shipped["data"].items():
                (folder / file).write_text(text)
        return folder

    def _here(self, argument: str, mounts: dict[str, Path]) -> str:
        for path, folder in mounts.items():
            if argument.startswith(f"{path}/"):
                return str(folder) + argument.removeprefix(path)
        return argument
