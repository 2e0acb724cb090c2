"""Questions about accounts, which are answered and never stored: may I, and give me a token."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from gtc_rehearsal.kube_api.access.accounts import Accounts
from gtc_rehearsal.kube_api.access.asked import Asked
from gtc_rehearsal.kube_api.access.rights import Rights
from gtc_rehearsal.kube_api.http import answers, requests
from gtc_rehearsal.kube_api.objects import stamp, utc_now

_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_TOKENS: Final = re.compile(r"/api/v1/namespaces/([^/]+)/serviceaccounts/([^/]+)/token")
_LIFE_S: Final = 3600
"""What a real server says of a token that names no time; ours last as long as the server."""


class Reviews:
    """Answers them.

    Args:
        accounts: Makes tokens.
        rights: Knows who may do what.
    """

    def __init__(self, accounts: Accounts, rights: Rights) -> None:
        self._accounts = accounts
        self._rights = rights

    async def answer(self, request: web.Request, user: str) -> web.Response | None:
        """The answer to a question of this kind; None for any other request.

        Raises:
            ApiError: 400 or 415 for a body that is no question, 404 for no such account.
        """
        if request.method != "POST":
            return None
        if request.path.rstrip("/") == _REVIEWS:
            review = await requests.read_review(request)
            allowed = self._rights.allowed(user, _asked(review.get("spec") or {}))
            return answers.answer({**review, "status": {"allowed": allowed}}, 201)
        if found := _TOKENS.fullmatch(request.path):
            review = await requests.read_review(request)
            token = self._accounts.token(found[1], found[2])
            ends = stamp(utc_now() + timedelta(seconds=_LIFE_S))
            status = {"token": token, "expirationTimestamp": ends}
            return answers.answer({**review, "status": status}, 201)
        return None


def _asked(spec: dict[str, Any]) -> Asked:
    """The question of an access review."""
    if path := (spec.get("nonResourceAttributes") or {}).get("path"):
        return Asked(str(spec["nonResourceAttributes"].get("verb", "")), path=str(path))
    given = spec.get("resourceAttributes") or {}
    parts = ("verb", "resource", "group", "subresource", "namespace", "name")
    return Asked(**{part: str(given.get(part) or "") for part in parts})
