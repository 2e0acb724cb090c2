"""What can go wrong between us and Kubernetes, as one tree.

This module must not know how requests are sent; it names outcomes and turns whatever body a
server sent into one sentence.
"""

from __future__ import annotations

from gtc_spec import foreign_json
from gtc_spec.errors import GtcError, UnreachableError

_SENTENCE_CHARS = 300
"""Longest part of a foreign text that we repeat: one line on a screen stays one line."""


class KubeError(GtcError):
    """Kubernetes did not do what was asked.

    Attributes:
        status: HTTP status of the answer, 0 when there was none.
    """

    def __init__(self, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status


class NotFound(KubeError):  # noqa: N818 - these are outcomes, read as adjectives
    """The object, or its whole kind, does not exist."""


class Conflict(KubeError):  # noqa: N818
    """Somebody else wrote the object first, or it exists already; read it again."""


class Denied(KubeError):  # noqa: N818
    """We may not: roles, a token that is no longer valid, or an admission webhook.

    The message keeps the words of whoever refused. Never retried.
    """


class Fenced(KubeError):  # noqa: N818
    """We are not the writer, or no longer: the Lease is not ours or a newer holder has written."""


class Unreachable(KubeError, UnreachableError):  # noqa: N818
    """No usable answer in time: refused connection, time-out, 429 or 5xx to the end.

    For a write that may not be repeated blindly the outcome is unknown; read back.
    """


def first_line(text: str) -> str:
    """A foreign text on one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _SENTENCE_CHARS else line[: _SENTENCE_CHARS - 1] + "…"


def words_of(body: bytes) -> str:
    """What a refusing server said, on one line; empty when it said nothing readable.

    A Kubernetes Status has its sentence in ``message``. Proxies send HTML, plain text, lists or
    nothing; none of that may raise here.
    """
    text = body.decode("utf-8", errors="replace").strip()
    try:
        document = foreign_json.read(text)
    except ValueError:
        return "" if text.startswith("<") else first_line(text)
    if isinstance(document, dict):
        message = document.get("message") or document.get("reason")
        return first_line(message) if isinstance(message, str) else ""
    return ""


def refusal(action: str, status: int, body: bytes) -> KubeError:
    """The error for an answer of 400 or more.

    Args:
        action: What was tried, such as ``patch pods web-0``.
        status: HTTP status of the answer.
        body: The answer as received.
    """
    words = words_of(body)
    message = f"kubernetes answered {status} to {action}" + (f": {words}" if words else "")
    if status == 404:
        return NotFound(message, status=status)
    if status == 409:
        return Conflict(message, status=status)
    if status == 401:
        return Denied(message, "the credentials have expired; renew the kubeconfig", status)
    if status == 403:
        return Denied(message, status=status)
    if status == 429 or status >= 500:
        return Unreachable(message, "the cluster is busy or starting; try again", status)
    return KubeError(message, status=status)
