"""Asks a Prometheus everything that the boards ask, and says why a panel would stay empty.

For each query without an answer it looks for the first thing that does not match: a metric that
nobody emits, or a label. It must not know which boards there are, and it changes nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from gtc_runtime.metrics.prometheus import PrometheusClient, Row
from gtc_runtime.metrics.reading import Missing
from gtc_runtime.verdict import State, Verdict
from gtc_spec.errors import UnreachableError
from gtc_spec.telemetry.metric import Where
from gtc_spec.telemetry.metrics import owner
from gtc_spec.telemetry.promql_syntax import lacking

QueryState = Literal["answers", "idle", "empty", "not-applicable"]
_VERDICTS: Final[dict[QueryState, State]] = {
    "answers": "green",
    "idle": "green",
    "empty": "red",
    "not-applicable": "not-applicable",
}
SEEN_MAX = 4
"""Values of a label that are named when none of them is the wanted one."""

_SELECTOR = re.compile(r'([a-zA-Z_:][\w:]*)\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}')
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True)
class BoardQuery:
    """What became of one query of a board.

    Attributes:
        board, panel: Where it is asked; marks are asked by the panel ``mark: <name>``.
        query: PromQL.
        state: ``answers``; ``idle`` when everything matches and nothing happens just now; ``empty``
            when something does not match; ``not-applicable`` for what there is not there.
        reason: Why it does not answer, one line.
    """

    board: str
    panel: str
    query: str
    state: QueryState
    reason: str = ""

    def to_json(self) -> dict[str, str]:
        """Plain containers for ``--json``."""
        return asdict(self)

    @property
    def verdict(self) -> Verdict:
        """For people; a query that answers or could is no reason to act."""
        return Verdict(f"{self.board} / {self.panel}", _VERDICTS[self.state], self.reason)


async def check_boards(
    client: PrometheusClient, boards: Mapping[str, Mapping[str, Any]], where: Where
) -> list[BoardQuery]:
    """Ask every query of every board once.

    Args:
        client: The Prometheus that Grafana reads.
        boards: Grafana's JSON by a name for people.
        where: Whose it is: a rehearsal has neither GPUs nor kube-state-metrics.

    Raises:
        UnreachableError: Prometheus does not answer.
    """
    checker = _Checker(client, where)
    findings = []
    for board, document in boards.items():
        for panel, query in queries_of(document):
            state, reason = await checker.state_of(query)
            findings.append(BoardQuery(board, panel, query, state, reason))
    return findings


def queries_of(board: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every query of a board with the title of its panel; marks last."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for mark in board["annotations"]["list"]:
        if "expr" in mark:
            yield f"mark: {mark['name']}", mark["expr"]


class _Checker:
    """Asks, and remembers: boards share queries."""

    def __init__(self, client: PrometheusClient, where: Where) -> None:
        self._client, self._where = client, where
        self._known: dict[str, tuple[QueryState, str]] = {}

    async def state_of(self, query: str) -> tuple[QueryState, str]:
        """State and reason of a query."""
        if query not in self._known:
            self._known[query] = await self._judge(query)
        return self._known[query]

    async def _judge(self, query: str) -> tuple[QueryState, str]:
        rows = await self._series(query)
        if any(math.isfinite(value) for _, value in rows):
            return "answers", ""
        if missing := lacking(query, self._where):
            here = "a rehearsal" if self._where == "rehearsal" else "a cluster without GPUs"
            return "not-applicable", f"{here} has no {missing.name}, which {missing.emitter} emits"
        if reason := await self._mismatch(query):
            return "empty", reason
        quiet = "no traffic in the window" if rows else "all labels match, nothing to tell just now"
        return "idle", quiet

    async def _mismatch(self, query: str) -> str:
        """The first metric or label of a query that matches nothing; empty when all do."""
        for name, inside in dict.fromkeys(_SELECTOR.findall(query)):
            metric = owner(name)
            there = metric is None or metric.exists(self._where)
            if there and (reason := await self._first_mismatch(name, _MATCHER.findall(inside))):
                return reason
        return ""

    async def _first_mismatch(self, name: str, matchers: list[tuple[str, str, str]]) -> str:
        if not await self._series(f"group({name}{{}})"):
            metric = owner(name)
            emitter = metric.emitter.value if metric else "anybody"
            return f"no series {name}: {emitter} is not scraped or has had nothing to count yet"
        chosen: list[str] = []
        for label, operator, value in matchers:
            before = ",".join(chosen)
            chosen.append(f"{label}{operator}{value}")
            if not await self._series(f"group({name}{{{','.join(chosen)}}})"):
                rows = await self._series(f"group by ({label}) ({name}{{{before}}})")
                seen = sorted(labels.get(label, "") or "(absent)" for labels, _ in rows)
                more = ", …" if len(seen) > SEEN_MAX else ""
                shown = ", ".join(seen[:SEEN_MAX]) + more
                return f"{label}{operator}{value} matches no series of {name}, there is: {shown}"
        return ""

    async def _series(self, query: str) -> list[Row]:
        rows = await self._client.series(query)
        if isinstance(rows, Missing):
            raise UnreachableError(rows.reason, "give its address with --prometheus")
        return rows
