"""Starts a rehearsal, keeps its processes alive and leaves none behind.

Children: the cluster process (Kubernetes, Dynamo, autoscaler, Prometheus, follow-ups), the panel
and the guardian. The panel runs as it would in a pod: it gets addresses and the rights of its own
account, nothing else; so does the guardian. This module must not know what the children do inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from gtc_rehearsal import followups, grafana
from gtc_rehearsal.child import KILL_AFTER_S, Child
from gtc_rehearsal.ports import HeldPort
from gtc_spec.errors import GtcError, UsageError

CLUSTER_READY_S = 120.0
"""Frontend and five simulated workers need 12 s on two busy cores; the first run also trains the
tokenizer and fills caches."""
PANEL_READY_S = 60.0
RESTART_S = 2.0
PANEL_STOP_S = 25.0
"""The panel leaves auto mode in order before it ends."""
CLUSTER_STOP_S = 15.0
"""It ends its workers first, and whatever these have started."""
NOTES = "rehearsal.json"
CLUSTER_NOTES = "cluster.json"


@dataclass(frozen=True)
class Plan:
    """What to start.

    Attributes:
        environment: One of `gtc_spec.environment.ENVIRONMENTS`.
        choices: What was chosen for a deployment, by variable (`gtc_spec.overrides.CHOICES`); the
            panel and the guardian find out by themselves.
        phases: Phase table, empty for the environment's own.
        state_dir: Where files, logs and notes go.
        port: Port of the panel; 0 takes any.
        time_scale: Factor on phases, leads and worker starts.
        panel_flags: More flags for ``gtc serve``.
        ends_with_panel: The rehearsal is over when the panel ends by itself; one that was killed is
            started again, and goes on.
        boards: Name and file of the boards for a Grafana of this machine; None starts none.
        cluster_flags: More flags for the cluster process.
        workers: What the workers are, told in the notes.
        workers_start_s: What real workers may take longer than simulated ones.
    """

    environment: str
    choices: Mapping[str, str]
    phases: str
    state_dir: Path
    port: int
    time_scale: float
    panel_flags: tuple[str, ...] = ()
    ends_with_panel: bool = False
    boards: Mapping[str, Path] | None = None
    cluster_flags: tuple[str, ...] = ()
    workers: str = "simulated"
    workers_start_s: float = 0.0


class Supervisor:
    """One rehearsal.

    Args:
        plan: What to start.
        report: Takes one line for the person at the terminal.
        ready: Takes the notes (addresses, kubeconfig, process ids) once everything answers.
    """

    def __init__(
        self,
        plan: Plan,
        report: Callable[[str], None],
        ready: Callable[[dict[str, Any]], None],
    ) -> None:
        self._plan, self._report, self._ready = plan, report, ready
        self._logs = plan.state_dir / "logs"
        self._children: dict[str, Child] = {}
        self._notes: dict[str, Any] = {}
        self._held = contextlib.ExitStack()

    async def run(self) -> int:
        """Start everything and keep it alive until a signal or the end of the panel's run.

        Returns:
            The exit code of the panel when the rehearsal ends with it, else 0.

        Raises:
            GtcError: Something did not come up or ended for good.
        """
        if not sys.platform.startswith("linux"):
            raise UsageError("a rehearsal needs linux: the simulator has no other builds")
        self._logs.mkdir(parents=True, exist_ok=True)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        with _only_one(self._plan.state_dir), self._held:
            try:
                return await self._until(stop)
            finally:
                await self._end()

    async def _until(self, stop: asyncio.Event) -> int:
        stopped = asyncio.create_task(stop.wait(), name="signal")
        alive = asyncio.create_task(self._live(), name="rehearsal")
        done, pending = await asyncio.wait({stopped, alive}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return alive.result() if alive in done else 0

    async def _live(self) -> int:
        self._report("starting the rehearsal cluster: Kubernetes, Dynamo, KEDA, Prometheus …")
        await self._start_cluster()
        await self._start("guardian", self._gtc("guardian"))
        if self._plan.boards is not None:
            await self._start_grafana(self._plan.boards)
        await self._start("panel", self._panel_command())
        await self._panel_ready()
        self._write_notes()
        self._ready(self._notes)
        return await self._keep_alive()

    async def _keep_alive(self) -> int:
        while True:
            await asyncio.sleep(0.25)
            cluster, panel = self._children["cluster"], self._children["panel"]
            if not cluster.alive:
                raise GtcError(f"the cluster process ended: {cluster.log_tail()}")
            if not panel.alive:
                killed = panel.exit_code is not None and panel.exit_code < 0
                if self._plan.ends_with_panel and not killed:
                    return self._panel_result(panel)
                self._report(f"the panel ended ({panel.exit_code}); starting it again")
                await asyncio.sleep(RESTART_S)
                await self._start("panel", self._panel_command())
            if not self._children["guardian"].alive:
                await asyncio.sleep(RESTART_S)
                await self._start("guardian", self._gtc("guardian"))

    def _panel_result(self, panel: Child) -> int:
        if panel.exit_code != 0:
            raise GtcError(f"the panel ended with {panel.exit_code}: {panel.log_tail()}")
        return 0

    def _hold(self) -> int:
        """A port for a child, held as long as the rehearsal goes on: a child may start again."""
        return self._held.enter_context(HeldPort()).number

    # -- children -------------------------------------------------------------------------------

    async def _start_cluster(self) -> None:
        plan = self._plan
        notes = plan.state_dir / CLUSTER_NOTES
        notes.unlink(missing_ok=True)
        port, metrics_port = plan.port or self._hold(), self._hold()
        command = [
            *(sys.executable, "-m", "gtc_rehearsal.cluster"),
            *("--env", plan.environment, "--state-dir", str(plan.state_dir)),
            *("--time-scale", str(plan.time_scale), "--metrics-port", str(metrics_port)),
            *plan.cluster_flags,
        ]
        await self._start("cluster", command, plan.choices)
        child = self._children["cluster"]
        loop = asyncio.get_running_loop()
        ready_s = CLUSTER_READY_S + plan.workers_start_s
        give_up = loop.time() + ready_s
        while not notes.exists():
            if not child.alive:
                raise GtcError(f"the cluster process ended: {child.log_tail()}")
            if loop.time() > give_up:
                raise GtcError(f"no cluster within {ready_s:g} s", f"see {child.log}")
            await asyncio.sleep(0.1)
        found = json.loads(notes.read_text(encoding="utf-8"))
        found["urls"]["panel"] = f"http://127.0.0.1:{port}"
        found["metrics_port"] = metrics_port
        told = {"env": plan.environment, "time_scale": plan.time_scale, "workers": plan.workers}
        self._notes = {**told, **found}

    async def _start_grafana(self, boards: Mapping[str, Path]) -> None:
        """A display beside the demo: nothing waits for it, and it is not started again."""
        found = grafana.binaries()
        if found is None:
            self._report("prometheus and grafana-server are not on PATH: the stage page stands in")
            return
        urls, folder = self._notes["urls"], self._plan.state_dir
        source = grafana.prometheus(
            found[0], folder / "prometheus", urls["prometheus"] + "/sd", self._hold()
        )
        await self._start("prometheus", source.command)
        made = grafana.provision(found[1], folder / "grafana", boards, source.url, self._hold())
        await self._start("grafana", made.command, made.environ)
        urls["grafana"] = made.url

    def _panel_command(self) -> list[str]:
        plan = self._plan
        port = self._notes["urls"]["panel"].rsplit(":", 1)[1]
        command = [*self._gtc("serve"), "--port", port, "--time-scale", str(plan.time_scale)]
        if plan.phases:
            command += ["--phases", plan.phases]
        return [*command, *plan.panel_flags]

    def _gtc(self, verb: str) -> list[str]:
        return [sys.executable, "-m", "gtc_cli", verb, "--env", self._plan.environment]

    async def _start(
        self, name: str, command: Sequence[str], more: Mapping[str, str] | None = None
    ) -> None:
        environ = self._environ() | dict(more or {})
        if account := self._notes.get("accounts", {}).get(name):
            environ["KUBECONFIG"] = account
        self._children[name] = await Child.start(
            name, command, env=environ, cwd=Path.cwd(), log=self._logs / f"{name}.log"
        )

    def _environ(self) -> dict[str, str]:
        """What children see: the rehearsal's addresses, and never the user's own cluster."""
        environ = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
        environ["NO_PROXY"] = environ["no_proxy"] = "127.0.0.1,localhost"
        urls = self._notes.get("urls", {})
        if urls:
            environ |= {
                "KUBECONFIG": str(self._notes["kubeconfig"]),
                "GTC_STATE_DIR": str(self._plan.state_dir),
                "GTC_METRICS_PORT": str(self._notes["metrics_port"]),
                "GTC_FRONTEND_URL": urls["frontend"],
                "GTC_PROMETHEUS_URL": urls["prometheus"],
                "GTC_FOLLOWUPS_URL": urls["followups"],
                "GTC_FOLLOWUPS_MODEL": followups.MODEL,  # what .env says is for the real service
            }
        return environ

    async def _panel_ready(self) -> None:
        child = self._children["panel"]
        loop = asyncio.get_running_loop()
        give_up = loop.time() + PANEL_READY_S
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            while not await _answers(session, self._notes["urls"]["panel"] + "/healthz"):
                if not child.alive:
                    raise GtcError(f"the panel ended: {child.log_tail()}", f"see {child.log}")
                if loop.time() > give_up:
                    raise GtcError(f"no panel within {PANEL_READY_S:g} s", f"see {child.log}")
                await asyncio.sleep(0.2)

    def _write_notes(self) -> None:
        path = self._plan.state_dir / NOTES
        fresh = path.with_suffix(".new")
        self._notes["pids"] = {name: child.pid for name, child in self._children.items()}
        self._notes["pids"]["supervisor"] = os.getpid()
        fresh.write_text(json.dumps(self._notes, indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)

    async def _end(self) -> None:
        """Panel first, so that it leaves the cluster in order; then everything else."""
        (self._plan.state_dir / NOTES).unlink(missing_ok=True)
        if panel := self._children.get("panel"):
            await panel.stop(PANEL_STOP_S)
        for name in ("grafana", "prometheus", "guardian", "cluster"):
            if child := self._children.get(name):
                await child.stop(CLUSTER_STOP_S if name == "cluster" else KILL_AFTER_S)


@contextlib.contextmanager
def _only_one(state_dir: Path) -> Iterator[None]:
    """One rehearsal for each state directory; the lock dies with the process."""
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"a rehearsal already runs in {state_dir}",
                "end it with Ctrl-C, or use another --state-dir",
            ) from None
        yield


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
