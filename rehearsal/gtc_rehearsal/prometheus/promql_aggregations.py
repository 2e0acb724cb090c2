"""PromQL's aggregations: many samples of an instant vector become one for each group.

Nothing here knows about storage or the syntax tree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from gtc_rehearsal.prometheus.promql_values import Sample, Vector, number_text, vector
from gtc_rehearsal.prometheus.promql_windows import largest, smallest
from gtc_rehearsal.prometheus.tsdb import Labels, labels_of

Group = Callable[[Labels], Labels]
"""The labels that a sample's group has."""

AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "min": smallest,
    "max": largest,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
}
"""Those that make one number of all values."""


def aggregated(op: str, samples: Vector, group: Group) -> Vector:
    """One sample a group, by one of `AGGREGATIONS`."""
    groups: dict[Labels, list[float]] = defaultdict(list)
    for labels, value in samples.samples:
        groups[group(labels)].append(value)
    reduce = AGGREGATIONS[op]
    return vector(Sample(labels, float(reduce(values))) for labels, values in groups.items())


def count_values(label: str, samples: Vector, group: Group) -> Vector:
    """How often each value occurs in each group, the value itself written into a label."""
    counts = Counter(
        labels_of({**dict(group(labels)), label: number_text(value)})
        for labels, value in samples.samples
    )
    return vector(Sample(labels, float(count)) for labels, count in counts.items())
