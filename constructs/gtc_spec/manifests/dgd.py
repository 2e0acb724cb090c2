"""The demo's DynamoGraphDeployment at its initial ratio, and the adapters made from it.

Changing ``replicas`` of a pool here later is refused by the operator's webhook on a live cluster:
scale the adapter first, then change the environment.
"""

from __future__ import annotations

from gtc_spec import kinds, names
from gtc_spec.environment import Environment
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import one_pool, two_pools
from gtc_spec.manifests import serving_graph
from gtc_spec.manifests.metadata import Manifest


def dynamo_graph_deployment(env: Environment) -> Manifest:
    """The serving graph at its initial ratio, without engine files."""
    return serving_graph.graph(Serving.of(env), two_pools(env))


def aggregated_graph(env: Environment, workers: int) -> Manifest:
    """The same model on workers that do both halves of a request; only ``gtc compare`` runs it.

    It has the name of the demo's graph, so that everything finds its frontend, and no adapter:
    nothing scales it.

    Args:
        env: The environment.
        workers: Workers, one slot each.
    """
    return serving_graph.graph(Serving.of(env), one_pool(env, workers))


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
