"""Prometheus, Grafana and GPU metrics for a cluster that serves models.

It comes before the Dynamo platform, whose chart renders its PodMonitors only where the monitoring
API is known. It must not know what is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.dashboards import Dashboards
from gtc_constructs.helm_chart import HelmChart
from gtc_constructs.monitoring_values import dcgm_exporter, prometheus_stack
from gtc_constructs.namespace import Namespace
from gtc_constructs.values import ChartRef
from gtc_spec import names, versions
from gtc_spec.manifests.placement import on_management_pool
from gtc_spec.promql import PROMETHEUS_RELEASE

CHART: Final = ChartRef.pinned(versions.KUBE_PROMETHEUS_STACK)
GPU_CHART: Final = ChartRef.pinned(versions.DCGM_EXPORTER)
STORAGE_CLASS: Final = "do-block-storage"
"""Storage class of DOKS for volumes of one writer."""


class Observability(GtcConstruct):
    """kube-prometheus-stack and dcgm-exporter, with the boards that you add.

    Grafana answers anonymous viewers, so its Service must stay inside the cluster.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        namespace: Namespace to create for it. Default: ``monitoring``.
        chart: The kube-prometheus-stack. Default: the version in ``gtc_spec.versions``.
        gpu_chart: The dcgm-exporter; None for a cluster without GPUs. Default: likewise.
        storage_class: Class of both volumes. Default: ``do-block-storage``.
        node_selector: Nodes of Prometheus and Grafana. Default: the management pool.
        values: More values of the kube-prometheus-stack, merged over ours. Default: none.
        after: What must be there first. Default: nothing.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        namespace: str = names.NAMESPACE_MONITORING,
        chart: ChartRef = CHART,
        gpu_chart: ChartRef | None = GPU_CHART,
        storage_class: str = STORAGE_CLASS,
        node_selector: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        selector = on_management_pool() if node_selector is None else node_selector
        self.namespace = Namespace(
            self,
            "namespace",
            name=namespace,
            like=names.NAMESPACE_MONITORING,
            after=after,
        )
        self.prometheus = HelmChart(
            self,
            "prometheus",
            chart=chart,
            name=PROMETHEUS_RELEASE,
            namespace=namespace,
            values=prometheus_stack(storage_class, selector),
            overrides=values,
            after=[self.namespace],
        )
        """What brings the monitoring API: let charts with monitors of their own wait for it."""
        self.prometheus_url = f"http://{PROMETHEUS_RELEASE}-prometheus.{namespace}.svc:9090"
        """Where Prometheus answers inside the cluster, without a final slash."""
        self.grafana_url = f"http://{PROMETHEUS_RELEASE}-grafana.{namespace}.svc"
        """Where Grafana answers inside the cluster, without a final slash."""
        if gpu_chart is not None:
            self._measure_gpus(gpu_chart)

    def add_dashboards(self, id: str, sources: Mapping[str, Path], *, folder: str) -> Dashboards:
        """Show boards in Grafana: name of a ConfigMap to the JSON file of its board."""
        return Dashboards(
            self,
            id,
            namespace=self.namespace.name,
            sources=sources,
            folder=folder,
            after=[self.namespace],
        )

    def _measure_gpus(self, chart: ChartRef) -> None:
        HelmChart(
            self,
            "dcgm",
            chart=chart,
            name="dcgm-exporter",
            namespace=self.namespace.name,
            values=dcgm_exporter(),
            after=[self.prometheus],
        )
