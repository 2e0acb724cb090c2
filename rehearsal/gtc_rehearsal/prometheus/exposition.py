"""Reads one scrape: the text format into label sets and values, as Prometheus would store them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.parser import text_string_to_metric_families

from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Labels, labels_of
from gtc_spec.errors import GtcError

_BOUND_LABELS = ("le", "quantile")


class ExpositionError(GtcError):
    """A target answered something that is not the Prometheus text format."""


def samples_of(text: str, target: Mapping[str, str]) -> Iterator[tuple[Labels, float]]:
    """The samples of a scrape with the target's labels added.

    A label that the target also sets is kept as `exported_<name>`; whole bucket bounds become
    floats (`le="1"` is stored as `le="1.0"`), as in Prometheus 3. Time stamps are ignored.

    Args:
        text: Body of a `/metrics` answer.
        target: Labels of the target, such as `job`, `instance` and `pod`.

    Raises:
        ExpositionError: The text is malformed.
    """
    # The library renames counters that do not end in _total; without the TYPE line it cannot.
    plain = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    try:
        for family in text_string_to_metric_families(plain + "\n"):
            for sample in family.samples:
                yield _stored(sample.name, sample.labels, target), float(sample.value)
    except (ValueError, IndexError, KeyError) as error:
        raise ExpositionError(f"malformed metrics text: {error}") from error


def _stored(name: str, scraped: Mapping[str, str], target: Mapping[str, str]) -> Labels:
    labels = {METRIC_NAME: name, **target}
    for label, value in scraped.items():
        kept = f"exported_{label}" if label in target else label
        labels[kept] = _bound(value) if label in _BOUND_LABELS else value
    return labels_of(labels)


def _bound(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    return f"{number:.1f}" if number.is_integer() and abs(number) < 1e15 else text
