"""What is asked of a server before any load: is it there, may we, and does it serve the model?

One list of models and one answer of a single token. Plain HTTP from the standard library, because
the first request of a run must not wait for imports. Redirects are not followed: the load would not
follow them either, and a key must not travel to another host.
"""

from __future__ import annotations

import difflib
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gtc_runtime.load.settings import check_url
from gtc_spec.errors import GtcError, UnreachableError, UsageError

CONNECT_S = 5.0
ANSWER_S = 30.0
"""Longest silence of the server; a model that was idle may need a while for its first token."""
_BODY_MAX = 2**20
_KEY_HINT = "--api-key-env NAME names the variable that holds the key"


@dataclass(frozen=True)
class Target:
    """What the server said about itself.

    Attributes:
        exact_lengths: It takes `ignore_eos`, so answers can be as long as they should be.
        counts: Where token counts come from: `usage` of the server, or `chunks` that we count.
    """

    exact_lengths: bool
    counts: str


def check(url: str) -> None:
    """Refuse what is no address of a server, or holds a password.

    Raises:
        UsageError: With the reason.
    """
    check_url(url)
    if "@" in urlsplit(url).netloc:
        raise UsageError("an address with a password is not taken", _KEY_HINT)


def probe(url: str, model: str, key: str) -> Target:
    """Ask for the models and for one token.

    Raises:
        UnreachableError: Nothing answers there, or no secure connection can be made.
        UsageError: The model is not served, or the key is missing or refused.
        GtcError: The server refuses a completion, or does not stream it.
    """
    server = _Server(url, key)
    status, _, body = server.ask("GET", "/v1/models")
    if status == 200:
        _refuse_unserved(url, model, _models(body))
    elif status in (401, 403):
        raise server.refusal(status, body)
    exact = True
    status, kind, body = server.ask("POST", "/v1/chat/completions", _one_token(model, exact))
    if status in (400, 422):
        exact = False
        status, kind, body = server.ask("POST", "/v1/chat/completions", _one_token(model, exact))
    if status == 404:
        raise UsageError(
            f"{url} has no model {model!r} or no chat completions: {server.said(status, body)}",
            "check --url and --model",
        )
    if status != 200:
        raise server.refusal(status, body)
    if not kind.startswith("text/event-stream"):
        raise GtcError(
            f"{url} does not stream its answer but sends {kind or 'no content type'}",
            "only servers that stream can be measured",
        )
    return Target(exact, "usage" if b'"completion_tokens"' in body else "chunks")


class _Server:
    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._url, self._key = url, key
        self._host, self._port = parts.hostname or "", parts.port
        self._secure = parts.scheme == "https"
        self._base = parts.path.rstrip("/").removesuffix("/v1")

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, str, bytes]:
        """Status, content type and the beginning of the body of one answer."""
        headers = {"Content-Type": "application/json", "User-Agent": "gtc-load"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        make = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = make(self._host, self._port, timeout=CONNECT_S)
        try:
            connection.connect()
            connection.sock.settimeout(ANSWER_S)
            connection.request(method, self._base + path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read(_BODY_MAX)
        except ssl.SSLError as error:
            raise self._insecure(error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnreachableError(
                f"{self._url} does not answer: {_reason(error)}",
                "is the server running, and are host and port right?",
            ) from None
        finally:
            connection.close()

    def refusal(self, status: int, body: bytes) -> GtcError:
        """The error for an answer that is not 200."""
        said = self.said(status, body)
        if status in (401, 403):
            what = "refuses the key" if self._key else "wants a key"
            return UsageError(f"{self._url} {what}: {said}", _KEY_HINT)
        if 300 <= status < 400:
            return UsageError(f"{self._url} redirects: {said}", "give the address it redirects to")
        return GtcError(f"{self._url} refuses a completion: {said}")

    def said(self, status: int, body: bytes) -> str:
        """Status and a few words of the server; our key is not repeated."""
        text = _message(body)
        return f"{status} {text.replace(self._key, '***') if self._key else text}".strip()

    def _insecure(self, error: ssl.SSLError) -> UnreachableError:
        reason = str(getattr(error, "verify_message", "") or error.reason or error).lower()
        hint = "a certificate that this machine trusts is needed; SSL_CERT_FILE names more of them"
        if "wrong version" in reason.replace("_", " "):
            hint = "does the server speak http:// instead of https://?"
        return UnreachableError(
            f"no secure connection to {self._url}: {reason.replace('_', ' ')}", hint
        )


def _one_token(model: str, exact: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return body | {"ignore_eos": True} if exact else body


def _models(body: bytes) -> list[str]:
    """Names of the served models; empty when the list cannot be read."""
    try:
        return [str(each["id"]) for each in json.loads(body)["data"]]
    except (ValueError, KeyError, TypeError):
        return []


def _refuse_unserved(url: str, model: str, served: list[str]) -> None:
    if not served or model in served:
        return
    close = difflib.get_close_matches(model, served, n=1)
    raise UsageError(
        f"{url} does not serve {model!r}, it serves: {', '.join(served[:5])}",
        f"did you mean {close[0]}?" if close else "check --model",
    )


def _message(body: bytes) -> str:
    """What an error body says, on one short line."""
    try:
        data = json.loads(body)
        error = data.get("error", data.get("message", data))
        text = str(error.get("message", error) if isinstance(error, dict) else error)
    except (ValueError, AttributeError):
        text = body.decode(errors="replace")
    return " ".join(text.split())[:200]


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).lower().split())[:200]
