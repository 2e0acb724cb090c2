"""The OpenAPI schema of the routes, with the words that stand beside the fields in our source.

A reader of the schema gets the same sentences as a reader of the code, from one home. It must not
know how the schema is shown.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from gtc_runtime import told, view
from gtc_spec import versions

JSON = dict[str, Any]
PATH: Final = "/openapi.json"

ABOUT: Final = """\
Every route answers with JSON; a command answers with the demo as it is after it.

**Errors** have one form, `{"error": ..., "hint": ...}`: 400 and 422 for what was sent, 401, 403,
408, 413 and 429 from the door, 404 and 405 for what is not there, 409 where the command is not
possible now, 503 when the cluster does not answer.

**Repeating** a command is harmless; every route says what it does. Values are absolute: a rate, a
mix, `on`, a time.

**Who** gave a command is told in the events that it causes, as `actor`: `page`, `gtc` or `api`, and
an address. The command line says so of itself in its User-Agent; that is a name and no proof.

**Figures** that are not known are null, never 0. Sources that have said nothing for 15 s are in
`stale` with their age; after 60 s their figures are null. Times are ISO 8601 with zone, durations
carry their unit in their name.

**`/ws`** is a WebSocket that sends, twice a second, the same JSON as `GET /api/status`. It takes no
messages; who reads nothing for 5 s is dropped.
"""
_NONE: Final = re.compile(r"\bNone\b")
_HERE: Final = (view, told)
"""Modules of the dataclasses that routes answer with."""


def attach(app: FastAPI) -> None:
    """Make ``/openapi.json`` of an application tell all this."""
    app.openapi = partial(_schema, app)  # type: ignore[method-assign]
    app.state.schema_turn = asyncio.Lock()

    @app.get(PATH, include_in_schema=False)
    async def schema() -> JSONResponse:
        return JSONResponse(await of(app))


async def of(app: FastAPI) -> JSON:
    """The schema of an application; made once, beside the event loop, because it takes a while."""
    turn: asyncio.Lock = app.state.schema_turn
    async with turn:
        if app.openapi_schema is None:
            return await asyncio.to_thread(app.openapi)
        return app.openapi_schema


def _schema(app: FastAPI) -> JSON:
    if app.openapi_schema is None:
        made = get_openapi(
            title="gtc-demo", version=versions.GTC, description=ABOUT, routes=app.routes
        )
        for module in _HERE:
            for name, field, words in _words(module):
                found = made["components"]["schemas"].get(name, {}).get("properties", {})
                if field in found:
                    found[field]["description"] = words
        app.openapi_schema = made
    return app.openapi_schema


def _words(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    """Class, field and the text under the field, for every field of a module that has one."""
    for made in ast.parse(inspect.getsource(module)).body:
        if not isinstance(made, ast.ClassDef):
            continue
        for field, text in zip(made.body, made.body[1:], strict=False):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(words))),
                ):
                    yield made.name, name, _NONE.sub("null", inspect.cleandoc(words))
