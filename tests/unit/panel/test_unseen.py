"""Pages that nobody came back for: forgotten, whatever happens to one of them."""

import asyncio

import pytest
from nicegui import Client, ui

from gtc_panel import unseen
from gtc_panel.unseen import Unseen


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen, "UNSEEN_S", 0.0)
    monkeypatch.setattr(unseen, "FORGET_EVERY_S", 0.001)
    monkeypatch.setattr(Client, "instances", {})


def drawn(pages: Unseen) -> Client:
    with Client(ui.page("/")) as client:
        pages.built()
    return client


async def test_a_page_that_cannot_be_deleted_keeps_no_other_from_being_forgotten() -> None:
    pages = Unseen()
    broken, other = drawn(pages), drawn(pages)
    del Client.instances[broken.id]  # deleting it raises

    forgetting = asyncio.create_task(pages._forget())
    async with asyncio.timeout(5):
        while not other.is_deleted:
            await asyncio.sleep(0.01)

    assert not forgetting.done()
    forgetting.cancel()


async def test_there_is_room_until_too_many_are_unseen_or_too_many_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = Unseen()
    for _ in range(unseen.UNSEEN_MAX):
        assert pages.room()
        drawn(pages)
    assert not pages.room()

    seen = Unseen()
    assert seen.room()
    monkeypatch.setattr(unseen, "PAGES_MAX", unseen.UNSEEN_MAX)
    assert not seen.room()
