"""Asks a Prometheus and is honest about the answer: a fresh finite number, or why there is none.

Nothing here raises: a panel that cannot read a figure shows that, and goes on. It must not know
which queries exist.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any, Self

import aiohttp

from gtc_runtime.formats import NO_DATA_WORDS
from gtc_runtime.metrics.reading import Missing, Reading
from gtc_runtime.view import STALE_AFTER_S
from gtc_spec import foreign_json
from gtc_spec.errors import one_line

TIMEOUT_S = 3.0
"""A whole question may take this long; the panel asks anew every two seconds anyway."""

_SELECTOR = re.compile(r'([a-zA-Z_:][\w:]*)(\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})')

Row = tuple[dict[str, str], float]
"""One series of an answer: its labels and its value now."""


class PrometheusClient:
    """Reads single figures from one Prometheus.

    Use as an async context manager, or call `close` at the end.

    Args:
        url: Base URL of the server.
        timeout_s: Deadline of each question.
        stale_after_s: Age from which a figure counts as missing; by default three scrapes.
    """

    def __init__(
        self, url: str, timeout_s: float = TIMEOUT_S, stale_after_s: float = STALE_AFTER_S
    ) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._stale_after_s = stale_after_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Give back the connections; the client can be used again afterwards."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def query(self, expr: str) -> Reading | Missing:
        """The one number that an expression is worth now.

        Args:
            expr: PromQL of which every selector has braces (`up{}`), as
                gtc_spec.telemetry.promql writes it; the age is found by asking for the time of
                each of them.

        Returns:
            Missing when the server is down, slow or talks nonsense, and when the value is absent,
            NaN, infinite, ambiguous (several series) or rests on old samples.
        """
        age_expr = age_query(expr)
        answers = await self._answers(expr, *([age_expr] if age_expr else []))
        if isinstance(answers, Missing):
            return answers
        rows, *ages = answers
        age_s = self._age_s(ages[0]) if rows and ages else 0.0
        if isinstance(age_s, Missing):
            return age_s
        if len(rows) != 1:
            return Missing(f"{len(rows)} series where one was expected" if rows else NO_DATA_WORDS)
        return _reading(rows[0][1], age_s)

    async def series(self, expr: str) -> list[Row] | Missing:
        """All series of an expression, whatever their age and value; Missing without an answer."""
        answers = await self._answers(expr)
        return answers if isinstance(answers, Missing) else answers[0]

    async def _answers(self, *expressions: str) -> list[list[Row]] | Missing:
        """The rows of each expression, all within one deadline, or why one of them has none."""
        found = []
        try:
            async with asyncio.timeout(self._timeout_s):
                for expr in expressions:
                    rows = await self._rows(expr)
                    if isinstance(rows, Missing):
                        return rows
                    found.append(rows)
        except TimeoutError:
            return Missing(f"prometheus did not answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            words = str(error).split("\n")[0] or type(error).__name__
            return Missing(f"cannot reach prometheus at {self._url}: {words}")
        return found

    def _age_s(self, ages: list[Row]) -> float | Missing:
        """The answer of an age query; Missing when the figure is too old."""
        if not ages or not math.isfinite(ages[0][1]):
            return Missing("stale: what it rests on is no longer scraped")
        age_s = max(0.0, ages[0][1])
        if age_s > self._stale_after_s:
            allowed = f"allowed are {self._stale_after_s:g} s"
            return Missing(f"stale: the newest sample is {age_s:.0f} s old, {allowed}")
        return age_s

    async def _rows(self, expr: str) -> list[Row] | Missing:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.post(f"{self._url}/api/v1/query", data={"query": expr}) as answer:
            try:
                body = await answer.json(content_type=None, loads=foreign_json.read)
            except ValueError:
                return Missing(f"prometheus answered {answer.status} and no JSON")
            return _rows_of(body, answer.status)


def selectors(expr: str) -> list[str]:
    """Each selector of an expression once, as it is written there."""
    return list(dict.fromkeys(name + braces for name, braces in _SELECTOR.findall(expr)))


def age_query(expr: str) -> str | None:
    """PromQL for the age in seconds of the oldest input of an expression.

    A selector that finds nothing does not count: a histogram without traffic has no series. But
    where a query falls back on `up`, that counts only while its target is up; so a window that
    still holds samples of a dead process is found out.

    Returns:
        None when the expression has no selector.
    """
    found = list(dict.fromkeys(_SELECTOR.findall(expr)))
    only_up = all(name == "up" for name, _ in found)
    if not found:
        return None
    times = (
        f"{name}{braces}) and ({name}{braces} == 1"
        if name == "up" and not only_up
        else f"{name}{braces}"
        for name, braces in found
    )
    numbered = (
        f'label_replace(max(timestamp({time})), "input", "{index}", "", "")'
        for index, time in enumerate(times)
    )
    return f"time() - min({' or '.join(numbered)})"


def _rows_of(body: Any, status: int) -> list[Row] | Missing:
    """The rows of Prometheus' answer; a scalar is one row without labels."""
    if not isinstance(body, dict) or body.get("status") != "success":
        words = body.get("error", "") if isinstance(body, dict) else ""
        return Missing(one_line(f"prometheus answered {status}: {words or 'no success'}"))
    try:
        data = body["data"]
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(dict(row["metric"]), float(row["value"][1])) for row in data["result"]]
    except (LookupError, TypeError, ValueError, OverflowError):
        return Missing("prometheus answered something that is not an instant vector")


def _reading(value: float, age_s: float) -> Reading | Missing:
    if math.isnan(value):
        return Missing("not a number: no traffic in the window")
    if math.isinf(value):
        return Missing("infinite")
    return Reading(value, age_s)
