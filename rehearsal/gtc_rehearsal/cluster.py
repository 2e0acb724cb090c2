"""The cluster process of a rehearsal: Kubernetes, Dynamo, operator, KEDA, Prometheus, follow-ups.

Run as ``python -m gtc_rehearsal.cluster``. It seeds itself with the manifests that a real
cluster gets, writes a kubeconfig and a note of all addresses, and then behaves until SIGTERM. It
must not know the panel; the panel's metrics are one more address to scrape.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

import yaml

from gtc_rehearsal.autoscaling.autoscaler import Autoscaler
from gtc_rehearsal.dynamo.dynamo import Dynamo
from gtc_rehearsal.dynamo.dynamo_settings import settings_from
from gtc_rehearsal.dynamo.real import gpus
from gtc_rehearsal.dynamo.real.workers import RealPlan, RealWorkers
from gtc_rehearsal.followups import FollowUpServer
from gtc_rehearsal.kube_api.http.server import KubeApiServer
from gtc_rehearsal.kube_api.resources import (
    CONFIG_MAP,
    DGD,
    LEASE,
    POD,
    QUEUE,
    ROLE,
    ROLE_BINDING,
    SCALED_OBJECT,
    SERVICE_ACCOUNT,
    Resource,
)
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.operator.operator import Operator
from gtc_rehearsal.prometheus.prometheus import PrometheusTwin
from gtc_rehearsal.surroundings import create_surroundings
from gtc_spec import names, overrides
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.manifests import dgd, queue, rbac, scaled_object
from gtc_spec.manifests.panel import state
from gtc_spec.pools import ROLES
from gtc_spec.telemetry.metrics import JOBS, Emitter

log = logging.getLogger(__name__)

NOTES = "cluster.json"
ACCOUNTS: Final = {"panel": rbac.PANEL_ACCOUNT, "guardian": rbac.GUARDIAN_ACCOUNT}
"""Whose account each process of ours runs under."""
STOP_S = 10.0
_NO_IMAGE = ""
"""The panel's; here it is a process, and its account names no secret for pulling."""


class RehearsalCluster:
    """Everything in this process, started in order and ended in reverse.

    Args:
        environment: Facts, scaled in time when asked for.
        state_dir: Where files and logs go.
        time_scale: Factor for the windows of the autoscaler.
        metrics_port: Where the panel's metrics will answer.
        real: Real workers in place of simulated ones.
    """

    def __init__(
        self,
        environment: Environment,
        state_dir: Path,
        time_scale: float,
        metrics_port: int,
        real: RealWorkers | None = None,
    ) -> None:
        self._env, self._state_dir = environment, state_dir
        self._time_scale, self._metrics_port = time_scale, metrics_port
        self.store = Store()
        self.dynamo = Dynamo(settings_from(environment), state_dir, real)
        if real is None:
            self.operator = Operator(self.store, self.dynamo, environment)
        else:
            self.operator = Operator(
                self.store,
                self.dynamo,
                environment,
                nodes=real.nodes(environment),
                settle_s=real.start_deadline_s,
            )
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._frontend_url = ""

    async def start(self) -> dict[str, object]:
        """Start everything; the notes that say where it answers."""
        for resource, manifest in seeds(self._env):
            self.store.create(resource, manifest, actor="operator")
        create_surroundings(self.store, self._env)
        api = KubeApiServer(self.store)
        url = await api.start()
        self._stack.push_async_callback(api.stop)
        self._frontend_url = await self.dynamo.start()
        self._stack.push_async_callback(self.dynamo.stop)
        followups = FollowUpServer()
        followups_url = await followups.start()
        self._stack.push_async_callback(followups.stop)
        self._run(self.operator.run(), "operator")
        await self.operator.settled()
        prometheus = PrometheusTwin(self._targets)
        prometheus_url = await prometheus.start()
        self._stack.push_async_callback(prometheus.stop)
        autoscaler = Autoscaler(self.store, prometheus.query, self._time_scale)
        self._run(autoscaler.run(), "autoscaler")
        return {
            "kubeconfig": self._write_kubeconfig(api, "kubeconfig"),
            "accounts": {
                process: self._write_kubeconfig(api, f"kubeconfig-{process}", account)
                for process, account in ACCOUNTS.items()
            },
            "urls": {
                "kubernetes": url,
                "frontend": self._frontend_url,
                "prometheus": prometheus_url,
                "followups": followups_url,
            },
        }

    def _write_kubeconfig(self, api: KubeApiServer, name: str, account: str | None = None) -> str:
        """Write one for an account of the panel's namespace, or the person's; its path."""
        content = api.kubeconfig((names.NAMESPACE_PANEL, account) if account else None)
        path = self._state_dir / name
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return str(path.resolve())

    async def failed(self) -> None:
        """Wait until a controller ends, which none should; raises its error."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """End controllers first, then what they steer."""
        for task in self._tasks:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._stack.aclose()

    def _run(self, work: object, name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))  # type: ignore[arg-type]

    def _targets(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """Who is scraped now, labelled as the platform's PodMonitors would."""
        namespace = {"namespace": names.NAMESPACE_WORKLOAD}
        for pod in self.store.list(
            POD, names.NAMESPACE_WORKLOAD, labels=names.pod_labels(names.FRONTEND)
        ):
            labels = namespace | {"pod": pod["metadata"]["name"], "container": "main"}
            yield JOBS[Emitter.FRONTEND], f"{self._frontend_url}/metrics", labels
        for worker in self.dynamo.workers():
            labels = namespace | {"pod": worker.name, "container": "main"}
            yield JOBS[Emitter.WORKER], worker.metrics_url, labels
        panel = f"http://127.0.0.1:{self._metrics_port}/metrics"
        yield f"{names.NAMESPACE_PANEL}/{names.DEMO}", panel, {"namespace": names.NAMESPACE_PANEL}


