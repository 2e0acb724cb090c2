"""Prometheus, Grafana and GPU metrics for a cluster that serves models.

It comes before the Dynamo platform, whose chart renders its PodMonitors only where the monitoring
API is known. It must not know what is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered, held
from gtc_constructs.helm_chart import SHORT_WAIT, HelmChart
from gtc_constructs.management import management_nodes
from gtc_constructs.namespace import Namespace
from gtc_constructs.platform.dashboards import Dashboards
from gtc_constructs.platform.monitoring_values import dcgm_exporter, prometheus_stack
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.values import ChartRef
from gtc_spec import names, versions
from gtc_spec.telemetry.promql import PROMETHEUS_RELEASE

CHART: Final = ChartRef.pinned(versions.KUBE_PROMETHEUS_STACK)
GPU_CHART: Final = ChartRef.pinned(versions.DCGM_EXPORTER)
STORAGE_CLASS: Final = "do-block-storage"
"""Storage class of DOKS for volumes of one writer."""
ADMIN_SECRET: Final = "grafana-admin"  # noqa: S105 - its name
ADMIN_KEYS: Final = ("admin-user", "admin-password")
"""What Grafana's chart looks for in a Secret that it did not make."""


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
        node_selector: Nodes of Prometheus and Grafana. Default: the management pool of the
            stack's connection.
        admin: Grafana's administrator as secret values under the keys `ADMIN_KEYS`, written
            through write-only attributes. Default: the chart makes up a password and keeps it in
            the Secret ``<release>-grafana``, so that no person and no file has to hold one.
        home: Folder and name of the board that Grafana opens with, such as ``team/overview``; one
            of `add_dashboards`. Default: Grafana's own start page.
        values: More values of the kube-prometheus-stack, merged over ours. Default: none.
        gpu_values: More values of the dcgm-exporter, merged over ours; a ``nodeSelector``, where
            nodes have no labels of DOKS, stands instead of ours. Default: none.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: Grafana's administrator lacks a key, there are values for no exporter, or the
            stack has monitoring already.
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
        admin: Mapping[str, SecretRef] | None = None,
        home: str = "",
        values: Mapping[str, Any] | None = None,
        gpu_values: Mapping[str, Any] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.refuse_a_second(Observability)
        self._home, self._boards = home, list[str]()
        selector = management_nodes(self) if node_selector is None else node_selector
        self.namespace = Namespace(
            self,
            "namespace",
            name=namespace,
            like=names.NAMESPACE_MONITORING,
            after=self.depends_on,
        )
        self.prometheus = self._monitor(
            chart, prometheus_stack(storage_class, selector, home), values, admin
        )
        """What brings the monitoring API: let charts with monitors of their own wait for it."""
        self.stands_for(self.prometheus.release)
        self.prometheus_url = f"http://{PROMETHEUS_RELEASE}-prometheus.{namespace}.svc:9090"
        """Where Prometheus answers inside the cluster, without a final slash."""
        self.grafana_url = f"http://{PROMETHEUS_RELEASE}-grafana.{namespace}.svc"
        """Where Grafana answers inside the cluster, without a final slash."""
        self._measure_gpus(gpu_chart, gpu_values or {})

    @held
    def add_dashboards(self, id: str, sources: Mapping[str, Path], *, folder: str) -> Dashboards:
        """Show boards in a ``folder`` of Grafana.

        ``sources`` is the name of a ConfigMap to the JSON file of its board.
        """
        self._boards += [f"{folder}/{name}" for name in sources]
        return Dashboards(
            self,
            id,
            namespace=self.namespace.name,
            sources=sources,
            folder=folder,
            after=[self.namespace],
        )

    def problems(self) -> Iterator[str]:
        """A board to begin with that nobody adds: Grafana would begin with an error."""
        if self._home and self._home not in self._boards:
            there = ", ".join(self._boards) or "none is added"
            yield f"home is {self._home!r}, allowed: a board of add_dashboards: {there}"

    def _monitor(
        self,
        chart: ChartRef,
        defaults: dict[str, Any],
        values: Mapping[str, Any] | None,
        admin: Mapping[str, SecretRef] | None,
    ) -> HelmChart:
        waits: list[Ordered] = [self.namespace]
        if admin is not None:
            waits.append(self._admin(admin))
            defaults["grafana"]["admin"] = {"existingSecret": ADMIN_SECRET}
        return HelmChart(
            self,
            "prometheus",
            chart=chart,
            name=PROMETHEUS_RELEASE,
            namespace=self.namespace.name,
            defaults=defaults,
            values=values,
            after=waits,
        )

    def _admin(self, admin: Mapping[str, SecretRef]) -> WorkloadSecrets:
        if set(admin) != set(ADMIN_KEYS):
            got = ", ".join(admin) or "nothing"
            raise self.refused(f"got {got} for Grafana, allowed: {' and '.join(ADMIN_KEYS)}")
        return WorkloadSecrets(
            self,
            "admin",
            namespace=self.namespace.name,
            secrets={ADMIN_SECRET: admin},
            after=[self.namespace],
        )

    def _measure_gpus(self, chart: ChartRef | None, values: Mapping[str, Any]) -> None:
        if chart is None:
            if values:
                raise self.refused(
                    f"gpu_values has {', '.join(values)} and gpu_chart is None, allowed: neither "
                    "or both",
                    "leave gpu_chart out for the exporter of GPU metrics",
                )
            return
        defaults = dcgm_exporter()
        if "nodeSelector" in values:
            # Helm would merge both, and no node has the labels of two houses
            del defaults["nodeSelector"]
        HelmChart(
            self,
            "dcgm",
            chart=chart,
            name="dcgm-exporter",
            namespace=self.namespace.name,
            defaults=defaults,
            values=values,
            timeout=SHORT_WAIT,
            after=[self.prometheus],
        )
