"""Pages that are only words, in the panel's own style: cheap, without a script and without state.

They answer where no page can be built: for a path that is not there and for a page that failed.
"""

from __future__ import annotations

import html
import logging
from functools import cache
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gtc_panel import text, theme

LIBRARY: Final = "/_nicegui/"
"""Files of the page library: whoever asks for one is a page and reads no HTML."""
_log = logging.getLogger(__name__)


def plain_page(title: str, sentences: tuple[str, ...], status: int, body: str = "") -> HTMLResponse:
    """A whole page.

    Args:
        title: Its heading.
        sentences: What is to say, one paragraph each; never read as HTML.
        status: Of the answer.
        body: HTML after the sentences, such as a form; the ways to the other pages when empty.
    """
    said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    document = _FRAME.format(
        style=_style(), title=html.escape(title), said=said, body=body or _links()
    )
    return HTMLResponse(document, status)


def attach(pages: FastAPI) -> None:
    """Answer with such a page for paths that are not there and for pages that fail."""
    pages.add_exception_handler(404, _missing)
    pages.add_exception_handler(Exception, _failed)


async def _missing(request: Request, _error: Exception) -> Response:
    path = request.url.path
    if path.startswith(LIBRARY):
        return Response(status_code=404)
    return plain_page(text.MISSING, (text.MISSING_WHAT.format(path=path[:200]),), 404)


async def _failed(_request: Request, error: Exception) -> Response:
    _log.error("a page could not be built", exc_info=error)
    return plain_page(text.FAILED, text.FAILED_WHAT, 500)


def _links() -> str:
    links = "".join(f'<a href="{path}">{html.escape(name)}</a>' for path, name in text.PAGES)
    return f'<nav aria-label="{text.OTHER_PAGES}">{links}</nav>'


@cache
def _style() -> str:
    return theme.plain_sheet()


_FRAME: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{said}{body}</main></body>
</html>
"""
