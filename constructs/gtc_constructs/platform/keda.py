"""KEDA, the autoscaler that reads Prometheus.

It must not know what it scales.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.helm_chart import SHORT_WAIT, HelmChart
from gtc_constructs.management import management_nodes
from gtc_constructs.namespace import Namespace
from gtc_constructs.platform.monitoring import Monitoring, wait_for
from gtc_constructs.values import ChartRef
from gtc_spec import names, versions
from gtc_spec.kinds import DGDSA

CHART: Final = ChartRef.pinned(versions.KEDA)
ADAPTERS: Final = (DGDSA.group, DGDSA.plural)


class Keda(GtcConstruct):
    """KEDA for the whole cluster; a cluster can have one.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        namespace: Namespace to create for it. Default: ``keda``.
        chart: The chart. Default: the version in ``gtc_spec.versions``; older ones read NaN as a
            huge negative number.
        scales: API group and plural of the kinds that it may scale, besides Deployments and
            StatefulSets. Default: Dynamo's scaling adapters.
        monitoring: An `Observability` or an `ExistingMonitoring` that scrapes it; it comes first,
            because it brings the monitoring API. Default: nobody scrapes it.
        node_selector: Its nodes. Default: the management pool of the stack's connection.
        values: More values of the chart, merged over ours. Default: none.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: The stack has a KEDA already.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        namespace: str = names.NAMESPACE_KEDA,
        chart: ChartRef = CHART,
        scales: Sequence[tuple[str, str]] = (ADAPTERS,),
        monitoring: Monitoring | None = None,
        node_selector: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.refuse_a_second(Keda)
        monitors = bool(wait_for(self, monitoring))
        self.scales = tuple(scales)
        """API group and plural of the kinds that it may scale."""
        self.namespace = Namespace(
            self, "namespace", name=namespace, like=names.NAMESPACE_KEDA, after=self.depends_on
        )
        selector = management_nodes(self) if node_selector is None else node_selector
        self.chart = HelmChart(
            self,
            "keda",
            chart=chart,
            name="keda",
            namespace=namespace,
            defaults=_values(scales, selector, monitors=monitors),
            values=values,
            timeout=SHORT_WAIT,
            after=[self.namespace],
        )
        self.stands_for(self.chart.release)


def _values(
    scales: Sequence[tuple[str, str]], selector: Mapping[str, str], *, monitors: bool
) -> dict[str, Any]:
    scraped = {"operator": {"enabled": monitors, "serviceMonitor": {"enabled": monitors}}}
    return {
        "nodeSelector": dict(selector),
        # the default is every kind there is; the chart writes `kind` as a resource name
        "rbac": {"scaledRefKinds": [{"apiGroup": group, "kind": kind} for group, kind in scales]},
        "prometheus": scraped,
    }
