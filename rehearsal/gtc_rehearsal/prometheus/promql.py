"""Evaluates PromQL: the subset that the demo's own queries use, with Prometheus' semantics.

Parsing and type checks are the `promql-parser` library's; this module walks its tree. Whatever it
does not know is refused by name and never answered approximately.

Windows are left-open as in Prometheus 3: a sample exactly `range` old is outside.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

import promql_parser as tree

from gtc_rehearsal.prometheus import promql_operators as operators
from gtc_rehearsal.prometheus.promql_aggregations import AGGREGATIONS, aggregated, count_values
from gtc_rehearsal.prometheus.promql_functions import FUNCTIONS
from gtc_rehearsal.prometheus.promql_values import (
    Matrix,
    Points,
    PromqlError,
    Sample,
    Value,
    Vector,
    drop,
    keep,
    vector,
    without_name,
)
from gtc_rehearsal.prometheus.promql_windows import WINDOW_FUNCTIONS
from gtc_rehearsal.prometheus.tsdb import METRIC_NAME, Labels, Matcher, Series, Tsdb, labels_of

LOOKBACK_MS = 5 * 60 * 1000
"""An instant selector finds samples up to five minutes old (Prometheus' default)."""

MAX_STEPS = 11_000
"""Points per series that a range query may ask for (Prometheus' own limit)."""


class Query:
    """A parsed expression, to be evaluated as often as needed.

    Args:
        expr: PromQL text.

    Raises:
        PromqlError: The text is malformed or uses something outside the subset.
    """

    def __init__(self, expr: str) -> None:
        self._root = _parsed(expr)

    def at(self, store: Tsdb, t_ms: int) -> Value:
        """The value at one time.

        Raises:
            PromqlError: The query is ambiguous on the data at hand.
        """
        return _Evaluation(store, t_ms).value(self._root)

    def over(self, store: Tsdb, start_ms: int, end_ms: int, step_ms: int) -> Matrix:
        """The value at every step from start to end, both included.

        Raises:
            PromqlError: Steps are absurd, or the value is neither a number nor an instant vector.
        """
        if step_ms <= 0:
            raise PromqlError("zero or negative query resolution step widths are not accepted")
        if (end_ms - start_ms) // step_ms >= MAX_STEPS:
            raise PromqlError(f"exceeded maximum resolution of {MAX_STEPS} points per timeseries")
        found: dict[Labels, list[tuple[int, float]]] = defaultdict(list)
        for t_ms in range(start_ms, end_ms + 1, step_ms):
            for labels, value in _as_vector(self.at(store, t_ms)).samples:
                found[labels].append((t_ms, value))
        series = tuple(Points(labels, points) for labels, points in found.items())
        return Matrix(series, start_ms, end_ms)


def select(store: Tsdb, selector: str) -> list[Series]:
    """The series that a selector such as `up{job="x"}` means, whatever their age.

    Raises:
        PromqlError: The text is not an instant selector.
    """
    node = _unwrapped(_parsed(selector))
    if not isinstance(node, tree.VectorSelector):
        raise PromqlError(f'invalid parameter "match[]": got {selector}, allowed: a selector')
    return _select(store, node)


def _parsed(expr: str) -> tree.Expr:
    try:
        root: tree.Expr = tree.parse(expr)
    except ValueError as error:
        raise PromqlError(f"invalid query: {' '.join(str(error).split())}") from error
    return root


def _as_vector(value: Value) -> Vector:
    if isinstance(value, float):
        return Vector((Sample((), value),))
    if isinstance(value, Vector):
        return value
    raise PromqlError("invalid expression type for a range query: must be scalar or instant vector")


class _Evaluation:
    """One expression at one time."""

    def __init__(self, store: Tsdb, t_ms: int) -> None:
        self._store = store
        self._t_ms = t_ms
        self._visitors: dict[type, Callable[[Any], Value]] = {
            tree.NumberLiteral: lambda node: float(node.val),
            tree.StringLiteral: lambda node: str(node.val),
            tree.ParenExpr: lambda node: self.value(node.expr),
            tree.UnaryExpr: self._negated,
            tree.VectorSelector: self._instant,
            tree.MatrixSelector: self._range,
            tree.BinaryExpr: self._binary,
            tree.AggregateExpr: self._aggregate,
            tree.Call: self._call,
        }

    def value(self, node: tree.Expr) -> Value:
        visit = self._visitors.get(type(node))
        if visit is None:
            raise _unsupported(type(node).__name__, node)
        return visit(node)

    def _negated(self, node: tree.UnaryExpr) -> Value:
        value = self.value(node.expr)
        if isinstance(value, float):
            return -value
        return vector(Sample(without_name(s.labels), -s.value) for s in _as_vector(value).samples)

    def _instant(self, node: tree.VectorSelector) -> Vector:
        return vector(Sample(labels, value) for labels, _, value in self._newest(node))

    def _newest(self, node: tree.VectorSelector) -> Iterable[tuple[Labels, int, float]]:
        t_ms = self._t_ms - _offset_ms(node)
        for series in _select(self._store, node):
            found = series.at(t_ms, LOOKBACK_MS)
            if found is not None:
                yield series.labels, *found

    def _range(self, node: tree.MatrixSelector) -> Matrix:
        end_ms = self._t_ms - _offset_ms(node.vector_selector)
        start_ms = end_ms - _ms(node.range)
        found = (
            Points(series.labels, series.between(start_ms, end_ms))
            for series in _select(self._store, node.vector_selector)
        )
        return Matrix(tuple(one for one in found if one.points), start_ms, end_ms)

    def _binary(self, node: tree.BinaryExpr) -> Value:
        op = str(node.op)
        return operators.apply(op, self.value(node.lhs), self.value(node.rhs), _matching(node))

    def _aggregate(self, node: tree.AggregateExpr) -> Vector:
        op = str(node.op)
        if op not in AGGREGATIONS and op != "count_values":
            raise _unsupported(f"aggregation {node.op}", node)
        samples = _as_vector(self.value(node.expr))
        group = partial(_group, modifier=node.modifier)
        if op == "count_values":
            return count_values(str(self.value(cast(tree.Expr, node.param))), samples, group)
        return aggregated(op, samples, group)

    def _call(self, node: tree.Call) -> Value:
        name, args = node.func.name, node.args
        if name == "time":
            return self._t_ms / 1000
        if name == "timestamp":
            return self._timestamp(args[0])
        if name == "absent":
            return self._absent(args[0])
        values = [self.value(arg) for arg in args]
        if name in FUNCTIONS:
            return FUNCTIONS[name](*values)
        if name in WINDOW_FUNCTIONS and isinstance(values[0], Matrix):
            return WINDOW_FUNCTIONS[name](values[0])
        raise _unsupported(f"function {name}()", node)

    def _timestamp(self, node: tree.Expr) -> Vector:
        """Of a selector the time of each sample, of anything else the time of evaluation."""
        node = _unwrapped(node)
        if isinstance(node, tree.VectorSelector):
            times = [(labels, t_ms) for labels, t_ms, _ in self._newest(node)]
        else:
            times = [(s.labels, self._t_ms) for s in _as_vector(self.value(node)).samples]
        return vector(Sample(without_name(labels), t_ms / 1000) for labels, t_ms in times)

    def _absent(self, node: tree.Expr) -> Vector:
        """One sample of value 1, with the labels that the selector fixes, when nothing is there."""
        if _as_vector(self.value(node)).samples:
            return Vector(())
        node = _unwrapped(node)
        return Vector((Sample(_fixed_labels(node), 1.0),))


def _select(store: Tsdb, node: tree.VectorSelector) -> list[Series]:
    if node.at is not None:
        raise _unsupported("the @ modifier", node)
    if node.matchers.or_matchers:
        raise _unsupported("or between matchers", node)
    return store.select(node.name, [_matcher(m) for m in node.matchers.matchers])


def _unwrapped(node: tree.Expr) -> tree.Expr:
    while isinstance(node, tree.ParenExpr):
        node = node.expr
    return node


def _fixed_labels(node: tree.Expr) -> Labels:
    if not isinstance(node, tree.VectorSelector):
        return ()
    matchers = [m for m in node.matchers.matchers if m.name != METRIC_NAME]
    names = [m.name for m in matchers]
    fixed = {m.name: m.value for m in matchers if m.op == tree.MatchOp.Equal}
    return labels_of({name: value for name, value in fixed.items() if names.count(name) == 1})


def _group(labels: Labels, modifier: tree.AggModifier | None) -> Labels:
    if modifier is None:
        return ()
    if modifier.type == tree.AggModifierType.By:
        return keep(labels, modifier.labels)
    return drop(labels, (*modifier.labels, METRIC_NAME))


def _many_side(cardinality: tree.VectorMatchCardinality) -> operators.Side:
    if cardinality == tree.VectorMatchCardinality.ManyToOne:
        return "left"
    return "right" if cardinality == tree.VectorMatchCardinality.OneToMany else "one"


def _matching(node: tree.BinaryExpr) -> operators.Matching:
    modifier = node.modifier
    if modifier is None:
        return operators.Matching()
    fill = modifier.fill_values
    if fill.lhs is not None or fill.rhs is not None:
        raise _unsupported("the fill modifier", node)
    labels = modifier.matching
    names = tuple(labels.labels) if labels is not None else ()
    on = labels is not None and labels.type == tree.LabelModifierType.Include
    return operators.Matching(
        on=names if on else None,
        ignoring=() if on else names,
        many=_many_side(modifier.card),
        include=tuple(modifier.group_labels or ()),
        as_bool=modifier.return_bool,
    )


def _matcher(matcher: tree.Matcher) -> Matcher:
    wanted = matcher.value
    if matcher.op == tree.MatchOp.Equal:
        return matcher.name, lambda value: value == wanted
    if matcher.op == tree.MatchOp.NotEqual:
        return matcher.name, lambda value: value != wanted
    try:
        pattern = re.compile(wanted, re.DOTALL)
    except re.error:
        # Prometheus' own dialect knows a few forms that Python's does not
        raise PromqlError(f"regular expression {wanted} is not supported in rehearsal") from None
    if matcher.op == tree.MatchOp.Re:
        return matcher.name, lambda value: pattern.fullmatch(value) is not None
    return matcher.name, lambda value: pattern.fullmatch(value) is None


def _offset_ms(node: tree.VectorSelector) -> int:
    return 0 if node.offset is None else _ms(node.offset)


def _ms(delta: dt.timedelta) -> int:
    return round(delta / dt.timedelta(milliseconds=1))


def _unsupported(what: str, node: tree.Expr) -> PromqlError:
    text = " ".join(node.prettify().split())
    return PromqlError(f"{what} is not supported by the rehearsal's Prometheus: got {text}")
