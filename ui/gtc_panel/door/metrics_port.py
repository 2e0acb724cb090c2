"""The port for Prometheus: one page of text and nothing else, so that a policy can open it alone.

It must not know the panel: whoever reaches it can neither look at pages nor press.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from gtc_panel.door.answers import answer
from gtc_panel.door.origins import header

PATH = "/metrics"


class MetricsPort:
    """An application that answers ``GET /metrics``, by whatever name it is asked.

    Args:
        render: The text and its content type.
    """

    def __init__(self, render: Callable[[], tuple[bytes, str]]) -> None:
        self._render = render

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer, but no page of a browser."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif header(scope, b"origin") or header(scope, b"sec-fetch-mode") not in ([], ["navigate"]):
            await answer(send, 403, b"refused: pages may not read this\n", b"text/plain")
        elif scope["path"] != PATH:
            await answer(send, 404, f"there is {PATH} and nothing else\n".encode(), b"text/plain")
        elif scope["method"] not in ("GET", "HEAD"):
            await answer(send, 405, b"only GET\n", b"text/plain", (b"allow", b"GET"))
        else:
            body, kind = self._render()
            await answer(send, 200, body, kind.encode())
