"""Every derived name: one rule each, so that no part of the product spells a name by hand.

This module must not know values of an environment; it receives the parts of a name.
"""

from __future__ import annotations

from typing import Final, Literal

from gtc_spec.pools import Mode, Role

EngineName = Literal["trtllm", "vllm", "sglang"]
"""Engines as Dynamo's operator and simulator call them; ours are those with a module in
`gtc_spec.engines`."""

DEMO: Final = "gtc-demo"
"""Name of the cluster and of the DynamoGraphDeployment, as in the plan."""

FRONTEND: Final = "Frontend"
_HALVES: Final[dict[Mode, str]] = {"prefill": "Prefill", "decode": "Decode", "aggregated": ""}

MODEL_CLAIM: Final = "model-nfs-pvc"
MODEL_MOUNT: Final = "/models"
UPLOAD_MARKER: Final = ".upload-complete"
DOWNLOAD_MARKER: Final = ".download-complete"

NAMESPACE_WORKLOAD: Final = "dynamo-workload"
NAMESPACE_PLATFORM: Final = "dynamo-system"
NAMESPACE_MONITORING: Final = "monitoring"
NAMESPACE_KEDA: Final = "keda"
NAMESPACE_PANEL: Final = "gtc-demo-panel"

LEASE: Final = "gtc-demo-conductor"
STATE_CONFIG_MAP: Final = "gtc-demo-state"

LABEL_DGD: Final = "nvidia.com/dynamo-graph-deployment-name"
LABEL_COMPONENT: Final = "nvidia.com/dynamo-component"
LABEL_COMPONENT_TYPE: Final = "nvidia.com/dynamo-component-type"
LABEL_SUB_COMPONENT_TYPE: Final = "nvidia.com/dynamo-sub-component-type"

ANNOTATION_PAUSED: Final = "autoscaling.keda.sh/paused"
ANNOTATION_PAUSED_REPLICAS: Final = "autoscaling.keda.sh/paused-replicas"
ANNOTATION_PAUSED_BY: Final = "gtc-demo.digitalocean.com/paused-by"
ANNOTATION_PAUSED_UNTIL: Final = "gtc-demo.digitalocean.com/paused-until"
"""End of a pause that is to outlive whoever made it, ISO 8601 in UTC."""
ANNOTATION_UNTIL: Final = "gtc-demo.digitalocean.com/until"
"""On the state's ConfigMap: when everything has to be gone, ISO 8601 in UTC."""
ANNOTATION_DIGEST: Final = "gtc-demo.digitalocean.com/environment-digest"
LABEL_REHEARSAL: Final = "gtc-demo.digitalocean.com/rehearsal"
"""A DGD with this label runs on localhost; the cluster says so, no flag does."""


def service(mode: Mode, engine: EngineName = "trtllm") -> str:
    """Service key inside the DGD of the workers that do this, such as ``VllmPrefillWorker``."""
    return f"{engine.capitalize()}{_HALVES[mode]}Worker"


def dgdsa(dgd: str, service: str) -> str:
    """Scaling adapter of a service: ``{dgd}-{service lower-cased}`` (operator 0.8.x)."""
    return f"{dgd}-{service.lower()}"


LABEL_MAX: Final = 63
"""Longest name of a Service, and longest value of a label."""


def pod_service(dgd: str, service: str) -> str:
    """Service of the pods of one service: called like its scaling adapter (operator 0.8.x)."""
    return dgdsa(dgd, service)


def dynamo_namespace(namespace: str, dgd: str) -> str:
    """Dynamo's own namespace of a graph, as the operator sets it; a label of worker metrics."""
    return f"{namespace}-{dgd}"


GROVE_PAIR_MAX: Final = 45
"""Longest PodCliqueSet plus PodClique name (Grove v0.1.0-alpha.3 webhook)."""


def grove_pair(dgd: str, service: str) -> str:
    """The two names that Grove limits together: PodCliqueSet and PodClique of a service."""
    return f"{dgd}{dgd}-0-{service.lower()}"


def pool_dgdsa(role: Role, engine: EngineName = "trtllm") -> str:
    """Scaling adapter of one of our pools."""
    return dgdsa(DEMO, service(role, engine))


def scaler(role: Role) -> str:
    """ScaledObject of a pool, as the plan names it."""
    return f"{DEMO}-{role}-scaler"


def hpa(scaled_object: str) -> str:
    """HPA that KEDA creates for a ScaledObject; absent while it is paused."""
    return f"keda-hpa-{scaled_object}"


def pod_labels(service: str, dgd: str = DEMO) -> dict[str, str]:
    """Labels that select the pods of one service."""
    return {LABEL_DGD: dgd, LABEL_COMPONENT: service}


def infra_stack(env: str) -> str:
    """Terraform stack of VPC, cluster and share, as the plan's command names it."""
    return f"infra-{env}"


def cluster_stack(env: str) -> str:
    """Terraform stack of everything inside the cluster."""
    return f"cluster-{env}"


def state_file(stack: str) -> str:
    """Local Terraform state of a stack, in the root of the checkout."""
    return f"terraform.{stack}.tfstate"


def prefixed(prefix: str, name: str) -> str:
    """A name with what tells copies in one account apart before it; without, the name itself."""
    return f"{prefix}-{name}" if prefix else name


def network(cluster: str = DEMO) -> str:
    """The VPC around a cluster."""
    return f"{cluster}-vpc"


def share(cluster: str = DEMO) -> str:
    """The NFS share beside a cluster."""
    return f"{cluster}-models"


def environment_tag(env: str) -> str:
    """DigitalOcean tag that says which environment the cluster called `DEMO` is."""
    return f"{DEMO}-{env}"


UNTIL_TAG = f"{DEMO}-until-"
"""Begin of the DigitalOcean tag that holds the end date of a cluster."""


def terraform_variable(key: str) -> str:
    """Terraform variable of a secret's key, such as ``hf_token`` of ``HF_TOKEN``."""
    return key.lower()


def model_prefix(repository: str) -> str:
    """Where a model lies in the bucket: ``models/<repository>/``."""
    return f"models/{repository}/"


def model_path(repository: str) -> str:
    """Where a model lies on the NFS share."""
    return f"{MODEL_MOUNT}/{repository}"
