"""How a query is written: selectors, rates, quantiles and means over metrics of the catalogue.

Every selector has braces and, where its metric has a namespace, is keyed on it. This module must
not know which questions are asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gtc_spec import names
from gtc_spec.errors import UsageError
from gtc_spec.telemetry.metric import Emitter, Metric, Where
from gtc_spec.telemetry.metrics import owner

WINDOW_S: Final = 60
"""Rate window. Twelve scrapes; with five minutes the stress stays on screen after it ended."""

Labels = Mapping[str, str]
"""Labels and the values that they must have; ``namespace`` replaces the emitter's own."""
ANY: Final[Labels] = MappingProxyType({})

_SELECTED = re.compile(r"([a-zA-Z_:][\w:]*)\{")
_NAMESPACES: Final = {
    Emitter.OURS: names.NAMESPACE_PANEL,
    Emitter.KEDA: "",  # the scrape says `keda`, the metric's own namespace is renamed
    Emitter.NODE: "",
}
"""Namespace of an emitter's series where it is not the workload's; empty: not to be keyed on."""


def select(metric: Metric, series: str = "", labels: Labels = ANY, pods: str = "") -> str:
    """A selector.

    Args:
        metric: What to select.
        series: One of its series. Default: the family name.
        labels: Further labels with their values; an empty value is left out.
        pods: Regular expression of pod names. Default: all of them.
    """
    namespace = _NAMESPACES.get(metric.emitter, names.NAMESPACE_WORKLOAD)
    matchers = {"namespace": namespace, **labels}
    inside = [f'{name}="{value}"' for name, value in matchers.items() if value]
    if pods:
        inside.append(f'pod=~"{pods}"')
    return f"{series or metric.name}{{{','.join(inside)}}}"


def rate(metric: Metric, series: str = "", labels: Labels = ANY, window_s: int = WINDOW_S) -> str:
    """Increase a second of a counter, series by series."""
    return f"rate({select(metric, series, labels)}[{window_s}s])"


def rate_sum(
    metric: Metric,
    series: str = "",
    labels: Labels = ANY,
    by: Sequence[str] = (),
    window_s: int = WINDOW_S,
) -> str:
    """Increase a second of a counter, added up over everything but the labels in ``by``."""
    return aggregate("sum", rate(metric, series, labels, window_s), by)


def quantile(
    metric: Metric,
    q: float,
    labels: Labels = ANY,
    by: Sequence[str] = (),
    window_s: int = WINDOW_S,
) -> str:
    """A quantile of a histogram in the metric's own unit, one for each value of ``by``."""
    summed = rate_sum(metric, metric.bucket, labels, ("le", *by), window_s)
    return f"histogram_quantile({q:g}, {summed})"


def mean(metric: Metric, labels: Labels = ANY, window_s: int = WINDOW_S) -> str:
    """Mean of what a histogram saw in the window; NaN when that is nothing."""
    total = rate_sum(metric, metric.sum, labels, window_s=window_s)
    return f"{total} / {rate_sum(metric, metric.count, labels, window_s=window_s)}"


def aggregate(how: str, query: str, by: Sequence[str] = ()) -> str:
    """``sum``, ``max`` or another aggregation over everything but the labels in ``by``."""
    kept = f" by ({', '.join(by)})" if by else ""
    return f"{how}{kept} ({query})" if kept else f"{how}({query})"


def metrics_in(query: str) -> tuple[Metric, ...]:
    """The metrics that a query of ours selects, each once, in order.

    Raises:
        UsageError: It selects something that the catalogue does not know.
    """
    found: dict[str, Metric] = {}
    for series in _SELECTED.findall(query):
        metric = owner(series)
        if metric is None:
            raise UsageError(
                f"unknown series {series}, allowed: those of gtc_spec.telemetry.metrics"
            )
        found[metric.name] = metric
    return tuple(found.values())


def lacking(query: str, where: Where) -> Metric | None:
    """The metric without which a query has no answer there; None when it has one.

    A query that also names what no cluster has brings its own stand-in.
    """
    named = metrics_in(query)
    if not all(metric.deployed for metric in named):
        return None
    return next((metric for metric in named if not metric.exists(where)), None)


def known(query: str) -> str:
    """The query without the NaN of an idle window: nothing instead, which a board shows as idle."""
    return f"({query}) >= 0"