def seeds(environment: Environment) -> Iterator[tuple[Resource, dict[str, object]]]:
    """What a fresh cluster holds: the objects that a deployment creates."""
    for manifest in queue.queues(environment):
        yield QUEUE, manifest
    yield LEASE, state.conductor_lease(environment)
    yield CONFIG_MAP, state.state_config_map(environment)
    deployment = dgd.dynamo_graph_deployment(environment)
    deployment["metadata"].setdefault("labels", {})[names.LABEL_REHEARSAL] = "true"
    yield DGD, deployment
    for role in ROLES:
        yield SCALED_OBJECT, scaled_object.scaled_object(environment, role)
    for access in (rbac.panel_access, rbac.guardian_access):
        kinds = (SERVICE_ACCOUNT, ROLE, ROLE_BINDING)
        yield from zip(kinds, access(environment, _NO_IMAGE), strict=True)


async def run(arguments: argparse.Namespace) -> None:
    """Be a cluster until SIGTERM; what a deployment chose comes in variables of the process."""
    chosen = overrides.load_with(arguments.env, os.environ)
    environment = chosen.scaled(arguments.time_scale, starts=not arguments.real)
    state_dir: Path = arguments.state_dir
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    real = None
    if arguments.real:
        plan = RealPlan.from_text(arguments.real)
        real = RealWorkers.of(environment, plan, gpus.found(os.environ))
    cluster = RehearsalCluster(
        environment, state_dir, arguments.time_scale, arguments.metrics_port, real
    )
    stopped = asyncio.create_task(stop.wait(), name="signal")
    serving = asyncio.create_task(_serve(cluster, state_dir), name="cluster")
    try:
        await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        for task in (stopped, serving):  # a start that takes minutes is given up, too
            task.cancel()
        await asyncio.gather(stopped, serving, return_exceptions=True)
        await cluster.stop()


async def _serve(cluster: RehearsalCluster, state_dir: Path) -> None:
    """Start everything, say where, and look after it."""
    notes = await cluster.start()
    fresh = state_dir / f"{NOTES}.new"
    fresh.write_text(json.dumps(notes), encoding="utf-8")
    fresh.replace(state_dir / NOTES)
    await cluster.failed()


def main() -> int:
    """Parse, run, and end with one line instead of a traceback."""
    parser = argparse.ArgumentParser(prog="gtc-rehearsal-cluster")
    parser.add_argument("--env", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--time-scale", type=float, default=1.0)
    parser.add_argument("--metrics-port", type=int, required=True)
    parser.add_argument("--real", default="", help="a RealPlan as text; empty: simulated workers")
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    arguments = parser.parse_args()
    arguments.state_dir.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(run(arguments))
    except GtcError as error:
        log.error("%s", error.message)  # noqa: TRY400 - the message says it all
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
