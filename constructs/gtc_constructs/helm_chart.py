"""One release of a pinned Helm chart.

Values go in whole documents, never through ``set``: see hcl.document. It must not know any chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from gtc_constructs._bindings import Construct, Release, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.hcl import document
from gtc_constructs.manifest_release import RELEASE_NAME_MAX
from gtc_constructs.values import ChartRef


class HelmChart(GtcConstruct):
    """A chart, installed and kept at one version.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        chart: The pinned chart.
        name: Name of the release.
        namespace: Namespace of the release; it must exist.
        values: Values of the chart. Default: its own.
        overrides: More values; Helm merges them over ``values``, key by key. Default: none.
        timeout: Longest wait for its pods. Default: 15 minutes.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: A name is no name.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        chart: ChartRef,
        name: str,
        namespace: str,
        values: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        timeout: timedelta = timedelta(minutes=15),
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self.require_name("release", name, RELEASE_NAME_MAX)
        self.require_name("namespace", namespace)
        self.namespace = namespace
        self.release = Release(
            self,
            "Resource",
            name=name,
            namespace=namespace,
            chart=chart.chart,
            repository=chart.repository or None,
            version=chart.version or None,
            values=[document(each) for each in (values, overrides) if each],
            wait=True,
            timeout=timeout.total_seconds(),
            depends_on=self.depends_on,
        )
