"""The demo's DynamoGraphDeployment at its initial ratio, and the adapters made from it.

Changing ``replicas`` of a pool here later is refused by the operator's webhook on a live cluster:
scale the adapter first, then change the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gtc_spec import engines, kinds, names
from gtc_spec.environment import Environment
from gtc_spec.manifests.metadata import Manifest, metadata
from gtc_spec.manifests.placement import slot_of
from gtc_spec.manifests.serving_graph import GraphPool, ServingGraph
from gtc_spec.pools import ROLES, Role

AGGREGATED: Final = "TrtllmWorker"
"""Service of the workers that do both halves of a request."""


def dynamo_graph_deployment(
    env: Environment,
    engine_digests: Mapping[Role, str] | None = None,
) -> Manifest:
    """The serving graph at its initial ratio.

    Args:
        env: The environment.
        engine_digests: Digest of each pool's engine file. When given, a changed file rolls the
            workers of that pool; without it they keep running with the old one.
    """
    digests = engine_digests or {}
    return ServingGraph(
        metadata=metadata(env, names.DEMO),
        model_path=names.model_path(env.model.repository),
        served_name=env.model.served_name,
        engine=engines.of(env),
        queue=env.kai_queue,
        grove=env.grove,
        pools=tuple(
            GraphPool(
                service=names.SERVICES[role],
                mode=role,
                replicas=env.pools.of(role).initial,
                drain_s=env.pools.of(role).drain_s,
                slot=slot_of(env.nodes),
                engine_digest=digests.get(role, ""),
            )
            for role in ROLES
        ),
    ).manifest()


def aggregated_graph(env: Environment, workers: int) -> Manifest:
    """The same model on workers that do both halves of a request; only ``gtc compare`` runs it.

    It has the name of the demo's graph, so that everything finds its frontend, and no adapter:
    nothing scales it.

    Args:
        env: The environment.
        workers: Workers, one slot each.
    """
    drain_s = max(env.pools.of(role).drain_s for role in ROLES)
    pool = GraphPool(
        service=AGGREGATED,
        mode="aggregated",
        replicas=workers,
        drain_s=drain_s,
        slot=slot_of(env.nodes),
        scaling_adapter=False,
    )
    return ServingGraph(
        metadata=metadata(env, names.DEMO),
        model_path=names.model_path(env.model.repository),
        served_name=env.model.served_name,
        engine=engines.of(env),
        queue=env.kai_queue,
        grove=env.grove,
        pools=(pool,),
    ).manifest()


def scaling_adapter(service: str, replicas: int, dgd: str = names.DEMO) -> Manifest:
    """The DGDSA that the operator makes for a service with a scaling adapter; ours in rehearsal."""
    labels = names.pod_labels(service, dgd)
    return {
        **kinds.DGDSA.type_meta,
        "metadata": {
            "name": names.dgdsa(dgd, service),
            "namespace": names.NAMESPACE_WORKLOAD,
            "labels": labels,
        },
        "spec": {"replicas": replicas, "dgdRef": {"name": dgd, "serviceName": service}},
        "status": {
            "replicas": replicas,
            "selector": ",".join(f"{key}={value}" for key, value in labels.items()),
        },
    }
