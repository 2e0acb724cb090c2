"""One request in JSON, with the standard library: the stand-in programs start often."""

import json
import urllib.error
import urllib.request
from typing import Any


class Failed(Exception):  # noqa: N818 - an outcome
    """A request or a resource failed."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def ask(method: str, url: str, body: Any = None, token: str = "", kind: str = "json") -> Any:
    """What is answered; raises `Failed` with the status of a refusal."""
    head = {"Content-Type": f"application/{kind}", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, head, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise Failed(f"{method} {url}: {error.code} {error.read()[:300]!r}", error.code) from None
    except OSError as error:
        raise Failed(f"{method} {url}: {error}") from None
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text.decode()


def ask_if_there(url: str, token: str = "") -> Any:
    """What is there; None for nothing."""
    try:
        return ask("GET", url, token=token)
    except Failed as error:
        if error.status == 404:
            return None
        raise
