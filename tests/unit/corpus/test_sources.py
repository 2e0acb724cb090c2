"""Each source against a real server with pages of its shape."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gtc_runtime.corpus.sources import arxiv, client, gutenberg, sec
from gtc_runtime.corpus.sources.article import Article, Source
from gtc_runtime.corpus.sources.client import MissingPageError, PoliteClient, SourceError
from gtc_runtime.corpus.sources.markup import blocks
from tests.unit.corpus.site import Page, Site, book, feed, filing, filings, paper, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


@pytest.fixture
async def polite(tmp_path: Path) -> AsyncIterator[PoliteClient]:
    """A client that writes down how long it would have waited."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with PoliteClient("the site", 0.0, "tests (a@b.example)", tmp_path, sleep) as made:
        made.waits = waits  # type: ignore[attr-defined]
        yield made


async def all_of(source: Source, polite: PoliteClient) -> list[Article]:
    return [article async for article in source.articles(polite)]


PLAIN = ("text/plain",)


async def test_a_page_is_fetched_once_and_kept(site: Site, polite: PoliteClient) -> None:
    site.pages["/a"] = Page("text")

    assert [await polite.get(f"{site.url}/a", PLAIN) for _ in range(3)] == ["text"] * 3
    assert site.asked == [("/a", "tests (a@b.example)")]


async def test_a_busy_site_is_asked_again_after_the_time_that_it_names(
    site: Site, polite: PoliteClient
) -> None:
    site.pages["/a"] = [
        Page(status=429, headers={"Retry-After": "7"}),
        Page(status=503, headers={"Retry-After": "Wed, 01 Jan 2020 00:00:00 GMT"}),
        Page(status=503, headers={"Retry-After": "soon"}),
        Page("text"),
    ]

    assert await polite.get(f"{site.url}/a", PLAIN) == "text"
    named, past, own = polite.waits  # type: ignore[attr-defined]
    assert (named, past) == (7.0, 0.0)
    assert 3.0 <= own <= 5.0


async def test_a_site_cannot_make_us_wait_for_an_hour(site: Site, polite: PoliteClient) -> None:
    site.pages["/a"] = [Page(status=429, headers={"Retry-After": "3600"}), Page("text")]

    await polite.get(f"{site.url}/a", PLAIN)

    assert polite.waits == [client.WAIT_MAX_S]  # type: ignore[attr-defined]


async def test_a_site_that_stays_broken_is_named_with_its_address(
    site: Site, polite: PoliteClient
) -> None:
    site.pages["/a"] = Page(status=500)

    with pytest.raises(SourceError, match=r"the site: cannot fetch http://\S+/a: status 500"):
        await polite.get(f"{site.url}/a", PLAIN)

    assert len(site.asked) == client.ATTEMPTS


async def test_a_site_that_does_not_answer_is_named(polite: PoliteClient) -> None:
    with pytest.raises(SourceError, match="the site: cannot fetch http://127") as caught:
        await polite.get("http://127.0.0.1:1/a", PLAIN)

    assert "--offline" in caught.value.hint


async def test_a_refusal_is_not_tried_again(site: Site, polite: PoliteClient) -> None:
    site.pages["/a"] = Page(status=403)

    with pytest.raises(SourceError, match=r"refused .* with status 403") as caught:
        await polite.get(f"{site.url}/a", PLAIN)

    assert "GTC_CONTACT" in caught.value.hint
    assert len(site.asked) == 1


async def test_a_page_of_another_kind_is_not_taken_for_a_text(
    site: Site, polite: PoliteClient
) -> None:
    site.pages["/a"] = Page("<html>Please wait</html>", "text/html")

    with pytest.raises(SourceError, match="is text/html, wanted text/plain"):
        await polite.get(f"{site.url}/a", PLAIN)


