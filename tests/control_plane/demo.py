"""The demo on a real control plane: real KEDA, HPAs, Prometheus and Roles, and no GPU."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from gtc_rehearsal.kube_api.resources import DGDSA, HPA, SCALED_OBJECT
from gtc_runtime.checks import preflight
from gtc_runtime.checks import scene as scenes
from gtc_runtime.checks.check import chosen
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.settings import Settings
from gtc_runtime.verdict import Verdict
from gtc_spec import names
from gtc_spec.environment import Environment, load
from gtc_spec.manifests.rbac import GUARDIAN_ACCOUNT, PANEL_ACCOUNT
from gtc_spec.manifests.scaled_object import scaled_object
from gtc_spec.pools import ROLES, PDRatio
from tests.contract import real_cluster
from tests.contract.cluster.conftest import adapter
from tests.contract.kube_api.test_apply_everything import everything
from tests.contract.remote_store import RemoteStore
from tests.control_plane import api_server, autoscaling
from tests.control_plane.api_server import ApiServer
from tests.control_plane.prometheus import Prometheus
from tests.control_plane.serving import Frontend, Operator
from tools.control_plane import cache

N = names.NAMESPACE_WORKLOAD
PATIENCE_S = 90.0
ACCOUNTS = {"panel": PANEL_ACCOUNT, "guardian": GUARDIAN_ACCOUNT}


@dataclass
class RealDemo:
    """A deployed demo with questions and orders to it; a `blind_keda.Demo` too."""

    env: Environment
    server: ApiServer
    store: RemoteStore
    frontend: Frontend
    prometheus: Prometheus
    folder: Path

    def desired(self) -> PDRatio:
        """What the adapters want."""
        p, d = (
            int(self.store.get(DGDSA, names.pool_dgdsa(role), N)["spec"]["replicas"])
            for role in ROLES
        )
        return PDRatio(p, d)

    def hpas(self) -> set[str]:
        return {hpa["metadata"]["name"] for hpa in self.store.list(HPA, N)}

    def paused(self) -> bool:
        """Whether any scaler carries the pause."""
        return any(
            names.ANNOTATION_PAUSED in (scaler["metadata"].get("annotations") or {})
            for scaler in self.store.list(SCALED_OBJECT, N)
        )

    def until(self, true: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
        """Wait for something to come true; returns the seconds that it took."""
        started = time.monotonic()
        api_server.wait_until(true, patience_s)
        return time.monotonic() - started

    def condition(self, kind: str, status: str) -> bool:
        """Whether both scalers have a condition with this status."""
        return all(
            any(
                (each["type"], each["status"]) == (kind, status)
                for each in (scaler.get("status") or {}).get("conditions") or []
            )
            for scaler in self.store.list(SCALED_OBJECT, N)
        )

    def sees(self) -> bool:
        """Whether KEDA has read every metric at its last try, and no HPA lives by a fallback."""
        every = [scaler.get("status") or {} for scaler in self.store.list(SCALED_OBJECT, N)]
        return self.condition("Fallback", "False") and all(
            metric["numberOfFailures"] == 0
            for status in every
            for metric in status.get("health", {"": {"numberOfFailures": 1}}).values()
        )

    async def look(self, *only: str) -> Mapping[str, Verdict]:
        settings = Settings(kubeconfig=str(self.server.kubeconfig))
        addresses = {"frontend": self.frontend.url, "prometheus": self.prometheus.url}
        async with scenes.opened(self.env, settings, addresses) as scene:
            report = await preflight.run(scene, chosen(preflight.PROBES, only))
        return {check.name: check for check in report.checks}

    async def kube(self) -> Kube:
        return await Kube.connect(N, str(self.server.kubeconfig))

    async def lose_prometheus(self) -> None:
        self.prometheus.stop()
        self.until(lambda: self.condition("Fallback", "True"))
        time.sleep(2 * autoscaling.SYNC_S)  # the HPA has read it, too

    async def regain_prometheus(self) -> None:
        self.prometheus.start()
        self.until(self.sees)
        time.sleep(2 * autoscaling.SYNC_S)

    def kubeconfig_of(self, who: str) -> Path:
        """A kubeconfig with a token of one of our ServiceAccounts, as a pod of it gets one."""
        asked = real_cluster.kubectl(
            self.server.kubeconfig, "-n", names.NAMESPACE_PANEL, "create", "token", ACCOUNTS[who]
        )
        assert asked.returncode == 0, asked.stderr
        file = self.folder / f"kubeconfig-{who}"
        file.write_text(yaml.safe_dump(self.server.kubeconfig_of(asked.stdout.strip(), N)))
        return file

    @contextlib.contextmanager
    def gtc(self, who: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """One of our processes under its own account; it ends with the block."""
        environ = self._environ(self.kubeconfig_of(who))
        with api_server.running(f"gtc-{who}", self._gtc(words), self.folder, environ) as process:
            yield process

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of gtc as the administrator gives it."""
        return subprocess.run(
            self._gtc(words), env=self._environ(self.server.kubeconfig),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def _gtc(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "gtc_cli", *words, "--env", self.env.name]

    def _environ(self, kubeconfig: Path) -> dict[str, str]:
        return {k: v for k, v in os.environ.items() if not k.startswith("GTC_")} | {
            "KUBECONFIG": str(kubeconfig),
            "GTC_STATE_DIR": str(self.folder / "state"),
            "GTC_FRONTEND_URL": self.frontend.url,
            "GTC_PROMETHEUS_URL": self.prometheus.url,
            "NO_PROXY": "127.0.0.1,localhost",
        }


@contextlib.contextmanager
def deployed(folder: Path) -> Iterator[RealDemo]:
    """Everything of prod that needs no GPU; skips with the reason where something is not built."""
    programs = cache.found((*cache.SERVER, *cache.AUTOSCALING))
    if isinstance(programs, str):
        pytest.skip(programs)
    env = load("prod")
    frontend = Frontend(env.model.served_name)
    prometheus = Prometheus(folder, frontend.port)
    with contextlib.ExitStack() as stack:
        stack.callback(frontend.stop)
        server = stack.enter_context(api_server.started(programs, folder))
        cluster = stack.enter_context(real_cluster.prepared(server.kubeconfig))
        prometheus.start()
        stack.callback(prometheus.stop)
        stack.enter_context(autoscaling.started(programs, server))
        store = RemoteStore(cluster.url)
        demo = RealDemo(env, server, store, frontend, prometheus, folder)
        _deploy(demo)
        stack.callback(Operator(store).stop)
        demo.until(lambda: len(demo.hpas()) == len(ROLES) and demo.sees())
        yield demo


def _deploy(demo: RealDemo) -> None:
    scalers = [scaled_object(demo.env, role, demo.prometheus.url) for role in ROLES]
    rest = [one for one in everything(demo.env) if one["kind"] != SCALED_OBJECT.kind]
    done = real_cluster.kubectl(
        demo.server.kubeconfig, "apply", "--server-side", "-f", "-", objects=[*rest]
    )
    assert done.returncode == 0, done.stderr
    for role in ROLES:
        demo.store.create(DGDSA, adapter(role, demo.env.pools.initial_ratio.of(role)))
    for scaler in scalers:
        demo.store.create(SCALED_OBJECT, scaler)
