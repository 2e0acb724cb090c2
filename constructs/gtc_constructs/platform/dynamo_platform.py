"""The Dynamo platform: operator, NATS and etcd, with Grove and KAI for gang scheduling.

It must not know what is served on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gtc_constructs._bindings import (
    Construct,
    RuntimeClassV1,
    RuntimeClassV1Metadata,
    SecretV1,
    SecretV1Metadata,
    TerraformResource,
)
from gtc_constructs.base import GtcConstruct, Ordered, held
from gtc_constructs.helm_chart import HelmChart
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.namespace import Namespace
from gtc_constructs.platform.monitoring import Monitoring, wait_for
from gtc_constructs.platform.observability import STORAGE_CLASS
from gtc_constructs.values import ChartRef
from gtc_spec import names, versions
from gtc_spec.graph.existing import QUEUE
from gtc_spec.manifests.placement import RUNTIME_CLASS

CRDS_CHART: Final = ChartRef.pinned(versions.DYNAMO_CRDS)
CHART: Final = ChartRef.pinned(versions.DYNAMO_PLATFORM)
_CRDS_NAMESPACE: Final = "default"
"""Where NVIDIA's guide installs the CRDs; they are of the whole cluster and outlive the release."""
_SSH_SECRET: Final = "mpi-run-ssh-secret"  # noqa: S105 - its name
"""What the operator copies into every namespace that it serves, or it serves nothing there
(0.8.1, internal/secret/secret_replicator.go)."""


class DynamoPlatform(GtcConstruct):
    """Everything that a DynamoGraphDeployment needs to run, and the namespace for it.

    The operator looks for Grove and KAI once, when it starts: turning one on later needs a restart
    of the operator. It serves every namespace of the cluster, so that more of them need nothing but
    `add_workload_namespace`. Workers that span nodes would need an SSH key in the Secret
    ``mpi-run-ssh-secret``, which stays empty.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        monitoring: An `Observability` or an `ExistingMonitoring`; it comes first, or the chart
            makes no PodMonitors, and Dynamo's own planner asks it. Default: nobody scrapes, and no
            pool can be scaled by what Dynamo tells.
        namespace: Namespace to create for the platform. Default: ``dynamo-system``.
        workload_namespace: Namespace to create for what is served. Default: ``dynamo-workload``.
        grove: Whether Grove and KAI schedule pods as gangs. Without Grove the operator names no
            scheduler, so KAI is left out with it. Default: yes.
        gpus: Whether there are GPU nodes, whose pods need a RuntimeClass. Default: yes.
        queues: Queues of KAI to create or take over. Default: those that the chart makes.
        crds_chart: Chart of the CRDs. Default: the version in ``gtc_spec.versions``.
        chart: Chart of the platform. Default: likewise.
        storage_class: Class of the volumes of etcd and NATS. Default: ``do-block-storage``.
        values: More values of the platform chart, merged over ours. Default: none.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: Queues are given without Grove, or the stack has a platform already.
    """

    grove: bool
    """Whether Grove and KAI schedule pods as gangs."""
    monitoring: Monitoring | None
    """Who scrapes what it runs; None for nobody."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        monitoring: Monitoring | None = None,
        namespace: str = names.NAMESPACE_PLATFORM,
        workload_namespace: str = names.NAMESPACE_WORKLOAD,
        grove: bool = True,
        gpus: bool = True,
        queues: Sequence[Mapping[str, Any]] = (),
        crds_chart: ChartRef = CRDS_CHART,
        chart: ChartRef = CHART,
        storage_class: str = STORAGE_CLASS,
        values: Mapping[str, Any] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.refuse_a_second(DynamoPlatform)
        ours = _values(storage_class, wait_for(self, monitoring), grove=grove)
        if queues and not grove:
            raise self.refused("got queues without grove, allowed: queues with grove only")
        self.grove, self.monitoring = grove, monitoring
        self.queues = _leaves(queues)
        """Names of the queues that pods may wait in."""
        self.namespace = Namespace(
            self, "namespace", name=namespace, like=names.NAMESPACE_PLATFORM, after=self.depends_on
        )
        self._workloads: list[Namespace] = []
        self.workload = self._workload("workload", workload_namespace)
        """Namespace of what is served; its secrets and claims wait for it."""
        self.runtime_class = self._runtime_class() if gpus else None
        first = {"after": self.depends_on}
        crds = self._chart("crds", crds_chart, "dynamo-crds", _CRDS_NAMESPACE, **first)
        before = [self.namespace, self._no_ssh_key(), crds]
        given = {"defaults": ours, "values": values, "after": before}
        self.chart = self._chart("platform", chart, "dynamo-platform", namespace, **given)
        self.stands_for(self.chart.release)
        self._take_over(queues)

    @held
    def add_workload_namespace(self, name: str) -> Namespace:
        """Make one more namespace, called ``name``, for what another team or model serves.

        Raises:
            UsageError: The name is none, or taken.
        """
        return self._workload(f"workload-{name}", name)

    @property
    def platform_namespace(self) -> str:
        """Name of the namespace of the platform itself."""
        return self.namespace.name

    @property
    def workload_namespaces(self) -> tuple[str, ...]:
        """Names of all namespaces of what is served; the first is the default."""
        return tuple(each.name for each in self._workloads)

    def _workload(self, id: str, name: str) -> Namespace:
        if name in (self.namespace.name, *self.workload_namespaces):
            raise self.refused(f"makes the namespace {name!r} already, allowed: another name")
        made = Namespace(self, id, name=name, like=names.NAMESPACE_WORKLOAD, after=self.depends_on)
        self._workloads.append(made)
        return made

    def _runtime_class(self) -> RuntimeClassV1:
        return RuntimeClassV1(
            self,
            "runtime-class",
            metadata=RuntimeClassV1Metadata(name=RUNTIME_CLASS),
            handler=RUNTIME_CLASS,
            depends_on=self.depends_on,
        )

    def _no_ssh_key(self) -> SecretV1:
        """In place of the chart's hook, whose images have no version."""
        return SecretV1(
            self,
            "no-ssh-key",
            metadata=SecretV1Metadata(name=_SSH_SECRET, namespace=self.namespace.name),
            depends_on=list(self.namespace.resources),
        )

    def _chart(self, id: str, chart: ChartRef, name: str, namespace: str, **rest: Any) -> HelmChart:
        return HelmChart(self, id, chart=chart, name=name, namespace=namespace, **rest)

    def _take_over(self, queues: Sequence[Mapping[str, Any]]) -> None:
        """The chart makes queues too where it can, as hooks that no release owns."""
        if not queues:
            return
        ManifestRelease(
            self,
            "queues",
            name="dynamo-queues",
            namespace=self.namespace.name,
            manifests=queues,
            adopt=True,
            after=[self.chart],
        )