async def test_a_page_without_end_is_cut_off(
    site: Site, polite: PoliteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE_BYTES_MAX", 100)
    site.pages["/a"] = Page("x" * 200)

    with pytest.raises(SourceError, match="has more than"):
        await polite.get(f"{site.url}/a", PLAIN)


async def test_a_missing_page_is_an_error_of_its_own(site: Site, polite: PoliteClient) -> None:
    with pytest.raises(MissingPageError, match="there is no http"):
        await polite.get(f"{site.url}/a", PLAIN)


async def test_requests_keep_their_distance(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/{at}": Page("x") for at in range(3)}
    before_s = time.monotonic()
    async with PoliteClient("s", 0.1, "t", tmp_path) as polite:
        for at in range(3):
            await polite.get(f"{site.url}/{at}", PLAIN)

    assert time.monotonic() - before_s >= 0.2


async def test_chapters_come_without_what_project_gutenberg_adds(
    site: Site, polite: PoliteClient
) -> None:
    site.pages["/cache/epub/7/pg7.txt"] = book(7)

    first, second = await all_of(gutenberg.Gutenberg(site.url, [7]), polite)

    assert (first.id, first.title) == ("gutenberg-7-1", "Book Number 7, from chapter 1")
    assert second.title == "Book Number 7, from chapter 7"
    assert first.licence == "public domain in the USA"
    assert first.text.startswith("CHAPTER I.\n\n")
    for text in (first.text, second.text):
        assert not any(word in text for word in ("Gutenberg", "Illustration", "_", "LICENSE"))
        assert "\n" not in text.replace("\n\n", "")
    assert len(first.text.split()) > 15_000


async def test_a_book_that_is_gone_is_passed_over(site: Site, polite: PoliteClient) -> None:
    site.pages["/cache/epub/7/pg7.txt"] = book(7)

    found = await all_of(gutenberg.Gutenberg(site.url, [5, 7]), polite)

    assert {article.id for article in found} == {"gutenberg-7-1", "gutenberg-7-2"}


async def test_a_page_that_is_no_book_is_told(site: Site, polite: PoliteClient) -> None:
    site.pages["/cache/epub/7/pg7.txt"] = Page("You have been blocked")

    with pytest.raises(SourceError, match="is not one of its books"):
        await all_of(gutenberg.Gutenberg(site.url, [7]), polite)


async def test_only_papers_under_a_free_licence_are_taken(
    site: Site, polite: PoliteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arxiv, "CATEGORIES", ("cs.DC",))
    licences = {
        "2401.1v1": "CC BY 4.0",
        "2401.2v1": "arXiv.org perpetual non-exclusive license",
        "2401.3v1": "CC BY-NC-ND 4.0",
        "2401.4v1": "CC BY-SA 4.0",
        "2401.5v1": "CC0 1.0",
    }
    site.pages["/api/query"] = feed([*licences, "2401.9v1"])
    for at, (name, licence) in enumerate(licences.items()):
        site.pages[f"/html/{name}"] = paper(at, licence)

    found = await all_of(arxiv.Arxiv(site.url, site.url), polite)

    assert {article.id: article.licence for article in found} == {
        "arxiv-2401.1v1": "CC BY 4.0",
        "arxiv-2401.4v1": "CC BY-SA 4.0",
        "arxiv-2401.5v1": "CC0 1.0",
    }
    text = found[0].text
    assert text.startswith("Paper number 0\n\nAbstract\n\nWe show.\n\n1 Introduction\n\n")
    assert "Let x^2 be so\n\nlarge." in text
    for furniture in ("Figure", "References", "Old", "Report", "Why HTML", "A. Author", "7\n"):
        assert furniture not in text


async def test_a_list_of_papers_that_is_none_is_told(site: Site, polite: PoliteClient) -> None:
    site.pages["/api/query"] = Page("<error/>", "application/atom+xml")

    with pytest.raises(SourceError, match="answered no list of papers"):
        await all_of(arxiv.Arxiv(site.url, site.url), polite)


async def test_long_sections_of_the_newest_annual_report_are_taken(
    site: Site, polite: PoliteClient
) -> None:
    site.pages["/submissions/CIK0000000012.json"] = filings(12, ["8-K", "10-K", "10-K"])
    site.pages["/Archives/edgar/data/12/0000241/d1.htm"] = filing(12)

    found = await all_of(sec.Sec(site.url, site.url, [11, 12]), polite)

    assert [article.title for article in found] == [
        "Company 12: risk factors",
        "Company 12: management's discussion",
    ]
    text = found[0].text
    assert text.startswith("Item 1A. Risk Factors\n\n")
    assert 16_000 < len(text.split()) < 18_000
    for furniture in ("Table of Contents", "hidden", "Unresolved", "\n\n12\n\n"):
        assert furniture not in text


async def test_a_company_without_an_annual_report_is_passed_over(
    site: Site, polite: PoliteClient
) -> None:
    site.pages["/submissions/CIK0000000012.json"] = filings(12, ["8-K"])

    assert await all_of(sec.Sec(site.url, site.url, [12]), polite) == []


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"filings": {"recent": 5}, "name": ""}'])
async def test_an_index_that_is_none_is_told(site: Site, polite: PoliteClient, body: str) -> None:
    site.pages["/submissions/CIK0000000012.json"] = Page(body, "application/json")

    with pytest.raises(SourceError, match="is no index of filings"):
        await all_of(sec.Sec(site.url, site.url, [12]), polite)


def test_markup_that_is_broken_still_gives_its_words() -> None:
    found = blocks("<p>one<div>two</b></p><h2>three</div> four <p class='a'><i>five")

    assert [(block.text, block.heading) for block in found] == [
        ("one", 0),
        ("two", 0),
        ("three", 2),
        ("four", 2),
        ("five", 2),
    ]
    assert found[-1].classes == {"a"}
