"""Prometheus' HTTP interface over our store: the routes that clients of ours and Grafana use.

It speaks JSON and knows neither scraping nor PromQL's rules.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

import promql_parser
from aiohttp import web
from multidict import MultiDict, MultiMapping

from gtc_rehearsal.prometheus.promql import Query, select
from gtc_rehearsal.prometheus.promql_values import Matrix, PromqlError, Value, Vector, number_text
from gtc_rehearsal.prometheus.scraper import Scraper
from gtc_rehearsal.prometheus.tsdb import Labels, Tsdb

_HEALTH = {True: "up", False: "down", None: "unknown"}


class _ParameterError(Exception):
    """A parameter of a request that cannot be read."""


class Api:
    """The routes.

    Args:
        store: What to query.
        scraper: Whose targets to list.
        clock: Wall clock, unix seconds.
    """

    def __init__(self, store: Tsdb, scraper: Scraper, clock: Callable[[], float]) -> None:
        self._store = store
        self._scraper = scraper
        self._clock = clock

    def app(self) -> web.Application:
        """The application that serves all routes."""
        app = web.Application(middlewares=[_errors_as_json])
        for path, handler in (
            ("query", self._query),
            ("query_range", self._query_range),
            ("series", self._series),
            ("labels", self._labels),
        ):
            app.router.add_get(f"/api/v1/{path}", handler)
            app.router.add_post(f"/api/v1/{path}", handler)
        app.router.add_get("/api/v1/label/{name}/values", self._label_values)
        app.router.add_get("/api/v1/targets", self._targets)
        app.router.add_get("/sd", self._discovery)
        app.router.add_get("/-/healthy", _says("healthy"))
        app.router.add_get("/-/ready", _says("ready"))
        return app

    async def _query(self, request: web.Request) -> web.Response:
        form = await _form(request)
        query = Query(_required(form, "query"))
        at_ms = self._time_ms(form, "time")
        return _success(_result(query.at(self._store, at_ms), at_ms))

    async def _query_range(self, request: web.Request) -> web.Response:
        form = await _form(request)
        query = Query(_required(form, "query"))
        start_ms, end_ms = (self._time_ms(form, key, required=True) for key in ("start", "end"))
        if end_ms < start_ms:
            raise _ParameterError('invalid parameter "end": end timestamp must not be before start')
        step_ms = _duration_ms("step", _required(form, "step"))
        found = query.over(self._store, start_ms, end_ms, step_ms)
        return _success(_result(found, end_ms))

    async def _series(self, request: web.Request) -> web.Response:
        return _success([dict(labels) for labels in self._matching(await _form(request))])

    async def _labels(self, request: web.Request) -> web.Response:
        found = self._matching(await _form(request))
        return _success(sorted({name for labels in found for name, _ in labels}))

    async def _label_values(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        found = (dict(labels).get(name, "") for labels in self._matching(request.query))
        return _success(sorted({value for value in found if value}))

    async def _targets(self, _request: web.Request) -> web.Response:
        active = [
            {
                "discoveredLabels": {},
                "labels": target.labels,
                "scrapePool": target.labels["job"],
                "scrapeUrl": target.url,
                "globalUrl": target.url,
                "lastError": target.error,
                "lastScrape": _rfc3339(target.scraped_at),
                "lastScrapeDuration": target.took_s,
                "health": _HEALTH[target.healthy],
            }
            for target in self._scraper.targets
        ]
        return _success({"activeTargets": active, "droppedTargets": []})

    async def _discovery(self, _request: web.Request) -> web.Response:
        """The targets as HTTP service discovery, for a real Prometheus that scrapes them too."""
        found = [
            {
                "targets": [target.labels["instance"]],
                "labels": {name: v for name, v in target.labels.items() if name != "instance"},
            }
            for target in self._scraper.targets
        ]
        return web.json_response(found)

    def _matching(self, form: MultiMapping[str]) -> list[Labels]:
        """Label sets of the series that any `match[]` selects; all of them without one."""
        wanted = form.getall("match[]", ['{__name__=~".+"}'])
        found = {series.labels for text in wanted for series in select(self._store, text)}
        return sorted(found)

    def _time_ms(self, form: Mapping[str, str], key: str, *, required: bool = False) -> int:
        text = _required(form, key) if required else form.get(key, "")
        if not text:
            return int(self._clock() * 1000)
        try:
            seconds = float(text)
            return round(seconds * 1000)
        except (ValueError, OverflowError):
            pass
        try:
            return round(dt.datetime.fromisoformat(text).timestamp() * 1000)
        except ValueError:
            raise _ParameterError(
                f'invalid parameter "{key}": cannot parse "{text}" to a valid timestamp'
            ) from None


def _says(word: str) -> Callable[[web.Request], Any]:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=f"Prometheus Server is {word.capitalize()}.\n")

    return handler


async def _form(request: web.Request) -> MultiMapping[str]:
    """Parameters of the URL and, for POST, of the body."""
    form = MultiDict(request.query)
    if request.method == "POST":
        posted = await request.post()
        form.extend((key, value) for key, value in posted.items() if isinstance(value, str))
    return form


def _required(form: Mapping[str, str], key: str) -> str:
    text = form.get(key, "")
    if not text:
        raise _ParameterError(f'invalid parameter "{key}": it is missing')
    return text


def _duration_ms(key: str, text: str) -> int:
    try:
        if re.fullmatch(r"[0-9.eE+-]+", text):
            return round(float(text) * 1000)
        return round(promql_parser.parse_duration(text).total_seconds() * 1000)
    except (ValueError, OverflowError):
        raise _ParameterError(
            f'invalid parameter "{key}": cannot parse "{text}" to a valid duration'
        ) from None


def _success(data: Any) -> web.Response:
    return web.json_response({"status": "success", "data": data})


def _failure(status: int, kind: str, error: str) -> web.Response:
    return web.json_response({"status": "error", "errorType": kind, "error": error}, status=status)


@web.middleware
async def _errors_as_json(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except _ParameterError as error:
        return _failure(400, "bad_data", str(error))
    except PromqlError as error:
        return _failure(400, "bad_data", error.message)
    return answer


def _result(value: Value, at_ms: int) -> dict[str, Any]:
    if isinstance(value, Vector):
        rows: list[Any] = [
            {"metric": dict(labels), "value": _pair(at_ms, number)}
            for labels, number in value.samples
        ]
        return {"resultType": "vector", "result": rows}
    if isinstance(value, Matrix):
        rows = [
            {"metric": dict(labels), "values": [_pair(t_ms, number) for t_ms, number in points]}
            for labels, points in value.series
        ]
        return {"resultType": "matrix", "result": rows}
    if isinstance(value, str):
        return {"resultType": "string", "result": [at_ms / 1000, value]}
    return {"resultType": "scalar", "result": _pair(at_ms, value)}


def _pair(t_ms: int, value: float) -> list[Any]:
    return [t_ms / 1000, number_text(value)]


def _rfc3339(seconds: float) -> str:
    if not seconds:
        return "0001-01-01T00:00:00Z"
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z")
