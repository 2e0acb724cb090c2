"""The one way in for requests and sockets: refuses before anything else sees them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gtc_panel.door import bodies
from gtc_panel.door.answers import come_again, refuse, with_headers
from gtc_panel.door.buckets import Seats, TokenBucket, Turns
from gtc_panel.door.login import PATH as LOGIN
from gtc_panel.door.login import Login
from gtc_panel.door.origins import header, refusal
from gtc_panel.door.prefix import is_prefix
from gtc_panel.door.rules import ALWAYS_HERE, HOW, NEEDS_KEY, Rules

SOCKET_PATHS: Final = ("/_nicegui_ws/",)
"""Sockets only: the page library's polling would get round what counts sockets and pages."""
SOCKETS: Final = 64
"""Open sockets of clients without the key: displays, and the two of each page."""
PAGES: Final = 24
PAGES_PER_S: Final = 2.0
"""Pages that clients without the key get built: so many at once, then so many a second. One
costs the event loop 50 to 120 ms."""
ROOM_S: Final = 3
"""When to ask again for a page that there was no memory for."""


class Door:
    """ASGI middleware.

    Args:
        app: The application behind the door.
        rules: Who may ask and who may press.
        pages: Paths that cost a page to answer.
        room: Whether there is memory for one more of them.
    """

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules | None = None,
        pages: Collection[str] = (),
        room: Callable[[], bool] = lambda: True,
    ) -> None:
        self._app, self._rules = app, rules or Rules()
        self._pages, self._room = frozenset(pages), room
        self._login = None if self._rules.key is None else Login(self._rules.key)
        self._built = TokenBucket(PAGES, PAGES_PER_S)
        self._turns = Turns()
        self._sockets = Seats(SOCKETS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        reason = refusal(scope, self._rules.hosts)
        if reason:
            await refuse(scope, send, 403, reason, "open the panel under a name that it knows")
        elif not all(map(is_prefix, header(scope, b"x-forwarded-prefix"))):
            await refuse(scope, send, 400, "x-forwarded-prefix is no path", "allowed: like /panel")
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._request(scope, receive, with_headers(send))

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, looks = scope["path"], scope["method"] in ("GET", "HEAD", "OPTIONS")
        if path.startswith(SOCKET_PATHS):
            await refuse(scope, send, 400, "here are sockets only", "pass Upgrade on", close=True)
            return
        free = looks or path == LOGIN
        if not free and not self._rules.may_press(scope, stop=path in ALWAYS_HERE):
            await self._locked(scope, send)
            return
        try:
            receive = await bodies.whole(scope, receive)
        except bodies.TooLargeError:
            hint = f"allowed: {bodies.BODY_BYTES} bytes"
            await refuse(scope, send, 413, "the body is too large", hint, close=True)
        except bodies.TooSlowError:
            hint = f"allowed: {bodies.BODY_S:g} s"
            await refuse(scope, send, 408, "the body did not arrive", hint, close=True)
        else:
            await self._answered(scope, receive, send)

    async def _locked(self, scope: Scope, send: Send) -> None:
        """Refuse who may not press; a wrong key counts as it does at the login."""
        guessed = header(scope, b"authorization")
        if guessed and self._login is not None and not self._login.tries.take():
            hint = f"wait {self._login.tries.wait_s} s"
            await refuse(scope, send, 429, "too many wrong keys", hint, close=True)
        else:
            await refuse(scope, send, 401, NEEDS_KEY, HOW, close=True)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == LOGIN and self._login is not None:
            await self._login(scope, receive, send)
        elif scope["path"] in self._pages:
            await self._page(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        counts = not self._has_key(scope)
        if counts and not self._built.take():
            await come_again(send, self._built.wait_s)
            return
        turn = await self._turns.next()
        try:
            if counts and not self._room():
                await come_again(send, ROOM_S)
                return
            await self._app(scope, receive, turn.until_answered(send))
        finally:
            turn.pass_on()

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._has_key(scope):
            await self._app(scope, receive, send)
            return
        with self._sockets.one() as there:
            if there:
                await self._app(scope, receive, send)
            else:
                await refuse(scope, send, 503, "all places are taken", "close a display")

    def _has_key(self, scope: Scope) -> bool:
        """Whether a client showed the key, and so is not counted."""
        return self._rules.key is not None and self._rules.key.carried_by(scope)
