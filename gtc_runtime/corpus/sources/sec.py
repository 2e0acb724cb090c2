"""SEC EDGAR: long sections of annual reports (form 10-K)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from gtc_runtime.corpus.sources.article import Article
from gtc_runtime.corpus.sources.client import MissingPageError, PoliteClient, SourceError
from gtc_runtime.corpus.sources.markup import blocks

INDEX_URL: Final = "https://data.sec.gov"
URL: Final = "https://www.sec.gov"
COMPANIES: Final = (
    1582961, 1045810, 2488, 50863, 858877, 51143, 1341439, 1730168, 723125, 1326801, 1018724,
    1652044, 789019, 320193,
)  # fmt: skip
"""Central index keys of companies that make or rent out computers."""
SECTIONS: Final = {"1": "business", "1A": "risk factors", "7": "management's discussion"}
LICENCE: Final = "public filing, SEC EDGAR"
_WORDS_MIN = 1500
"""A shorter section refers to another document."""
_ITEM = re.compile(r"item\s*(\d{1,2}[ABC]?)\b\s*[.:—–-]?", re.IGNORECASE)
_HEADING_MAX = 160
_FURNITURE = re.compile(r"(?:table of contents|\d{1,3}|[ivxl]{1,6})", re.IGNORECASE)


class Sec:
    """Sections of the newest annual report of each of `COMPANIES`."""

    name = "SEC EDGAR"
    interval_s = 0.2
    """Half of the ten requests a second that EDGAR allows."""

    def __init__(
        self, index_url: str = INDEX_URL, url: str = URL, companies: Sequence[int] = COMPANIES
    ) -> None:
        self._index_url, self._url = index_url.rstrip("/"), url.rstrip("/")
        self._companies = companies

    async def articles(self, client: PoliteClient) -> AsyncIterator[Article]:
        """See `Source`."""
        for company in self._companies:
            index = f"{self._index_url}/submissions/CIK{company:010}.json"
            try:
                name, path = newest(await client.get(index, ("application/json",)), index)
                url = f"{self._url}/Archives/edgar/data/{company}/{path}"
                page = await client.get(url, ("text/html", "application/xhtml+xml"))
            except MissingPageError:
                continue
            for item, text in sections(page).items():
                title = f"{name}: {SECTIONS[item]}"
                yield Article(f"sec-{company}-{item.lower()}", title, text, url, LICENCE)


def newest(index: str, url: str) -> tuple[str, str]:
    """Name of a company, and path of its newest 10-K below the company's folder.

    Raises:
        MissingPageError: It has none.
        SourceError: This is no index of filings.
    """
    try:
        data: Any = json.loads(index)
        recent = data["filings"]["recent"]
        filings = list(
            zip(recent["form"], recent["accessionNumber"], recent["primaryDocument"], strict=True)
        )
        name = str(data["name"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SourceError(f"SEC EDGAR: {url} is no index of filings") from None
    for form, accession, document in filings:
        if form == "10-K":
            return name, f"{accession.replace('-', '')}/{document}"
    raise MissingPageError(f"SEC EDGAR: {name} has no recent 10-K")


def sections(page: str) -> dict[str, str]:
    """The text of each of `SECTIONS` that is long enough, by item."""
    found: dict[str, list[str]] = {}
    item, texts = "", list[str]()
    for block in blocks(page):
        if _FURNITURE.fullmatch(block.text):
            continue
        heading = _ITEM.match(block.text) if len(block.text) <= _HEADING_MAX else None
        if heading is None:
            texts.append(block.text)
            continue
        _keep_longest(found, item, texts)
        item, texts = heading[1].upper(), [block.text]
    _keep_longest(found, item, texts)
    joined = {item: "\n\n".join(found[item]) for item in SECTIONS if item in found}
    return {item: text for item, text in joined.items() if len(text.split()) >= _WORDS_MIN}


def _keep_longest(found: dict[str, list[str]], item: str, texts: list[str]) -> None:
    """The table of contents names every item too; the section itself is the longer one."""
    if sum(map(len, texts)) > sum(map(len, found.get(item, []))):
        found[item] = texts
