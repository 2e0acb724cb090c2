"""arXiv: abstract, introduction and what follows, of papers whose licence lets us copy them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlencode

from gtc_runtime.corpus.sources.article import Article
from gtc_runtime.corpus.sources.client import MissingPageError, PoliteClient, SourceError
from gtc_runtime.corpus.sources.markup import blocks

API_URL: Final = "https://export.arxiv.org"
"""The host that arXiv names for programs."""
URL: Final = "https://arxiv.org"
CATEGORIES: Final = ("cs.DC", "cs.AR", "physics.comp-ph", "cs.NI", "cs.CL", "physics.data-an")
PAPERS: Final = 40
"""Papers to look at in each category; about a third is under a free licence."""
FREE: Final = re.compile(r"CC BY(?:-SA)? \d|CC0|CC Zero|public domain", re.IGNORECASE)
_LICENCE = re.compile(r'id="license-tr"[^>]*>\s*License:\s*([^<]+?)\s*<', re.IGNORECASE)
_PAPER = re.compile(r"<id>\s*https?://arxiv\.org/abs/([\w./-]+?)\s*</id>")
_LAST = frozenset({"ltx_bibliography", "ltx_appendix", "ltx_acknowledgements"})
_PROSE = frozenset({"ltx_abstract", "ltx_section"})


class Arxiv:
    """Papers in `CATEGORIES`, submitted from 2024 on, when arXiv began to show them as HTML."""

    name = "arXiv"
    interval_s = 3.0

    def __init__(self, api_url: str = API_URL, url: str = URL) -> None:
        self._api_url, self._url = api_url.rstrip("/"), url.rstrip("/")

    async def articles(self, client: PoliteClient) -> AsyncIterator[Article]:
        """See `Source`."""
        for category in CATEGORIES:
            listed = await client.get(self._query(category), ("application/atom+xml", "text/xml"))
            if "<feed" not in listed:
                raise SourceError(f"arXiv: {self._api_url} answered no list of papers")
            for paper in _PAPER.findall(listed):
                url = f"{self._url}/html/{paper}"
                try:
                    page = await client.get(url, ("text/html",))
                except MissingPageError:
                    continue
                if (article := read(page, paper, url)) is not None:
                    yield article

    def _query(self, category: str) -> str:
        query = {
            "search_query": f"cat:{category} AND submittedDate:[202401010000 TO 202412312359]",
            "max_results": PAPERS,
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
        }
        return f"{self._api_url}/api/query?{urlencode(query)}"


def read(page: str, paper: str, url: str) -> Article | None:
    """The prose of a paper; None when its licence does not let us copy it or it has none."""
    licence = _LICENCE.search(page)
    if licence is None or not FREE.match(licence[1]):
        return None
    title, parts = "", []
    for block in blocks(page):
        if block.classes & _LAST:
            break
        if block.heading == 1 and not title:
            title = block.text
        elif block.classes & _PROSE:
            parts.append(block.text)
    if not title or not parts:
        return None
    text = "\n\n".join([title, *parts])
    return Article(f"arxiv-{paper.replace('/', '-')}", title, text, url, licence[1])
