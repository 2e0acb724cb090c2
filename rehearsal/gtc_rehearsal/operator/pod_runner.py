"""The kubelet's part: one pod, its process, and what the pod's status says about it.

It must not know why the pod exists or why it has to go.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Protocol

from gtc_rehearsal.dynamo.dynamo_settings import WorkerRole
from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.objects import stamp, utc_now
from gtc_rehearsal.kube_api.resources import POD
from gtc_rehearsal.kube_api.storage.store import Store
from gtc_rehearsal.kube_api.write import OPERATOR
from gtc_rehearsal.operator.pods import running
from gtc_rehearsal.operator.services import Role
from gtc_spec.errors import GtcError

log = logging.getLogger(__name__)

RESTART_S = 2.0
"""Pause before a process that died is started again."""


class Process(Protocol):
    """A process that may end at any time."""

    async def ended(self) -> None:
        """Return once it has ended."""


class Workers(Protocol):
    """Whoever can run the processes of pods; in the product it is Dynamo."""

    async def start(self, router_mode: str = "kv") -> str:
        """Start the frontend if none of that routing runs; return its URL when it answers.

        Raises:
            GtcError: It did not come up.
        """

    async def frontend_ended(self) -> None:
        """Return once the frontend has ended."""

    async def start_worker(self, name: str, role: WorkerRole, delay_s: float = 0.0) -> Process:
        """Start a worker that takes requests once `delay_s` has passed; return it then.

        Raises:
            GtcError: It did not come up.
        """

    async def stop_worker(self, name: str, drain_s: float) -> None:
        """Let a worker finish its requests for at most `drain_s` seconds and end it."""


class PodRunner:
    """Runs one pod that has a node.

    Args:
        store: Where the pod's status is written.
        workers: Runs its process.
        pod: The pod.
        role: What it does.
        first_delay_s: Start-up time of its first process, seconds.
        worker_start_s: Start-up time of every later one.
        router_mode: Routing of a frontend.
    """

    def __init__(
        self,
        store: Store,
        workers: Workers,
        pod: dict[str, Any],
        role: Role,
        *,
        first_delay_s: float,
        worker_start_s: float,
        router_mode: str,
    ) -> None:
        self._store, self._workers, self._role = store, workers, role
        self._router_mode = router_mode
        self._name: str = pod["metadata"]["name"]
        self._namespace: str = pod["metadata"]["namespace"]
        self._grace_s = float(pod["spec"].get("terminationGracePeriodSeconds") or 0)
        self._first_delay_s, self._worker_start_s = first_delay_s, worker_start_s
        self._restarts = 0
        self._life = asyncio.create_task(self._live(), name=f"pod {self._name}")
        self._end: asyncio.Task[None] | None = None

    @property
    def gone(self) -> bool:
        """Whether the pod has left and nothing of it runs."""
        return self._end is not None and self._end.done()

    def check(self) -> None:
        """Raise what the runner failed with, which would be a bug; nothing as a rule."""
        for task in (self._life, self._end):
            if task is not None and task.done() and not task.cancelled():
                task.result()

    def drain(self) -> None:
        """Start to drain; afterwards the pod vanishes from the store."""
        if self._end is None:
            self._end = asyncio.create_task(self._drain(), name=f"drain {self._name}")

    async def cancel(self) -> None:
        """Stop running the pod without draining; its process is left to its owner."""
        tasks = [task for task in (self._life, self._end) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self) -> None:
        delay_s = self._first_delay_s
        while True:
            self._report(ready=False)
            try:
                await self._run_once(delay_s)
                log.warning("%s: its process ended, starting another", self._name)
            except GtcError as error:
                log.warning("%s: %s (%s)", self._name, error.message, error.hint)
            self._restarts += 1
            self._report(ready=False, reason="CrashLoopBackOff")
            await asyncio.sleep(RESTART_S)
            delay_s = self._worker_start_s

    async def _run_once(self, delay_s: float) -> None:
        """Start the process, say that it is Ready, and return when it is dead."""
        if self._role == "frontend":
            await self._workers.start(self._router_mode)
            self._report(ready=True)
            await self._workers.frontend_ended()
            return
        process = await self._workers.start_worker(self._name, self._role, delay_s)
        self._report(ready=True)
        await process.ended()
        await self._workers.stop_worker(self._name, 0)  # frees its name

    async def _drain(self) -> None:
        self._life.cancel()  # first, or the end of the process would look like a crash
        await asyncio.gather(self._life, return_exceptions=True)
        self._report(ready=False)
        if self._role != "frontend":  # the one frontend goes on for the pod that takes its place
            await self._workers.stop_worker(self._name, self._grace_s)
        with contextlib.suppress(ApiError):
            remove_finalizer(self._store, self._name, self._namespace)

    def _report(self, *, ready: bool, reason: str = "") -> None:
        """Write the status; a pod that was deleted under our hands has none."""
        with contextlib.suppress(ApiError):
            pod = self._store.get(POD, self._name, self._namespace)
            status = running(
                pod, stamp(utc_now()), ready=ready, restarts=self._restarts, reason=reason
            )
            self._store.patch(
                POD, self._name, self._namespace, {"status": status}, "status", actor=OPERATOR
            )


def remove_finalizer(store: Store, name: str, namespace: str) -> None:
    """Free a deleted pod of what holds it; the store removes it then."""
    store.patch(POD, name, namespace, {"metadata": {"finalizers": None}}, actor=OPERATOR)
