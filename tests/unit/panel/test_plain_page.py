"""Pages that are only words: what is missing, what failed."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gtc_panel import plain_page, text


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()

    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("a secret of the inside")

    plain_page.attach(app, served={"/", "/stage"})
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        yield opened


async def test_a_path_that_is_not_there_is_a_page_with_a_heading_and_ways_on(client):
    answer = await client.get("/nothing")

    assert answer.status_code == 404
    assert f"<h1>{text.MISSING}</h1>" in answer.text
    assert '<html lang="en">' in answer.text
    assert '<a href="/stage">Stage</a>' in answer.text


async def test_a_page_that_is_not_served_is_not_linked(client):
    assert "/health" not in (await client.get("/nothing")).text


async def test_it_needs_no_script_and_no_file(client):
    page = (await client.get("/nothing")).text

    assert "<script" not in page
    assert "<link" not in page
    assert "url(" not in page


async def test_a_path_is_never_read_as_html(client):
    assert "<img" not in (await client.get("/%3Cimg src=x%3E")).text


async def test_a_page_that_failed_says_so_and_nothing_of_the_inside(client):
    answer = await client.get("/fails")

    assert answer.status_code == 500
    assert f"<h1>{text.FAILED}</h1>" in answer.text
    assert "secret" not in answer.text


async def test_a_missing_file_of_the_page_library_is_not_a_page(client):
    assert (await client.get("/_nicegui/gone.js")).content == b""
