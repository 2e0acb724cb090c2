"""Runs all checks at the same time, each with its deadline, and tells what each one says.

Whatever happens inside a check becomes its finding: no check can end or hold up another one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gtc_runtime.checks import (
    frontend,
    here,
    images,
    model,
    nodes,
    platform,
    prometheus,
    scaling,
    texts,
    workload,
)
from gtc_runtime.checks import grafana as boards
from gtc_runtime.checks.check import STATES, Check, Finding, NotApplicable, RestsOn, red
from gtc_runtime.checks.scene import Scene, is_forbidden
from gtc_runtime.cluster.errors import KubeError, Unreachable, first_line
from gtc_spec.errors import GtcError

log = logging.getLogger(__name__)

DEADLINE_S: Final = 12.0
"""Longest time of one check, unless it says otherwise."""
WHOLE_S: Final = 19.0
"""Longest time of all together."""


@dataclass(frozen=True)
class Probe:
    """One question.

    Attributes:
        name: What people call it.
        asks: The question, one line; the runbook lists it.
        look: Finds the answer.
        deadline_s: Longest time for it, seconds.
    """

    name: str
    asks: str
    look: Callable[[Scene], Awaitable[Finding]]
    deadline_s: float = DEADLINE_S


PROBES: Final = (
    Probe("kubernetes", "Does the API answer us, in the release line of the pins?",
          platform.kubernetes),
    Probe("definitions", "Does it serve every kind of ours, in our version?", platform.definitions),
    Probe("charts", "Is every chart installed in its pinned version?", platform.charts),
    Probe("nodes", "Do ready, schedulable nodes offer all GPUs?", nodes.nodes),
    Probe("driver", "Is the GPU driver new enough for CUDA 13 images?", nodes.driver),
    Probe("runtime class", "Is there the RuntimeClass of GPU pods?", nodes.runtime_class),
    Probe("queue", "Is there KAI's queue, and the parent that it names?", platform.queue),
    Probe("secrets", "Is every secret there, with every key filled in?", platform.secrets),
    Probe("volume", "Is the claim of the models bound?", model.volume),
    Probe("model", "Does the share hold the whole model, by manifest and marker?", model.model),
    Probe("graph", "Does the operator call the graph successful?", workload.graph),
    Probe("workers", "Are the frontend and every ordered worker ready?", workload.workers),
    Probe("adapters", "Do the adapters' selectors find exactly our workers?", workload.adapters),
    Probe("images", "Could every pod pull its image?", images.images),
    Probe("scalers", "Does KEDA call both scalers ready?", scaling.scalers),
    Probe("pause", "Has nobody left a pause of KEDA behind?", scaling.pause),
    Probe("hpa", "Does every HPA read its metric, instead of `<unknown>`?", scaling.hpas, 17.0),
    Probe("frontend", "Does it list the model and answer a request?", frontend.frontend),
    Probe("buckets", "Do its histograms have the bounds that we set?", frontend.buckets),
    Probe("prometheus", "Does it answer?", prometheus.prometheus),
    Probe("targets", "Is everything of ours scraped?", prometheus.targets),
    Probe("queries", "Does every query of scalers, panel and boards find its series?",
          prometheus.queries, 17.0),
    Probe("grafana", "Does it answer, with its database?", boards.grafana),
    Probe("boards", "Does it have every board?", boards.boards),
    Probe("corpus", "Are the texts of the load complete?", texts.corpus),
    Probe("digest", "Do panel and cluster believe the same facts?", workload.digest),
    Probe("clock", "Do this machine and the cluster agree on the time?", here.clock),
    Probe("end date", "How many hours, GPU-hours and dollars are left?", here.end_date),
)  # fmt: skip
"""Every check, in the order in which things are brought up."""


@dataclass(frozen=True)
class Report:
    """One run.

    Attributes:
        checks: Every check, in the order of `PROBES`.
        took_s: Seconds for all of them.
    """

    checks: tuple[Check, ...]
    took_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing is red."""
        return not any(check.state == "red" for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Plain containers for ``--json`` and for REST."""
        return {
            "passed": self.passed,
            "took_s": round(self.took_s, 2),
            "checks": [check.to_json() for check in self.checks],
        }

    @property
    def summary(self) -> str:
        """How many checks are in each state, those that need a person first."""
        counted = {state: sum(c.state == state for c in self.checks) for state in STATES}
        told = ", ".join(f"{number} {state}" for state, number in counted.items() if number)
        return f"{told} in {self.took_s:.1f} s"


async def run(scene: Scene, probes: Sequence[Probe] = PROBES) -> Report:
    """Ask everything at the same time.

    Args:
        scene: What to look at.
        probes: Which checks.
    """
    started = time.monotonic()
    checks = await asyncio.gather(*(_check(scene, probe) for probe in probes))
    return Report(tuple(checks), time.monotonic() - started)


def chosen(names: Iterable[str]) -> tuple[Probe, ...]:
    """The probes of these names, all without any; unknown names are ignored."""
    wanted = set(names)
    return tuple(probe for probe in PROBES if not wanted or probe.name in wanted)


async def _check(scene: Scene, probe: Probe) -> Check:
    started = time.monotonic()
    finding = await _finding(scene, probe)
    took_s = round(time.monotonic() - started, 3)
    hint = finding.hint if finding.state == "red" else ""
    return Check(probe.name, finding.state, finding.found, finding.expected, hint, took_s)


async def _finding(scene: Scene, probe: Probe) -> Finding:
    limit_s = min(probe.deadline_s, WHOLE_S)
    try:
        async with asyncio.timeout(limit_s):
            return await probe.look(scene)
    except TimeoutError:
        return red(f"no answer within {limit_s:g} s", "an answer", "try again; then look by hand")
    except RestsOn as error:
        if error.cause == probe.name:
            return red(error.why, "an answer", _HINTS.get(probe.name, ""))
        return Finding("not-applicable", error.reason)
    except NotApplicable as error:
        return Finding("not-applicable", error.reason)
    except GtcError as error:
        return _refused(probe, error)
    except Exception as error:  # foreign documents of any shape; the other checks go on
        log.exception("the check %s failed", probe.name)
        told = first_line(f"{type(error).__name__}: {error}")
        return red(f"could not be judged: {told}", "an answer", "look by hand")


_HINTS: Final = {
    "kubernetes": "is the cluster running, and does KUBECONFIG point to it? make kubeconfig",
    "frontend": "kubectl -n dynamo-workload get pods; its pod may be starting",
    "prometheus": "kubectl -n monitoring get pods; KEDA and the boards read it",
    "grafana": "kubectl -n monitoring get pods; the stage page stands in",
    "definitions": "make cluster-config installs the charts that bring the kinds",
}
"""What to do when the very thing that a check is about does not answer."""


def _refused(probe: Probe, error: GtcError) -> Finding:
    if is_forbidden(error):
        return Finding("not-permitted", f"our account may not look: {error.message}")
    if isinstance(error, KubeError) and probe.name != "kubernetes":
        gone = isinstance(error, Unreachable) or error.status == 401
        if gone:
            return Finding("not-applicable", "see kubernetes")
    return red(error.message, "an answer", error.hint or _HINTS.get(probe.name, ""))
