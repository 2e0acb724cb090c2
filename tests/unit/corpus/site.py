"""A web site on loopback, and pages of the shape that the real sites have."""

import json
import random
import textwrap
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from gtc_runtime.corpus import bundled

WORDS = sorted({word.strip(".,;:") for each in bundled.passages() for word in each.text.split()})


@dataclass(frozen=True)
class Page:
    """What the site answers."""

    body: str = ""
    kind: str = "text/plain"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """Pages by path; a list is answered one after the other, the last one for ever."""

    url: str = ""
    pages: dict[str, Page | list[Page]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and User-Agent of every request."""

    def answer(self, target: str, agent: str) -> Page:
        path = urlsplit(target).path
        self.asked.append((target, agent))
        page = self.pages.get(path, Page("not here", status=404))
        if isinstance(page, list):
            return page.pop(0) if len(page) > 1 else page[0]
        return page

    @property
    def paths(self) -> list[str]:
        return [urlsplit(target).path for target, _ in self.asked]


@contextmanager
def serving() -> Iterator[Site]:
    """Serve a site while the block runs."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = site.answer(self.path, self.headers["User-Agent"])
            body = page.body.encode()
            self.send_response(page.status)
            self.send_header("Content-Type", f"{page.kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def prose(seed: object, words: int) -> list[str]:
    """Sentences of twelve random words, `words` in all."""
    chance = random.Random(zlib.crc32(repr(seed).encode()))
    drawn = chance.choices(WORDS, k=words)
    return [" ".join(drawn[at : at + 12]).capitalize() + "." for at in range(0, len(drawn), 12)]


def paragraphs(seed: object, words: int) -> list[str]:
    """The same, five sentences a paragraph."""
    found = prose(seed, words)
    return [" ".join(found[at : at + 5]) for at in range(0, len(found), 5)]


@cache
def book(number: int, chapter_words: int = 3_000, chapters: int = 12) -> Page:
    """A book of Project Gutenberg."""
    roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
    contents = "\n".join(f" CHAPTER {each}. A Title" for each in roman[:chapters])
    body = "\n\n\n".join(
        f"CHAPTER {roman[at]}.\n\n[Illustration: a boat]\n\n"
        + "\n\n".join(wrapped(f"_{text}_") for text in paragraphs((number, at), chapter_words))
        for at in range(chapters)
    )
    return Page(
        "\ufeffThe Project Gutenberg eBook of A Book\n\nThis ebook is for the use of anyone\n\n"
        f"Title: Book Number {number}\n\nAuthor: Somebody\n\n"
        f"*** START OF THE PROJECT GUTENBERG EBOOK BOOK {number} ***\n\nCONTENTS\n\n{contents}\n\n"
        f"{body}\n\n*** END OF THE PROJECT GUTENBERG EBOOK BOOK {number} ***\n\n"
        "START: FULL LICENSE. You may not charge a fee.\n".replace("\n", "\r\n")
    )


def wrapped(text: str) -> str:
    """Lines of at most 72 characters, as transcribers make them."""
    return textwrap.fill(text, 72)


@cache
def paper(number: int, licence: str, words: int = 9_500) -> Page:
    """A paper as arXiv shows it in HTML."""
    text = "".join(f'<p class="ltx_p">{each}</p>' for each in paragraphs(("p", number), words))
    return Page(
        f"""<!DOCTYPE html><html><head><title>Paper {number}</title><style>p {{}}</style></head>
<body><nav>Why HTML?</nav><div><a id="license-tr" href="x">License: {licence}</a></div>
<article class="ltx_document"><h1 class="ltx_title ltx_title_document">Paper number {number}</h1>
<div class="ltx_authors">A. Author</div>
<div class="ltx_abstract"><h6 class="ltx_title">Abstract</h6><p class="ltx_p">We show.</p></div>
<section class="ltx_section"><h2 class="ltx_title">1 Introduction</h2>
<p class="ltx_p">Let <math alttext="x^2"><mi>x</mi></math> be so<br>large.</p>
<figure><p class="ltx_p">Figure 1: nothing</p></figure><table><tr><td>7</td></tr></table>{text}
</section><section class="ltx_bibliography"><h2>References</h2><p class="ltx_p">[1] Old.</p>
</section></article><footer>Report issue</footer></body></html>""",
        "text/html",
    )


def feed(papers: list[str]) -> Page:
    """An answer of arXiv's interface."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{each}</id><title>x</title></entry>" for each in papers
    )
    return Page(
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>',
        "application/atom+xml",
    )


@cache
def filing(company: int, words: int = 17_000) -> Page:
    """An annual report."""

    def section(item: str, title: str, length: int) -> str:
        text = "".join(f"<div>{each}</div>" for each in paragraphs((company, item), length))
        head = f"<div><span>Item {item}.</span> <b>{title}</b></div>"
        return f"{head}{text}<div>Table of Contents</div>"

    contents = "".join(f"<p>Item {each}. Title 12</p>" for each in ("1", "1A", "1B", "7", "8"))
    return Page(
        f"""<?xml version='1.0' encoding='ASCII'?><html><head><title>10-K</title></head><body>
<ix:header><p>hidden facts</p></ix:header>{contents}
{section("1", "Business", 400)}{section("1A", "Risk Factors", words)}
{section("1B", "Unresolved Staff Comments", 5)}<div>{company % 100}</div>
{section("7", "Management&#8217;s Discussion", words)}{section("8", "Statements", 900)}
</body></html>""",
        "text/html",
    )


def filings(company: int, forms: list[str]) -> Page:
    """The index of a company's filings."""
    return Page(
        json.dumps(
            {
                "name": f"Company {company}",
                "filings": {
                    "recent": {
                        "form": forms,
                        "accessionNumber": [f"0000-24-{at}" for at in range(len(forms))],
                        "primaryDocument": [f"d{at}.htm" for at in range(len(forms))],
                    }
                },
            }
        ),
        "application/json",
    )
