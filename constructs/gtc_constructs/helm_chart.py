"""One release of a pinned Helm chart.

Values go in whole documents, never through ``set``: see hcl.document. Helm's wait cannot be cut
short: Ctrl-C ends when the wait does, so waits are as short as an installation allows. It must not
know any chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from gtc_constructs._bindings import Construct, Release, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.hcl import document
from gtc_constructs.manifest_release import RELEASE_NAME_MAX, WAIT
from gtc_constructs.values import ChartRef

SHORT_WAIT: Final = timedelta(minutes=5)
"""For charts of a few stateless pods."""


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
        timeout: Longest wait for its pods. Default: 10 minutes, which is enough for charts that
            wait for volumes.
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
        timeout: timedelta = WAIT,
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
            # a first installation that failed is in the cluster and not in the state; without this
            # it would be refused for ever after, its name being in use
            upgrade_install=True,
            depends_on=self.depends_on,
        )