def _leaves(queues: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the queues that are nobody's parent; without any, the one that the chart makes."""
    parents = {queue["spec"].get("parentQueue") for queue in queues}
    every = [queue["metadata"]["name"] for queue in queues]
    return tuple(name for name in every if name not in parents) or (QUEUE,)


def _values(storage_class: str, prometheus_url: str, *, grove: bool) -> dict[str, Any]:
    return {
        "grove": {"enabled": grove},
        "kai-scheduler": {"enabled": grove},
        "dynamo-operator": _operator(prometheus_url),
        "etcd": {
            "enabled": True,
            "persistence": {"storageClass": storage_class},
            "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
        },
        # the KV router gets its events through it
        "nats": {
            "enabled": True,
            "config": {"jetstream": {"fileStore": {"pvc": {"storageClassName": storage_class}}}},
            "container": {"merge": {"resources": {"requests": {"cpu": "100m", "memory": "256Mi"}}}},
        },
    }


def _operator(prometheus_url: str) -> dict[str, Any]:
    # not `prometheusEndpoint` at the top: that key is ignored without a word
    metrics = {"metrics": {"prometheusEndpoint": prometheus_url}} if prometheus_url else {}
    return {
        "dynamo": {**metrics, "mpiRun": {"sshKeygen": {"enabled": False}}},
        "controllerManager": {"kubeRbacProxy": {"image": _image(versions.KUBE_RBAC_PROXY_IMAGE)}},
        "webhook": {"certGenerator": {"image": _image(versions.CERTIFICATE_IMAGE)}},
    }


def _image(reference: str) -> dict[str, str]:
    """An image as this chart takes it."""
    repository, _, tag = reference.rpartition(":")
    return {"repository": repository, "tag": tag}
