"""One release of a pinned Helm chart, and what every release of a stack has in common.

Values go in whole documents, never through ``set``: see hcl.document. Helm's wait cannot be cut
short: Ctrl-C ends when the wait does, so waits are as short as an installation allows. It must not
know any chart; what the pinned ones take is a fact of `gtc_spec.cloud.chart_values`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from gtc_constructs._bindings import Construct, Release, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.hcl import document
from gtc_constructs.values import ChartRef
from gtc_spec.arguments.clear_text import clear_text

NAME_MAX: Final = 53
"""Longest name of a Helm release."""
WAIT: Final = timedelta(minutes=10)
"""Enough for images, volumes and finalizers; an interrupted Terraform sits it out."""
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
        defaults: Values that differ from the chart's own for everybody. Default: none.
        values: More values of the chart; Helm merges them over ``defaults``, key by key. Default:
            none.
        timeout: Longest wait for its pods. Default: 10 minutes, which is enough for charts that
            wait for volumes.
        after: What must be there first. Default: nothing.

    Raises:
        UsageError: A name is no name or taken, or a value is a secret in clear, or one that the
            pinned chart does not have.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        chart: ChartRef,
        name: str,
        namespace: str,
        defaults: Mapping[str, Any] | None = None,
        values: Mapping[str, Any] | None = None,
        timeout: timedelta = WAIT,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self._check(chart, values or {})
        self.namespace = namespace
        self.release = release(
            self,
            name=name,
            namespace=namespace,
            documents=[defaults or {}, values or {}],
            timeout=timeout,
            chart=chart.chart,
            repository=chart.repository or None,
            version=chart.version or None,
            wait=True,
        )

    def _check(self, chart: ChartRef, values: Mapping[str, Any]) -> None:
        known = chart.value_keys
        for key in values:
            if known and key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                raise self.refused(
                    f"values: {chart.name} takes no {key!r} and would ignore it without a word, "
                    "allowed: the first keys of its values.yaml",
                    f"did you mean {close[0]}?" if close else f"they are {', '.join(known)}",
                )
        for path in clear_text(values):
            raise self.refused(
                f"values: {path} is text and would be kept in the state, allowed: the name of a "
                "Secret, in the key that the chart has for it",
                "WorkloadSecrets makes one whose values are written nowhere; $(NAME), $__env{NAME} "
                "and $__file{path} are taken, which the pod fills in",
            )


def release(
    construct: GtcConstruct,
    *,
    name: str,
    namespace: str,
    documents: Sequence[Mapping[str, Any]],
    timeout: timedelta,
    **choices: Any,
) -> Release:
    """The release of a construct.

    Raises:
        UsageError: A name is no name or taken, the wait is none, or a document is no JSON.
    """
    construct.require_name("release", name, NAME_MAX)
    construct.require_name("namespace", namespace)
    if timeout <= timedelta(0):
        raise construct.refused(f"timeout is {timeout}, allowed: more than 0:00:00")
    construct.require_unique(
        f"the release {name} in namespace {namespace}", "give one another name"
    )
    try:
        values = [document(each) for each in documents if each]
    except (TypeError, ValueError) as error:
        raise construct.refused(
            f"values: {str(error)[:1].lower()}{str(error)[1:]}, allowed: text, numbers, lists and "
            "mappings of them"
        ) from None
    return Release(
        construct,
        "Resource",
        name=name,
        namespace=namespace,
        values=values,
        timeout=timeout.total_seconds(),
        # a first installation that failed is in the cluster and not in the state; without this it
        # would be refused for ever after, its name being in use
        upgrade_install=True,
        depends_on=construct.depends_on,
        **choices,
    )
