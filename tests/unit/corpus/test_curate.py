"""Whole builds, from sites on loopback and from our own passages."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtc_runtime.copies.directory import DirectoryStore
from gtc_runtime.corpus import bundled, curate, manifest, sentences, tokens
from gtc_runtime.corpus.curate import Order, build, is_built
from gtc_runtime.corpus.layout import BUCKETS, KEYS, Amounts
from gtc_runtime.corpus.reader import Corpus, read_corpus
from gtc_runtime.corpus.sources import arxiv, gutenberg, sec
from gtc_runtime.corpus.sources.client import SourceError
from gtc_spec.errors import UsageError
from tests.unit.corpus.site import Page, Site, book, feed, filing, filings, paper, serving

COUNTER = tokens.estimate()


def silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """All three sites in one."""
    monkeypatch.setattr(gutenberg, "BOOKS", gutenberg.BOOKS[:10])
    with serving() as made:
        for number in gutenberg.BOOKS:
            made.pages[f"/cache/epub/{number}/pg{number}.txt"] = book(number)
        names = [f"2401.{at:05}v1" for at in range(14)]
        made.pages["/api/query"] = feed(names)
        for at, name in enumerate(names):
            length = 9_500 if at < 5 else 4_500
            made.pages[f"/html/{name}"] = paper(at, "CC BY 4.0", length)
        for company in sec.COMPANIES:
            made.pages[f"/submissions/CIK{company:010}.json"] = filings(company, ["10-K"])
            made.pages[f"/Archives/edgar/data/{company}/0000240/d0.htm"] = filing(company)
        yield made


def order(site: Site, out: Path, **changes: object) -> Order:
    urls = dict.fromkeys(("gutenberg", "arxiv", "sec"), site.url)
    given = {"size": "full", "contact": "a@b.example", "source_urls": urls, "interval_s": 0.0}
    return Order(out, **(given | changes))  # type: ignore[arg-type]


def by_source(corpus: Corpus) -> dict[str, Counter[str]]:
    return {
        bucket: Counter(document.id.split("-")[0] for document in documents)
        for bucket, documents in corpus.documents.items()
    }


async def test_a_full_corpus_comes_from_all_three_sites(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "corpus"

    await build(order(site, out), COUNTER, silent)

    corpus = read_corpus(DirectoryStore(out))
    assert by_source(corpus) == {
        "short": {"arxiv": 6, "gutenberg": 6},
        "medium": {"arxiv": 4, "sec": 4, "gutenberg": 6},
        "long": {"sec": 8, "gutenberg": 6},
    }
    assert len(corpus.passages) == len(bundled.passages()) >= 60
    assert len(corpus.prompts) == len(bundled.prompts()) >= 80
    for bucket, documents in corpus.documents.items():
        for document in documents:
            assert document.token_count == COUNTER.count(document.text)
            assert 0.9 <= document.token_count / BUCKETS[bucket].tokens <= 1.1
            assert document.text.endswith((".", "?", "!"))
            assert document.token_counter == tokens.ESTIMATE
    assert manifest.problems(DirectoryStore(out)) == []
    assert {path.name for path in tmp_path.iterdir()} == {"corpus"}, "scratch files are gone"
    assert {agent for _, agent in site.asked} == {"gtc-demo-corpus/1 (a@b.example)"}


async def test_the_sec_is_not_asked_without_a_contact(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Amounts(None, None, {"short": 1, "medium": 1, "long": 1})
    monkeypatch.setitem(curate.AMOUNTS, "full", few)
    monkeypatch.setattr(curate, "SHARES", {"arxiv": {}, "sec": {"long": 1}})
    said: list[str] = []

    await build(order(site, tmp_path / "c", contact=""), COUNTER, said.append)

    assert not any("submissions" in path for path in site.paths)
    assert any("GTC_CONTACT" in line for line in said)
    assert sum(map(len, read_corpus(DirectoryStore(tmp_path / "c")).documents.values())) == 3


async def test_the_small_size_needs_project_gutenberg_only(site: Site, tmp_path: Path) -> None:
    await build(order(site, tmp_path / "c", size="dev"), COUNTER, silent)

    corpus = read_corpus(DirectoryStore(tmp_path / "c"))
    assert (len(corpus.passages), len(corpus.prompts)) == (10, 20)
    assert sum(map(len, corpus.documents.values())) == 10
    assert all(path.startswith("/cache/epub/") for path in site.paths)
    topics = Counter(passage.topic for passage in corpus.passages)
    assert len(topics) == len({passage.topic for passage in bundled.passages()})


async def test_a_site_that_fails_leaves_no_corpus_and_the_next_build_goes_on(
    site: Site, tmp_path: Path
) -> None:
    out = tmp_path / "corpus"
    last = f"/cache/epub/{gutenberg.BOOKS[3]}/pg{gutenberg.BOOKS[3]}.txt"
    good = site.pages[last]
    site.pages[last] = Page("Too many requests", status=403)
    with pytest.raises(SourceError, match="Project Gutenberg: refused"):
        await build(order(site, out, size="dev"), COUNTER, silent)
    assert not out.exists()
    site.pages[last] = good
    site.asked.clear()

    await build(order(site, out, size="dev"), COUNTER, silent)

    assert site.paths[0] == last, "what was fetched is not fetched again"
    assert manifest.problems(DirectoryStore(out)) == []


async def test_the_same_text_is_not_taken_twice(site: Site, tmp_path: Path) -> None:
    first, second = gutenberg.BOOKS[:2]
    site.pages[f"/cache/epub/{second}/pg{second}.txt"] = site.pages[
        f"/cache/epub/{first}/pg{first}.txt"
    ]

    await build(order(site, tmp_path / "c", size="dev"), COUNTER, silent)

    documents = list(
        itertools.chain(*read_corpus(DirectoryStore(tmp_path / "c")).documents.values())
    )
    assert not any(document.id.startswith(f"gutenberg-{second}-") for document in documents)
    pairs = itertools.combinations([sentences.shingles(each.text) for each in documents], 2)
    assert max(sentences.alike(*pair) for pair in pairs) <= curate.ALIKE_MAX


async def test_sources_with_too_few_texts_are_told(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arxiv, "CATEGORIES", ())
    site.pages = {path: page for path, page in site.pages.items() if "105" in path}

    with pytest.raises(SourceError, match=r"only \d of \d+ \w+ documents") as caught:
        await build(order(site, tmp_path / "c"), COUNTER, silent)

    assert "--offline" in caught.value.hint
    assert not (tmp_path / "c").exists()


async def test_an_unknown_source_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no source is called 'wiki', allowed: arxiv, sec, gut"):
        await build(Order(tmp_path / "c", "dev", source_urls={"wiki": "http://x"}), COUNTER, silent)


def test_a_composed_corpus_repeats_no_passage_inside_a_document(built: Path) -> None:
    corpus = read_corpus(DirectoryStore(built))
    titles = [passage.title for passage in bundled.passages()]
    for document in itertools.chain(*corpus.documents.values()):
        parts = document.text.split("\n\n")
        used = Counter(part for part in parts if part in titles)
        assert max(used.values()) == 1, document.id


async def test_no_two_composed_documents_begin_alike(tmp_path: Path) -> None:
    await build(Order(tmp_path / "c", "full", offline=True), COUNTER, silent)

    corpus = read_corpus(DirectoryStore(tmp_path / "c"))
    documents = list(itertools.chain(*corpus.documents.values()))
    assert 30 <= len(documents) <= 50
    assert len({document.text.split("\n\n")[1] for document in documents}) == len(documents)


def test_a_build_is_there_only_when_it_is_the_one_that_is_wanted(built: Path) -> None:
    assert is_built(Order(built, "dev", offline=True))
    assert not is_built(Order(built, "full", offline=True))
    assert not is_built(Order(built, "dev", offline=False))
    assert not is_built(Order(built / "nothing", "dev", offline=True))


def test_the_manifest_says_what_a_person_wants_to_know(built: Path) -> None:
    told = json.loads((built / "manifest.json").read_text())

    assert (told["size"], told["offline"]) == ("dev", True)
    assert told["token_counter"] == tokens.ESTIMATE
    assert "%" in told["token_counter_error"]
    assert [each["name"] for each in told["files"]] == list(KEYS[:5])
    for each in told["files"]:
        assert each["size"] == (built / each["name"]).stat().st_size
        assert each["tokens"]["least"] <= each["tokens"]["mean"] <= each["tokens"]["most"]
        assert each["licences"]


def test_every_record_has_the_fields_of_the_plan(built: Path) -> None:
    def fields(key: str) -> set[str]:
        return set(json.loads((built / key).read_text().splitlines()[0]))

    counted = {"token_counter"}
    assert fields("chat/passages.jsonl") == {"id", "text", "topic", "token_count"} | counted
    assert (
        fields("summarization/long/docs.jsonl")
        == {
            *("id", "title", "text", "source", "licence", "token_count"),
        }
        | counted
    )
    assert (
        fields("reasoning/prompts.jsonl")
        == {
            *("id", "prompt", "category", "expected_output_length", "prompt_token_count"),
        }
        | counted
    )
