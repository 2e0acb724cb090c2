"""A real API server behind the faults, logs of pods and the log that tests of clients need."""

import aiohttp
from aiohttp import web
from yarl import URL

from gtc_rehearsal.kube_api import Store
from tests.faulty_api.server import FaultyApiServer

_HOP = frozenset({"connection", "content-length", "host", "transfer-encoding", "content-encoding"})
"""Headers that belong to one connection alone."""


class FaultyFront(FaultyApiServer):
    """Passes on what no fault takes, watches as they come.

    Args:
        behind: Where the real server answers without credentials.
    """

    def __init__(self, behind: str) -> None:
        super().__init__(Store())
        self._behind = behind
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> str:
        self._session = aiohttp.ClientSession(auto_decompress=True)
        return await super().start()

    async def stop(self) -> None:
        await super().stop()
        if self._session is not None:
            await self._session.close()

    async def _served(self, request: web.Request) -> web.StreamResponse:
        assert self._session
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP}
        async with self._session.request(
            request.method,
            URL(self._behind + request.raw_path, encoded=True),
            data=await request.read() or None,
            headers=headers,
        ) as behind:
            kept = {k: v for k, v in behind.headers.items() if k.lower() not in _HOP}
            if request.query.get("watch") not in ("true", "1"):
                return web.Response(status=behind.status, headers=kept, body=await behind.read())
            response = web.StreamResponse(status=behind.status, headers=kept)
            await response.prepare(request)
            async for chunk in behind.content.iter_any():
                await response.write(chunk)
            return response
