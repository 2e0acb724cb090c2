"""The rehearsal's API server as tests of clients need it: with faults, logs of pods and a log."""

from collections import deque

from aiohttp import web

from gtc_rehearsal.kube_api import ApiError, KubeApiServer, Store
from gtc_rehearsal.kube_api.http import answers
from tests.faulty_api.faults import Faults
from tests.faulty_api.pod_logs import PodLogs


class FaultyApiServer(KubeApiServer):
    """Serves one store, and faults where a test wants them.

    Attributes:
        faults: What is put in the way.
        log: The last requests as (method, path with query).
        logs: What containers said.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.faults = Faults()
        self.log: deque[tuple[str, str]] = deque(maxlen=4096)
        self.logs = PodLogs()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.log.append((request.method, request.path_qs))
        fault = await self.faults.take(request.method, request.path)
        if fault and not fault.after:
            return fault.answer()
        with self.faults.watching(request):
            response = await self._healthy(request)
        return fault.answer() if fault else response

    async def _healthy(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self.logs.answer(request) or await self._served(request)
        except ApiError as error:
            return answers.refusal(error)

    async def _served(self, request: web.Request) -> web.StreamResponse:
        return await super().answer(request)
