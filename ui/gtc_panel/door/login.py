"""The login: a small page of its own, and the cookie that it earns.

Wrong keys empty one bucket for everybody: behind a forwarded port all clients have one address. A
key that is right is never refused for the guesses of others; what holds those is its length.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Final

from starlette.types import Receive, Scope, Send

from gtc_panel.door.answers import answer
from gtc_panel.door.buckets import TokenBucket
from gtc_panel.door.key import TICKET_S, Key
from gtc_panel.plain_page import document

PATH: Final = "/login"
TRIES: Final = 5
TRIES_PER_S: Final = 0.5

# fetch, because a form that is sent under no-referrer has the origin null, like that of a stranger
_SCRIPT: Final = """
const field = document.getElementById('key'), said = document.getElementById('said');
async function login(key) {
  said.textContent = '';
  let told = 'The panel does not answer.';
  try {
    const answer = await fetch(location.pathname, {method: 'POST', body: key});
    if (answer.ok) { location.replace(location.pathname.replace(/login$/, '')); return; }
    told = (await answer.json()).error;
  } catch {}
  said.textContent = told;
  field.select();
}
document.querySelector('form').addEventListener('submit', event => {
  event.preventDefault(); login(field.value.trim());
});
function follow() {
  const given = decodeURIComponent(location.hash.slice(1));
  if (given) { history.replaceState(null, '', location.pathname); login(given); }
}
addEventListener('hashchange', follow);
follow();
"""
_FORM: Final = (
    '<form><label for="key">Key</label>'
    '<input id="key" type="password" autocomplete="current-password" required autofocus'
    ' autocapitalize="none" spellcheck="false"><button>Log in</button>'
    '<p id="said" role="alert"></p></form><nav><a href="./">Look without it</a></nav>'
    f"<script>{_SCRIPT}</script>"
)
_SENTENCES: Final = ("Whoever has it may press; looking needs none.",)


@cache
def _page() -> bytes:
    return document("Key of this panel", _SENTENCES, _FORM).encode()


class Login:
    """Answers `PATH`.

    Args:
        key: The key that opens.

    Attributes:
        tries: How many wrong keys are answered, wherever they are tried.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self.tries: Final = TokenBucket(TRIES, TRIES_PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the page, or try a key."""
        fresh = (b"cache-control", b"no-store")
        if scope["method"] in ("GET", "HEAD"):
            await answer(send, 200, _page(), b"text/html; charset=utf-8", fresh)
        elif scope["method"] != "POST":
            await answer(send, 405, *_said("only GET and POST"), (b"allow", b"GET, POST"))
        elif self._key.fits(await _given(receive)):
            await answer(send, 200, *_said(""), fresh, (b"set-cookie", self._cookie(scope)))
        elif not self.tries.take():
            later = (b"retry-after", str(self.tries.wait_s).encode())
            await answer(send, 429, *_said("Too many tries, wait a few seconds."), fresh, later)
        else:
            await answer(send, 401, *_said("That is not the key."), fresh)

    def _cookie(self, scope: Scope) -> bytes:
        safe = "; Secure" if scope.get("scheme") == "https" else ""
        value = f"{self._key.cookie}={self._key.ticket()}; Path=/; Max-Age={TICKET_S:.0f}"
        return f"{value}; HttpOnly; SameSite=Strict{safe}".encode()


def _said(error: str) -> tuple[bytes, bytes]:
    return json.dumps({"error": error}).encode(), b"application/json"


async def _given(receive: Receive) -> str:
    """The body, which the door has read whole."""
    message = await receive()
    return bytes(message.get("body", b"")).decode("utf-8", "replace").strip()
