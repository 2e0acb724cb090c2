"""Pages that are only words, in the panel's own style: cheap, and without state.

They answer where no page can be built: for a path that is not there, for a page that failed, and
before anybody is let in. It must not know who may come in.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Collection
from functools import cache
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gtc_panel import text, theme

LIBRARY: Final = "/_nicegui/"
"""Files of the page library: whoever asks for one is a page and reads no HTML."""
_log = logging.getLogger(__name__)


def document(title: str, sentences: tuple[str, ...], more: str = "") -> str:
    """A whole page.

    Args:
        title: Its heading.
        sentences: What is to say, one paragraph each; never read as HTML.
        more: HTML after the sentences, such as a form.
    """
    said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    return _FRAME.format(style=_style(), title=html.escape(title), said=said, more=more)


def attach(pages: FastAPI, served: Collection[str]) -> None:
    """Answer with such a page for paths that are not there and for pages that fail.

    Args:
        pages: Where they are missed.
        served: Paths of the pages that are there: others are not linked.
    """
    links = _links(served)

    async def missing(request: Request, _error: Exception) -> Response:
        path = request.url.path
        if path.startswith(LIBRARY):
            return Response(status_code=404)
        said = (text.MISSING_WHAT.format(path=path[:200]),)
        return HTMLResponse(document(text.MISSING, said, links), 404)

    async def failed(_request: Request, error: Exception) -> Response:
        _log.error("a page could not be built", exc_info=error)
        return HTMLResponse(document(text.FAILED, text.FAILED_WHAT, links), 500)

    pages.add_exception_handler(404, missing)
    pages.add_exception_handler(Exception, failed)


def _links(served: Collection[str]) -> str:
    there = ((path, name) for path, name in text.PAGES if path in served)
    links = "".join(f'<a href="{path}">{html.escape(name)}</a>' for path, name in there)
    return f'<nav aria-label="{text.OTHER_PAGES}">{links}</nav>'


@cache
def _style() -> str:
    return theme.plain_sheet()


_FRAME: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{said}{more}</main></body>
</html>
"""
