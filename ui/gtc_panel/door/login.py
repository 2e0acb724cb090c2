"""The login: a small page of its own, and the cookie that it earns.

Wrong keys empty one bucket for everybody: behind a forwarded port all clients have one address, and
a ticket that was earned before is never asked again.
"""

from __future__ import annotations

import json
from typing import Final

from starlette.types import Receive, Scope, Send

from gtc_panel.door.answers import answer
from gtc_panel.door.buckets import TokenBucket
from gtc_panel.door.key import TICKET_S, Key

PATH: Final = "/login"
TRIES: Final = 5
TRIES_PER_S: Final = 0.5

_STYLE: Final = (
    "body{background:#0d1117;color:#e6edf3;font:1.1rem system-ui;display:grid;"
    "place-content:center;min-height:95vh;margin:0;padding:1rem}"
    "form{display:grid;gap:1rem;width:min(22rem,90vw)}h1{font-size:1.4rem;margin:0}"
    "input,button{font:inherit;min-height:3rem;border-radius:.5rem;border:2px solid #8b949e;"
    "padding:0 1rem;background:#161b22;color:inherit;box-sizing:border-box;width:100%}"
    "button{background:#76b900;color:#0d1117;border:0;font-weight:600}"
    ":focus-visible{outline:3px solid #79c0ff;outline-offset:2px}"
    "a{color:#79c0ff}#said{color:#ffa198;min-height:1.5em;margin:0}"
)
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
const given = decodeURIComponent(location.hash.slice(1));
if (given) { history.replaceState(null, '', location.pathname); login(given); }
"""
_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    f"<title>Log in · gtc-demo</title><style>{_STYLE}</style></head><body><main><form>"
    '<h1>Key of this panel</h1><label for="key">Whoever has it may press; looking needs none.'
    '</label><input id="key" type="password" autocomplete="current-password" required autofocus'
    ' autocapitalize="none" spellcheck="false"><button>Log in</button>'
    '<p id="said" role="alert"></p><a href="./">Look without it</a></form></main>'
    f"<script>{_SCRIPT}</script></body></html>"
).encode()


class Login:
    """Answers `PATH`.

    Args:
        key: The key that opens.
        tries: How often it may be tried; an own one unless a test turns its clock.
    """

    def __init__(self, key: Key, tries: TokenBucket | None = None) -> None:
        self._key = key
        self._tries = tries or TokenBucket(TRIES, TRIES_PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the page, or try a key."""
        fresh = (b"cache-control", b"no-store")
        if scope["method"] in ("GET", "HEAD"):
            await answer(send, 200, _PAGE, b"text/html; charset=utf-8", fresh)
        elif scope["method"] != "POST":
            await answer(send, 405, *_said("only GET and POST"), (b"allow", b"GET, POST"))
        elif not self._tries.take():
            later = (b"retry-after", str(self._tries.wait_s).encode())
            await answer(send, 429, *_said("Too many tries, wait a few seconds."), fresh, later)
        elif self._key.fits(await _given(receive)):
            await answer(send, 200, *_said(""), fresh, (b"set-cookie", self._cookie(scope)))
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
