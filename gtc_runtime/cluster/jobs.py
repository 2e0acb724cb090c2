"""Runs a Kubernetes Job to its end: replaces a finished one, follows its log, says why it waits.

A Job that already runs is followed, not replaced, so a command that was interrupted can be
repeated. This module must not know what jobs do.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gtc_runtime.cluster.api.errors import KubeError, NotFound, Unreachable, first_line
from gtc_runtime.cluster.api.kube import Json, Kube
from gtc_runtime.cluster.api.transport import Request
from gtc_runtime.cluster.pools import condition, why_pending
from gtc_spec.errors import GtcError
from gtc_spec.kinds import EVENT, JOB, POD

POLL_INTERVAL_S: Final = 2.0
"""Between two polls of the Job and its pods."""
GONE_S: Final = 120.0
"""Longest wait for an old Job to go; its pods get 30 s to end."""
STUCK_S: Final = 60.0
"""How long a pod may fail to start for a reason that seldom goes away by itself."""
SILENCE_S: Final = 60.0
"""Longest silence of a log before it is asked for again."""
LAST_LINES_S: Final = 10.0
"""Wait for the end of a log after the end of its Job."""
_STUCK: Final = {
    "ErrImagePull": "check the image and the pull secret of the registry: gtc image push",
    "ImagePullBackOff": "check the image and the pull secret of the registry: gtc image push",
    "InvalidImageName": "check the name of the image: gtc image name",
    "CreateContainerConfigError": "a secret or a key in it is missing: gtc cluster config",
}


@dataclass(frozen=True)
class Times:
    """How often to poll and how long to wait, seconds; see the constants of the same names."""

    poll_interval_s: float = POLL_INTERVAL_S
    gone_s: float = GONE_S
    stuck_s: float = STUCK_S


async def run(
    kube: Kube,
    manifest: Json,
    deadline_s: float,
    report: Callable[[str], None],
    times: Times | None = None,
) -> None:
    """Run a Job and wait for its end.

    Args:
        kube: A client of the Job's namespace.
        manifest: The Job.
        deadline_s: Longest wait, seconds; the Job itself goes on after it.
        report: Callback, gets the lines of its log, and why it waits.
        times: How often to poll and how long to wait.

    Raises:
        GtcError: It failed, could not start or was not done in time; with the reason.
    """
    name = str(manifest["metadata"]["name"])
    one = _Run(kube, name, report, times or Times())
    if await one.replace_finished():
        report(f"{name} runs already; following it")
    else:
        await kube.create(JOB, manifest)
    try:
        async with asyncio.timeout(deadline_s):
            await one.follow()
    except TimeoutError:
        raise GtcError(
            f"{name} was not done after {deadline_s:.0f} s: {one.reported or 'it runs'}",
            "it goes on by itself; repeat the command to follow it",
        ) from None
    finally:
        await one.close()


@dataclass
class _Run:
    kube: Kube
    name: str
    report: Callable[[str], None]
    times: Times
    reported: str = ""
    last_lines: list[str] = field(default_factory=list)
    _log: asyncio.Task[None] | None = None
    _logged_pod: str = ""
    _stuck_since: float | None = None

    async def replace_finished(self) -> bool:
        """Remove a finished Job of that name and wait until it is gone; True when one runs."""
        job = await self._job()
        if job is None:
            return False
        deleting = "deletionTimestamp" in (job.get("metadata") or {})
        if not deleting and _end(job) is None:
            return True
        with contextlib.suppress(NotFound):
            await self.kube.delete(JOB, self.name)
        give_up = time.monotonic() + self.times.gone_s
        while await self._job() is not None:
            if time.monotonic() > give_up:
                raise GtcError(
                    f"the old job {self.name} is not gone after {self.times.gone_s:.0f} s",
                    f"kubectl -n {self.kube.namespace} describe job {self.name}",
                )
            await asyncio.sleep(min(1.0, self.times.poll_interval_s))
        return False

    async def follow(self) -> None:
        """Poll until the Job has ended.

        Raises:
            GtcError: It failed, or its pod cannot start.
        """
        while True:
            try:
                job = await self._job()
                if job is None:
                    raise GtcError(f"somebody deleted the job {self.name}", "repeat the command")
                ended = _end(job)
                await self._poll_pods()
            except Unreachable as error:
                self._report(error.message)
                ended = None
            if ended is not None:
                await self._last_lines()
                if ended:
                    raise self._failure(ended)
                return
            await asyncio.sleep(self.times.poll_interval_s)

    async def close(self) -> None:
        """Stop following the log."""
        if self._log is not None:
            self._log.cancel()
            with contextlib.suppress(asyncio.CancelledError, KubeError):
                await self._log

    async def _job(self) -> Json | None:
        try:
            return await self.kube.get(JOB, self.name)
        except NotFound:
            return None

    async def _poll_pods(self) -> None:
        pods = await self.kube.list(POD, {"job-name": self.name})
        if not pods:
            return
        pod = max(pods, key=lambda each: str(each["metadata"].get("creationTimestamp", "")))
        pod_name = str(pod["metadata"]["name"])
        phase = (pod.get("status") or {}).get("phase")
        if phase in ("Running", "Succeeded", "Failed"):
            self._stuck_since = None
            await self._follow_log(pod_name)
            return
        why = why_pending(pod)
        if why == "loading" or why.startswith("ContainerCreating"):
            why = await self._warning(pod_name) or "its container is being made"
        self._report(f"{pod_name} waits: {why}")
        self._refuse_stuck(why)

    def _refuse_stuck(self, why: str) -> None:
        """Give up on a pod that fails to start for a reason that seldom goes away."""
        hint = _STUCK.get(why.split(":")[0])
        if hint is None:
            self._stuck_since = None
            return
        now = time.monotonic()
        self._stuck_since = self._stuck_since or now
        if now - self._stuck_since >= self.times.stuck_s:
            raise GtcError(f"the pod of {self.name} cannot start: {why}", hint)

    async def _warning(self, pod: str) -> str:
        """The newest warning about a pod, such as a volume that cannot be mounted."""
        events = [
            each
            for each in await self.kube.list(EVENT)
            if (each.get("involvedObject") or {}).get("name") == pod
            and each.get("type") == "Warning"
        ]
        if not events:
            return ""
        last = max(events, key=lambda each: str(each.get("lastTimestamp") or ""))
        return first_line(f"{last.get('reason', '')}: {last.get('message', '')}")

    async def _follow_log(self, pod: str) -> None:
        if pod == self._logged_pod:
            return
        if self._logged_pod:
            await self._last_lines()
            self._report(f"{self._logged_pod} failed; {pod} tries again")
        self._logged_pod = pod
        self._log = asyncio.create_task(self._read_log(pod), name=f"log-{pod}")

    async def _read_log(self, pod: str) -> None:
        """Report the lines of a log; when it breaks, retry and skip what was reported."""
        request = Request(
            *("GET", f"read the log of {pod}", "v1", ("pods", pod, "log"), self.kube.namespace),
            params={"follow": "true"},
        )
        reported = 0
        while True:
            seen = 0
            with contextlib.suppress(Unreachable):
                async with self.kube.transport.lines(request, SILENCE_S) as lines:
                    async for line in lines:
                        seen += 1
                        if seen > reported:
                            reported = seen
                            self._line(line)
                return
            await asyncio.sleep(self.times.poll_interval_s)

    def _line(self, line: str) -> None:
        self.last_lines = [*self.last_lines[-20:], line]
        self.report(line)

    async def _last_lines(self) -> None:
        if self._log is not None:
            await asyncio.wait({self._log}, timeout=LAST_LINES_S)
            await self.close()
            self._log = None

    def _report(self, line: str) -> None:
        if line != self.reported:
            self.reported = line
            self.report(line)

    def _failure(self, reason: str) -> GtcError:
        """In the job's own words, when its log ends with them."""
        logged = {"error": "", "hint": ""}
        for line in self.last_lines:
            word, _, rest = line.partition(": ")
            if word in logged:
                logged[word] = rest
        message = f"{self.name} failed: {first_line(logged['error'] or reason)}"
        return GtcError(
            message, first_line(logged["hint"]) or "its log is above; repeat after a look"
        )


def _end(job: Json) -> str | None:
    """None while it runs, empty when it is complete, else why it failed."""
    if condition(job, "Complete").get("status") == "True":
        return ""
    failed = condition(job, "Failed")
    if failed.get("status") == "True":
        return str(failed.get("message") or failed.get("reason") or "no reason given")
    return None
