"""One request to a server and its answer, read as the load would read it.

Plain HTTP from the standard library, because the first request of a run must not wait for imports.
Redirects are not followed: the load would not follow them either, and a key must not travel to
another host.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gtc_runtime.load.answer.frame import parse, words_of
from gtc_runtime.load.answer.framing import Head, MalformedError
from gtc_runtime.load.answer.sse import EventStream
from gtc_runtime.load.asking.access import Access
from gtc_runtime.load.asking.endpoint import Endpoint, shown
from gtc_runtime.load.settings import Timeouts
from gtc_runtime.load.wire.asyncio_transport import DRAIN_S
from gtc_spec.errors import GtcError, UnreachableError, UsageError

KEY_HINT = "--api-key-env NAME names the variable that holds the key"
_BODY_MAX = 2**20
_PIECE = 65_536


@dataclass
class Answer:
    """What came back.

    Attributes:
        head: Status and headers.
        body: The body, when it is no stream of events.
        events: What the stream said, when it is one.
    """

    head: Head
    body: bytes = b""
    events: EventStream = field(default_factory=EventStream)

    @property
    def words(self) -> str:
        """What a refusal says, on one short line."""
        data = parse(self.body)
        text = words_of(data.get("error") or data) if data else self.body.decode(errors="replace")
        return " ".join(text.split())[:200]


class Server:
    """Asks one server.

    Args:
        url: Its address, as it was given.
        key: Bearer token; empty for none.
        timeouts: How long to wait: as long as the load would.
        access: Headers of one's own, and whom encrypted connections trust.
    """

    def __init__(
        self, url: str, key: str, timeouts: Timeouts, access: Access | None = None
    ) -> None:
        self._access = access or Access()
        parts = urlsplit(url)
        self.url, self._key, self._timeouts = shown(url), key, timeouts
        self._host, self._port = parts.hostname or "", parts.port
        self._secure = parts.scheme == "https"
        self._endpoint = Endpoint.of(url)

    def ask(self, method: str, part: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One answer of a part of the API, such as `models`.

        Raises:
            UnreachableError: There is no connection, or no answer on it.
            GtcError: The answer was cut short, or is not one of the web.
        """
        headers = {"Content-Type": "application/json", "User-Agent": "gtc-load"}
        headers |= {"Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        headers = self._access.merged(headers)
        data = None if body is None else json.dumps(body).encode()
        with self._connected() as connection, self._translated():
            connection.request(method, self._endpoint.path(part), data, headers)
            return self._answer(connection, connection.getresponse())

    def refusal(self, answer: Answer) -> GtcError:
        """The error for an answer that is none of success."""
        status = answer.head.status
        said = self.said(answer)
        if status in (401, 403):
            what = "refuses the key" if self._key else "wants a key"
            return UsageError(f"{self.url} {what}: {said}", KEY_HINT)
        if 300 <= status < 400:
            return UsageError(f"{self.url} redirects: {said}", "give the address it redirects to")
        return GtcError(f"{self.url} refuses a completion: {said}")

    def said(self, answer: Answer) -> str:
        """Status and a few words of the server; our key is not repeated."""
        text = answer.words
        text = text.replace(self._key, "***") if self._key else text
        return f"{answer.head.status} {text}".strip()

    def _answer(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> Answer:
        headers = {
            name.lower().encode("latin-1"): value.encode("latin-1", "replace")
            for name, value in response.getheaders()
        }
        answer = Answer(Head(response.status, headers, b"HTTP/1.1"))
        if not (answer.head.fine and answer.head.streams_events):
            answer.body = response.read(_BODY_MAX)
        elif headers.get(b"content-encoding", b"identity") == b"identity":
            self._read_events(connection, response, answer.events)
        return answer

    def _read_events(
        self,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        events: EventStream,
    ) -> None:
        """Read until the answer is over, which is long before some servers close the body."""
        try:
            while piece := response.read1(_PIECE):
                events.feed(piece)
                if events.done or events.error is not None:
                    return
                if events.finished and connection.sock is not None:
                    connection.sock.settimeout(DRAIN_S)
        except (OSError, http.client.HTTPException):
            if not events.finished:
                raise
        events.end()

    @contextmanager
    def _connected(self) -> Iterator[http.client.HTTPConnection]:
        place, connect_s = (self._host, self._port), self._timeouts.connect_s
        connection = (
            http.client.HTTPSConnection(*place, timeout=connect_s, context=self._access.tls())
            if self._secure
            else http.client.HTTPConnection(*place, timeout=connect_s)
        )
        try:
            try:
                connection.connect()
            except ssl.SSLError as error:
                raise self._insecure(error) from None
            except (OSError, ValueError) as error:
                raise UnreachableError(
                    f"no connection to {self.url}: {_reason(error)}",
                    "is the server running, and are host and port right?",
                ) from None
            connection.sock.settimeout(self._timeouts.first_token_s)
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What goes wrong once there is a connection, in words."""
        try:
            yield
        except TimeoutError:
            raise UnreachableError(
                f"{self.url} took the request and was silent"
                f" for {self._timeouts.first_token_s:g} s",
                "a server that is still loading a model may need longer:"
                " --first-token-timeout SECONDS",
            ) from None
        except ssl.SSLError as error:
            raise self._insecure(error) from None
        except MalformedError as error:
            raise GtcError(f"{self.url} streams what cannot be read: {error}") from None
        except (http.client.RemoteDisconnected, http.client.BadStatusLine) as error:
            raise UnreachableError(
                f"{self.url} does not answer like a web server: {_reason(error)}",
                "is it the port of the api?",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise GtcError(
                f"{self.url} cut its answer short: {_reason(error)}",
                "what does the log of the server say?",
            ) from None

    def _insecure(self, error: ssl.SSLError) -> UnreachableError:
        reason = str(getattr(error, "verify_message", "") or error.reason or error).lower()
        hint = "--ca FILE trusts more certificates, --insecure any"
        if "wrong version" in reason.replace("_", " "):
            hint = "does the server speak http:// instead of https://?"
        return UnreachableError(
            f"no secure connection to {self.url}: {reason.replace('_', ' ')}", hint
        )


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection closed in the middle of it"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).lower().split())[:200]
