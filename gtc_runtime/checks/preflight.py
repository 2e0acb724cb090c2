"""The checks of a running demo: which there are, and how they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gtc_runtime.checks import (
    corpus,
    frontend,
    images,
    model,
    nodes,
    platform,
    prometheus,
    scaling,
    times,
    workload,
)
from gtc_runtime.checks import grafana as boards
from gtc_runtime.checks.check import Probe, Round
from gtc_runtime.checks.scene import Scene, is_forbidden
from gtc_runtime.cluster.api.errors import KubeError, Unreachable
from gtc_runtime.verdict import Report, Verdict, not_applicable, not_permitted, red
from gtc_spec.errors import GtcError

WHOLE_S: Final = 19.0
"""Longest time of all together."""

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
    Probe("scalers", "Does KEDA call both scalers ready, and can it read their triggers?",
          scaling.scalers),
    Probe("pause", "Has nobody left a pause of KEDA behind?", scaling.pause),
    Probe("hpa", "Does every HPA read its metric, instead of `<unknown>` or a made-up one?",
          scaling.hpas, 17.0),
    Probe("frontend", "Does it list the model and answer a request?", frontend.frontend),
    Probe("buckets", "Do its histograms have the bounds that we set?", frontend.buckets),
    Probe("prometheus", "Does it answer?", prometheus.prometheus),
    Probe("targets", "Is everything of ours scraped?", prometheus.targets),
    Probe("queries", "Does every query of scalers, panel and boards find its series?",
          prometheus.queries, 17.0),
    Probe("grafana", "Does it answer, with its database?", boards.grafana),
    Probe("boards", "Does it have every board?", boards.boards),
    Probe("corpus", "Are the texts of the load complete?", corpus.corpus),
    Probe("follow-ups", "Does their service offer the key a model that we know?", corpus.followups),
    Probe("digest", "Do panel and cluster believe the same facts?", workload.digest),
    Probe("clock", "Do this machine and the cluster agree on the time?", times.clock),
    Probe("end date", "How many hours, GPU-hours and dollars are left?", times.end_date),
)  # fmt: skip
"""Every check, in the order in which things are brought up."""


async def run(scene: Scene, probes: Sequence[Probe[Scene]] = PROBES) -> Report:
    """Ask everything at the same time.

    Args:
        scene: What to look at.
        probes: Which checks.
    """
    return await _ROUND.ask_all(scene, probes)


def _refused(name: str, error: GtcError) -> Verdict:
    if is_forbidden(error):
        return not_permitted(f"our account may not look: {error.message}")
    if isinstance(error, KubeError) and name != "kubernetes":
        gone = isinstance(error, Unreachable) or error.status == 401
        if gone:
            return not_applicable("see kubernetes")
    return red(error.message, "an answer", error.hint or _HINTS.get(name, ""))


_HINTS: Final = {
    "kubernetes": "is the cluster running, and does KUBECONFIG point to it? make kubeconfig",
    "frontend": "kubectl -n dynamo-workload get pods; its pod may be starting",
    "prometheus": "kubectl -n monitoring get pods; KEDA and the boards read it",
    "grafana": "kubectl -n monitoring get pods; the stage page stands in",
    "definitions": "make cluster-config installs the charts that bring the kinds",
}
_ROUND: Final[Round[Scene]] = Round(WHOLE_S, _HINTS, _refused)
