"""Whether the query of a trigger can be one: PromQL, and a number for each series.

KEDA asks Prometheus only when it scales, and a query that is refused then holds the replicas for
ever. Whether its series exist cannot be known here. It must not know who is scaled.
"""

from __future__ import annotations

import promql_parser

from gtc_spec.manifests.scaled_object import PrometheusTrigger

_NO_NUMBERS = {
    promql_parser.MatrixSelector: "a range of samples",
    promql_parser.SubqueryExpr: "a range of samples",
    promql_parser.StringLiteral: "a text",
}


def problem_of(trigger: PrometheusTrigger) -> str:
    """What is wrong with the query of a trigger; empty when nothing is."""
    if trigger.dialect != "promql":
        return ""
    try:
        parsed = promql_parser.parse(trigger.query)
    except ValueError as error:
        return f"query {trigger.query!r}: {error}"
    while isinstance(parsed, promql_parser.ParenExpr):
        parsed = parsed.expr
    found = next((what for kind, what in _NO_NUMBERS.items() if isinstance(parsed, kind)), "")
    return f"query {trigger.query!r} gives {found}" if found else ""
