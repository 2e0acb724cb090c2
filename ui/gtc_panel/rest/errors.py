"""The one form of an error below ``/api``, and what the schema says about it.

Whatever goes wrong there - a refusal of the demo, a body that cannot be read, a path or a method
that is not there - is answered with ``{"error": ..., "hint": ...}``. Paths outside belong to the
pages, which have a form of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gtc_panel.rest import schema
from gtc_runtime.told import SafeReport
from gtc_runtime.verdict import Verdict
from gtc_runtime.view import DemoView
from gtc_spec.errors import GtcError, UnreachableError, UsageError

BELOW: Final = "/api/"
TOLD_MAX: Final = 400
"""Letters of an error: what was sent may be part of it."""
_SCHEMA_HINT: Final = "GET /api/docs lists what is there"


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    error: str
    """One line: what failed, the value received, what is allowed."""
    hint: str
    """What helps; may be empty."""


class HealthReport(BaseModel):
    """The checks of the preflight."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    passed: bool
    """Whether none is red."""
    took_s: float
    checks: list[Verdict]


Answers = dict[int | str, dict[str, Any]]
_ALWAYS: Final = {
    400: "a header or the body cannot be read",
    403: "a page of somebody else, or an unknown host name",
    503: "the cluster does not answer",
}
_REFUSED: Final = {
    401: "this panel needs its key, see /login",
    408: "the body did not arrive in time",
    409: "not in this mode, or somebody else drives",
    413: "the body is larger than 64 KiB",
    422: "a value that is not allowed",
    429: "too many wrong keys, from anybody; a right one is taken all the same",
}


def _answers(model: type[Any], what: str, errors: Mapping[int, str]) -> Answers:
    """What 200 brings, and the errors that may come instead, all of the one form."""
    told: Answers = {200: {"model": model, "description": what}}
    for code in sorted(errors):
        told[code] = {"model": Problem, "description": errors[code]}
    return told


LOOK: Final = _answers(DemoView, "everything at one instant", _ALWAYS)
"""What a question may be answered with."""
HEALTH: Final = _answers(HealthReport, "every check", _ALWAYS)
COMMAND: Final = _answers(DemoView, "the demo after the command", _ALWAYS | _REFUSED)
"""What a command may be answered with."""
SAFE: Final = _answers(SafeReport, "what came of each step", _ALWAYS | _REFUSED)
PROBE: Final[Answers] = {
    503: {
        "description": "not ready, with the reason",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


def attach(app: FastAPI) -> None:
    """Answer errors of all routes of an application in the one form."""
    app.add_exception_handler(GtcError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def attach_last(app: FastAPI) -> None:
    """Answer for paths and methods below ``/api`` that are not there.

    Call it when all routes below ``/api`` are added, and before pages are: they answer the rest.
    """
    app.router.routes.append(Route(BELOW + "{rest:path}", _Missing(app), include_in_schema=False))


class _Missing:
    """Answers whatever no route took, by any method that somebody may think of."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 405 where another method would do, else 404."""
        path, method = scope["path"], scope["method"]
        known = (await schema.of(self._app))["paths"].get(path, {})
        response = _problem(404, f"there is no {path}", _SCHEMA_HINT)
        if known:
            allowed = ", ".join(sorted(each.upper() for each in known))
            response = _problem(405, f"{method} is not allowed here", f"allowed: {allowed}")
            response.headers["allow"] = allowed
        await response(scope, receive, send)


def _problem(status: int, error: str, hint: str) -> JSONResponse:
    told = Problem(error=error[:TOLD_MAX], hint=hint[:TOLD_MAX])  # nobody gets a long body back
    return JSONResponse(told.model_dump(), status_code=status)


async def _told(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GtcError)  # noqa: S101 - registered for this type only
    status = 409
    if isinstance(error, UsageError):
        status = 422
    elif isinstance(error, UnreachableError):
        status = 503
    return _problem(status, error.message, error.hint)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    first = error.errors()[0]
    where = ".".join(each for each in first["loc"][1:] if isinstance(each, str)) or "body"
    return _problem(422, f"{where}: {first['msg'].lower()}", 'send json like {"rps": 1.5}')


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    if not request.url.path.startswith(BELOW):
        return PlainTextResponse(str(error.detail), error.status_code, error.headers)
    return _problem(error.status_code, str(error.detail).lower(), "send json in utf-8")
