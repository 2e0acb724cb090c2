"""Pages that were built and that no browser has come back for, with its socket.

A browser does within a second. Who asks for pages and throws them away must not fill the memory.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from typing import Final

from nicegui import Client, background_tasks, ui

log = logging.getLogger(__name__)

UNSEEN_S: Final = 15.0
"""After this time a page is forgotten; a browser that comes later loads it anew."""
UNSEEN_MAX: Final = 4
"""More are not kept, so no more are built. One is some thousand objects, among which every full
collection of garbage looks around while nobody else's turn comes."""
PAGES_MAX: Final = 96
"""Pages altogether: all sockets of clients without the key, and some that lost theirs just now."""
FORGET_EVERY_S: Final = 0.25
COLLECT_AFTER: Final = 2
"""Deleted pages, seen or not: of more it takes longer to clear them away, and what they held in
memory is not used again before."""


class Unseen:
    """Counts and forgets them."""

    def __init__(self) -> None:
        self._built: dict[Client, float] = {}
        self._garbage = 0

    def built(self) -> None:
        """The page that is being drawn."""
        client = ui.context.client
        self._built[client] = time.monotonic()
        client.on_connect(lambda: self._built.pop(client, None))
        client.on_delete(lambda: self._deleted(client))

    def room(self) -> bool:
        """Whether one more may be built."""
        return len(self._built) < UNSEEN_MAX and len(Client.instances) < PAGES_MAX

    def start(self) -> None:
        """Begin to forget; needs a running event loop."""
        # what is there now stays: each full collection would look at all of it again
        gc.freeze()
        background_tasks.create(self._forget(), name="forget pages that nobody sees")

    def _deleted(self, client: Client) -> None:
        self._built.pop(client, None)
        self._garbage += 1

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            # one at a time, because it takes the event loop some milliseconds
            oldest = next(iter(self._built.items()), None)
            if oldest is not None and time.monotonic() - oldest[1] > UNSEEN_S:
                client = oldest[0]
                self._built.pop(client, None)
                if not client.is_deleted:
                    _delete(client)
            if self._garbage >= COLLECT_AFTER:
                gc.collect()
                self._garbage = 0


def _delete(client: Client) -> None:
    """Delete a page; one that cannot be is told, and the others are forgotten all the same."""
    try:
        client.delete()
    except Exception:
        log.exception("a page that nobody sees could not be forgotten")
