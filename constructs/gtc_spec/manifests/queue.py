"""The KAI queues that the operator looks for before it starts any worker.

dynamo-platform 0.8.1 makes the same two as post-install hooks, but only when KAI's API is known at
render time; without the child queue the DGD fails. So they are here to be created when missing.
"""

from __future__ import annotations

from typing import Final

from gtc_spec import kinds
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import Manifest, metadata

PARENT: Final = "dynamo-default"
"""Root queue of the platform chart; a root queue cannot take jobs itself."""
_UNLIMITED: Final = {"quota": -1, "limit": -1, "overQuotaWeight": 1}


def queues(env: Environment) -> list[Manifest]:
    """Parent and child queue, without limits: the GPU budget is the limit. None without KAI."""
    if not env.grove:
        return []
    return [_queue(env, PARENT, {}), _queue(env, env.kai_queue, {"parentQueue": PARENT})]


def _queue(env: Environment, name: str, parent: dict[str, str]) -> Manifest:
    resources = {kind: dict(_UNLIMITED) for kind in ("cpu", "gpu", "memory")}
    return {
        **kinds.QUEUE.type_meta,
        "metadata": metadata(env, name, namespace=None),
        "spec": {**parent, "resources": resources},
    }
