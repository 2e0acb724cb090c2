"""One HTTP exchange with Kubernetes, made safe: time limits, bounded retries, one error tree.

kr8s 0.20.15 finds the credentials and opens the connection; this is the only module that imports
it. Of its client only ``call_api`` is used, without its own status handling, because that repeats
a refused write four times, closes the session under everybody else, raises bare ``KeyError`` on a
body without ``message``, and knows no time limit. This module must not know kinds or objects.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import httpx
from kr8s import APITimeoutError
from kr8s.asyncio import Api

from gtc_runtime.cluster.api.clock import boot_clock
from gtc_runtime.cluster.api.errors import Conflict, Fenced, KubeError, Unreachable, refusal
from gtc_runtime.cluster.api.headers import date, retry_after_s
from gtc_runtime.cluster.api.outage import Outage

_log = logging.getLogger(__name__)

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
RETRY_AFTER_MAX_S = 30.0
"""A server that asks for a longer wait than this is asked again after it all the same."""
_CREDENTIALS_S = 15.0
"""Longest time for reading credentials; exec plugins such as doctl's start a process."""


@dataclass(frozen=True)
class Limits:
    """How long and how often we ask.

    Attributes:
        exchange_s: One request and its answer.
        tries: Requests per call, the first included.
        total_s: The whole call; a longer Retry-After than what is left of it ends the call.
        backoff_s: First wait between tries; doubles, with jitter.
        ask_every_s: Between two requests of all calls together while nothing is answered.
    """

    exchange_s: float = 3.0
    tries: int = 3
    total_s: float = 30.0
    backoff_s: float = 0.2
    ask_every_s: float = 5.0


