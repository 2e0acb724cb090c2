"""The page about the routes at ``/api/docs``: our own HTML from the schema, nothing from elsewhere.

It has no script, so it works offline and under any policy. It must not know a route by name.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from gtc_panel import theme
from gtc_panel.rest import schema

JSON = dict[str, Any]
PATH: Final = "/api/docs"

_FRAME: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:,"><style>{style}</style></head>
<body><main><h1>{title}</h1>{body}</main></body>
</html>
"""


def attach(app: FastAPI) -> None:
    """Serve the page of an application; it is made when it is first asked for."""
    made: list[str] = []

    @app.get(PATH, include_in_schema=False)
    async def docs() -> HTMLResponse:
        whole = await schema.of(app)
        if not made:
            made.append(_page(whole))
        return HTMLResponse(made[0])


def _page(whole: JSON) -> str:
    routes = [
        (method, path, told)
        for path, methods in whole["paths"].items()
        for method, told in methods.items()
    ]
    types = whole["components"]["schemas"]
    parts = [
        _prose(whole["info"]["description"]),
        f'<p>For programs: <a href="{schema.PATH}">{schema.PATH}</a></p>',
        "<h2>Routes</h2>",
        _contents([(f"{method.upper()} {path}", path) for method, path, _ in routes]),
        *(_route(method, path, told) for method, path, told in routes),
        "<h2>Types</h2>",
        _contents([(name, name) for name in types]),
        *(_type(name, told) for name, told in types.items()),
    ]
    title = f"REST of {whole['info']['title']} {whole['info']['version']}"
    return _FRAME.format(title=_text(title), style=theme.docs_sheet(), body="\n".join(parts))


def _contents(entries: list[tuple[str, str]]) -> str:
    items = (f'<li><a href="#{_text(to)}">{_text(name)}</a></li>' for name, to in entries)
    return f"<ul>{''.join(items)}</ul>"


def _route(method: str, path: str, told: JSON) -> str:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    takes = "" if body is None else f"<p>Body: {_shape(body)}</p>"
    rows = (
        f"<tr><th scope=row>{status}</th><td>{_text(answer['description'])}</td>"
        f"<td>{_answered(answer)}</td></tr>"
        for status, answer in told["responses"].items()
    )
    return (
        f'<h3 id="{_text(path)}"><span class="method method-{method}">{method.upper()}</span> '
        f"<code>{_text(path)}</code></h3>{_prose(told.get('description', ''))}{takes}"
        f"<table><caption>Answers</caption>{''.join(rows)}</table>"
    )


def _answered(answer: JSON) -> str:
    return ", ".join(
        _shape(content["schema"]) if content.get("schema") else _text(kind)
        for kind, content in answer.get("content", {}).items()
    )


def _type(name: str, told: JSON) -> str:
    needed = told.get("required", [])
    rows = (
        f"<tr><th scope=row><code>{_text(field)}</code></th><td>{_shape(each)}"
        f"{'' if field in needed else _default(each)}</td>"
        f"<td>{_inline(each.get('description', ''))}</td></tr>"
        for field, each in told.get("properties", {}).items()
    )
    return (
        f'<h3 id="{_text(name)}"><code>{_text(name)}</code></h3>'
        f"{_prose(told.get('description', ''))}"
        f"<table class=types><caption>Fields of {_text(name)}</caption>"
        f"{''.join(rows)}</table>"
    )


def _shape(told: JSON) -> str:
    """A type in a few words, with a link where it is one of ours."""
    if "$ref" in told:
        name = _text(told["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in told:
        return " or ".join(_shape(each) for each in told["anyOf"])
    if "enum" in told:
        return ", ".join(f"<code>{_text(str(each))}</code>" for each in told["enum"])
    if told.get("type") == "array":
        return f"list of {_shape(told.get('items', {}))}"
    if isinstance(told.get("additionalProperties"), dict):
        return f"text to {_shape(told['additionalProperties'])}"
    if "const" in told:
        return f"<code>{_text(str(told['const']))}</code>"
    return _text(told.get("format") or told.get("type") or "anything")


def _default(told: JSON) -> str:
    found = told.get("default")
    told_so = isinstance(found, bool | int | float)
    return f" (<code>{json.dumps(found)}</code>)" if told_so else ""


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    """The little of Markdown that our sentences use."""
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", _text(text))
    return re.sub(r"(`{1,2})(.+?)\1", r"<code>\2</code>", safe)


def _text(text: str) -> str:
    return html.escape(text)