@dataclass(frozen=True)
class Request:
    """One request, with all that is needed to decide whether it may be repeated.

    Attributes:
        action: What it does, for the error text.
        api_version: ``v1`` or ``group/version``.
        path: Parts after the namespace: plural, name, subresource.
        namespace: None for kinds without one.
        repeatable: Sending it twice has the effect of sending it once, whoever writes meanwhile.
        may_send: Asked before every try: between two of them a Lease may have been lost.
    """

    method: str
    action: str
    api_version: str
    path: tuple[str, ...]
    namespace: str | None
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    repeatable: bool = True
    may_send: Callable[[], bool] = lambda: True

    @property
    def writes(self) -> bool:
        """Whether it goes over the connection for writes."""
        return self.method != "GET"

    async def fence(self, event: str = "send_request", _: object = None) -> None:
        """Refuse what may not be sent: before a try and as its bytes leave, never after that."""
        if "send_request" in event and "complete" not in event and not self.may_send():
            raise Fenced(f"refused to {self.action}: we do not hold the lease")


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        retry_after_s: The wait that the server asked for, None when it did not.
        at: The server's wall clock, to the second; None when it does not say.
    """

    status: int
    body: bytes
    retry_after_s: float | None = None
    at: datetime | None = None


class Transport:
    """Two kr8s connections, for reads and for writes, that fail independently; and one clock."""

    def __init__(self, reads: Api, writes: Api, limits: Limits, clock: Callable[[], float]) -> None:
        self._reads = reads
        self._writes = writes
        self._limits = limits
        self.clock = clock
        self._outage = Outage(clock, limits.ask_every_s)

    @classmethod
    async def open(
        cls,
        kubeconfig: str | None,
        namespace: str,
        limits: Limits,
        clock: Callable[[], float] = boot_clock,
    ) -> Transport:
        """Find the credentials and prove that the API answers.

        Raises:
            Unreachable: No usable credentials, or no answer.
        """
        transport = cls(
            await open_api(kubeconfig, namespace, limits),
            await open_api(kubeconfig, namespace, limits),
            limits,
            clock,
        )
        hello = Request("GET", "say hello", "", (), None)
        try:
            # Each connection makes its session here, alone: two first calls at the same time
            # would each make one and close the other's.
            for api in (transport._reads, transport._writes):
                await transport._retry(api, hello)
        except BaseException:
            await transport.close()
            raise
        _log.info("kubernetes at %s", transport._reads.auth.server)
        return transport

    async def send(self, request: Request) -> Answer:
        """Send a request until it has an answer below 400, within the limits.

        Raises:
            KubeError: The fitting one of the tree; `Unreachable` after the last try.
        """
        return await self._retry(self._writes if request.writes else self._reads, request)

    @contextlib.asynccontextmanager
    async def lines(self, request: Request, idle_s: float) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of a long answer, such as a log.

        Args:
            request: A GET.
            idle_s: Longest silence before the connection counts as half open.

        Raises:
            KubeError: The server refused, or the connection broke.
        """
        timeout = httpx.Timeout(self._limits.exchange_s, read=idle_s)
        try:
            async with self._call(self._reads, request, stream=True, timeout=timeout) as response:
                if response.status_code >= 400:
                    raise refusal(request.action, response.status_code, await response.aread())
                yield response.aiter_lines()
        except (APITimeoutError, httpx.HTTPError, OSError) as error:
            raise _unreachable(request, error) from error

    async def close(self) -> None:
        """Close both connections."""
        for api in (self._reads, self._writes):
            # kr8s has no close of its own.
            if api._session is not None:
                await api._session.aclose()

    async def _retry(self, api: Api, request: Request) -> Answer:
        give_up = self.clock() + self._limits.total_s
        renewed, tried = False, 0
        while True:
            if not self._outage.may_ask(writes=request.writes):
                raise Unreachable(f"kubernetes does not answer; not asked to {request.action}")
            await request.fence()
            tried += 1
            with self._outage.underway() as asked_s:
                answer, error, again = await self._try(api, request)
            answered = answer is not None and answer.status < 500
            self._outage.note(answered=answered, asked_s=asked_s)
            if answer is not None and error is None:
                return answer
            if answer is not None and answer.status == 401 and not renewed:
                # Not processed, and tokens rotate: read the credentials once more, only once.
                renewed = True
                await _renew(api)
                continue
            wait_s = self._wait_s(answer, tried)
            if not again or tried >= self._limits.tries or self.clock() + wait_s > give_up:
                raise error or KubeError(f"no answer to {request.action}")
            await asyncio.sleep(wait_s)

    async def _try(
        self, api: Api, request: Request
    ) -> tuple[Answer | None, KubeError | None, bool]:
        """One exchange: the answer if any, the error it amounts to, whether to repeat it."""
        try:
            async with asyncio.timeout(self._limits.exchange_s):
                async with self._call(api, request) as response:
                    status, told_at = response.status_code, date(response)
                    answer = Answer(status, response.content, retry_after_s(response), told_at)
        except (APITimeoutError, TimeoutError, httpx.HTTPError, OSError) as lost:
            cause = lost.__cause__ if isinstance(lost, APITimeoutError) else lost
            never_sent = isinstance(cause, _NEVER_SENT)
            return None, _unreachable(request, lost), request.repeatable or never_sent
        if answer.status < 400:
            return answer, None, False
        error = refusal(request.action, answer.status, answer.body)
        if answer.status == 429:
            return answer, error, True
        # An unconditional patch that meets a conflict lost a race inside the server.
        transient = answer.status >= 500 or (
            isinstance(error, Conflict) and request.method == "PATCH"
        )
        return answer, error, transient and request.repeatable

    def _call(
        self, api: Api, request: Request, *, stream: bool = False, **options: object
    ) -> contextlib.AbstractAsyncContextManager[httpx.Response]:
        headers = {"Content-Type": request.content_type, "Accept": "application/json"}
        if api.auth.token:
            # Per request, so that a renewed token needs no new session.
            headers["Authorization"] = f"Bearer {api.auth.token}"
        base = {"": "/version", "v1": "/api"}.get(request.api_version, "/apis")
        return api.call_api(
            request.method,
            version=request.api_version,
            base=base,
            namespace=request.namespace,
            url="/".join(quote(part, safe="") for part in request.path),
            raise_for_status=False,
            stream=stream,
            headers=headers,
            params=dict(request.params) or None,
            content=request.body,
            extensions={"trace": request.fence},
            **options,
        )

    def _wait_s(self, answer: Answer | None, tried: int) -> float:
        backoff_s = self._limits.backoff_s * 2.0 ** (tried - 1)
        jittered_s = backoff_s * random.uniform(0.5, 1.5)
        if answer is not None and answer.retry_after_s is not None:
            return min(answer.retry_after_s, RETRY_AFTER_MAX_S) + jittered_s
        return jittered_s


async def open_api(kubeconfig: str | None, namespace: str, limits: Limits) -> Api:
    """A kr8s client of its own, with credentials.

    Raises:
        Unreachable: There are no usable ones.
    """
    if kubeconfig is not None and not await asyncio.to_thread(Path(kubeconfig).is_file):
        raise Unreachable(f"no kubeconfig at {kubeconfig}", "check KUBECONFIG")
    # Around the factory on purpose: it hands one shared client to everybody with equal
    # arguments, and ours must have its own session and its time limit before the first request.
    api = Api(bypass_factory=True, kubeconfig=kubeconfig, namespace=namespace)
    api.timeout = httpx.Timeout(limits.exchange_s)
    await _renew(api)
    return api


async def _renew(api: Api) -> None:
    try:
        async with asyncio.timeout(_CREDENTIALS_S):
            await api.auth.reauthenticate()
    # Foreign files and foreign programs: a malformed kubeconfig raises a dozen different types.
    except Exception as error:
        raise Unreachable(
            f"no usable kubernetes credentials: {_text_of(error)}",
            "point KUBECONFIG to a valid kubeconfig, or start gtc rehearse",
        ) from error


def _unreachable(request: Request, error: Exception) -> Unreachable:
    return Unreachable(
        f"no answer from kubernetes to {request.action}: {_text_of(error)}",
        "is the cluster running, and does KUBECONFIG point to it?",
    )


def _text_of(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
