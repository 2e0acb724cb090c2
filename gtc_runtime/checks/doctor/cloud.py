"""DigitalOcean's API as the doctor asks it: each thing once, read only, in seconds.

Everything waits for the account first, so that a dead network or token is one red check and not
twelve. It must not judge what it reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx

from gtc_runtime.checks.doctor.resolving import resolve
from gtc_runtime.verdict import RestsOn
from gtc_spec import foreign_json

Json = dict[str, Any]
ADDRESS: Final = "https://api.digitalocean.com"
TOKEN_INFO: Final = "https://cloud.digitalocean.com"  # noqa: S105 - an address
"""Where doctl asks what a token may do (its do/oauth.go); not part of the documented API."""
ANSWER_S: Final = 5.0
"""Longest wait for one answer, its repetition included."""
_AGAIN: Final = (429, 500, 502, 503, 504)
_PAUSE_S: Final = 0.3
_PAGE: Final = "per_page=200&page={}"
_PAGES_MAX: Final = 10

OWNERS: Final[Mapping[str, tuple[str, str]]] = {
    "/v2/account": ("token", "account:read"),
    "/v2/regions": ("region", "regions:read"),
    "/v2/sizes": ("nodes", "sizes:read"),
    "/v2/kubernetes/options": ("kubernetes", "kubernetes:read"),
    "/v2/kubernetes/clusters": ("cluster name", "kubernetes:read"),
    "/v2/droplets": ("droplet limit", "droplet:read"),
    "/v2/nfs": ("share", "nfs:list"),
    "/v2/registries": ("registry", "registry:read"),
    "/v2/registries/subscription": ("registry room", "registry:read"),
}
"""What is read: which check tells that it does not answer, and the scope that it takes."""


class Forbidden(RestsOn):
    """The token is known and may not read this."""

    def __init__(self, path: str) -> None:
        super().__init__("scopes", f"the token may not read {path}")


class Cloud:
    """One account.

    Args:
        session: Client to send with.
        token: API token; empty when there is none.
        address: Another address than DigitalOcean's, as for the Terraform provider.
    """

    def __init__(self, session: httpx.AsyncClient, token: str, address: str = "") -> None:
        self._session, self._token = session, token
        self._address = (address or ADDRESS).rstrip("/")
        self._info = self._address if address else TOKEN_INFO
        self._asked: dict[str, asyncio.Task[httpx.Response]] = {}

    async def account(self) -> Json:
        """The account of the token.

        Raises:
            RestsOn: There is no token, the API does not answer, or it refuses the token.
        """
        if not self._token:
            raise RestsOn("variables", "there is no token")
        return dict((await self._document("/v2/account", "/v2/account"))["account"])

    async def get(self, path: str, query: str = "", owner: str = "") -> Json:
        """One document, after the account has answered.

        Args:
            path: Such as ``/v2/regions``.
            query: Such as ``region=atl1``. Default: the first page of a list.
            owner: The entry of `OWNERS` when it is not the path.

        Raises:
            RestsOn: It does not come; names the check that tells.
        """
        await self.reached()
        return await self._document(f"{path}?{query or _PAGE.format(1)}", owner or path)

    async def all(self, path: str, key: str) -> list[Json]:
        """Every object of a list, page by page; see `get`."""
        found: list[Json] = []
        for page in range(1, _PAGES_MAX + 1):
            document = await self.get(path, _PAGE.format(page))
            found += [each for each in document.get(key) or () if isinstance(each, dict)]
            if not ((document.get("links") or {}).get("pages") or {}).get("next"):
                break
        return found

    async def reached(self) -> None:
        """Wait until the account has answered; a token that may not read it is known all the same.

        Raises:
            RestsOn: The API does not answer, or refuses the token.
        """
        try:
            await self.account()
        except Forbidden:
            return

    async def scopes(self) -> list[str] | None:
        """What the token may do; None when nobody tells."""
        await self.reached()
        try:
            answer = await self._send(f"{self._info}/v1/oauth/token/info")
            if answer.status_code != 200:
                return None
            return [str(each) for each in foreign_json.read(answer.content)["scopes"]]
        except (RestsOn, httpx.HTTPError, OSError, ValueError, KeyError, TypeError):
            return None

    async def _document(self, target: str, path: str) -> Json:
        owner = OWNERS[path][0]
        try:
            answer = await self._send(self._address + target)
        except TimeoutError:
            raise RestsOn(owner, f"{self._address}{path} does not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            told = str(error) or type(error).__name__
            raise RestsOn(owner, f"{self._address} does not answer: {told}") from None
        status = answer.status_code
        if status == 401:
            raise RestsOn("token", "digitalocean refuses the token (401)")
        if status == 403:
            raise Forbidden(path)
        if status == 429:
            raise RestsOn("token", "digitalocean asks to wait (429): its limit of an hour is used")
        if status != 200:
            raise RestsOn(owner, f"digitalocean answered {status} to {path}: {_words(answer)}")
        try:
            document = foreign_json.read(answer.content)
        except ValueError:
            raise RestsOn(owner, f"digitalocean sent no JSON for {path}") from None
        return document if isinstance(document, dict) else {}

    async def _send(self, url: str) -> httpx.Response:
        """The answer to one question, asked once however many want it."""
        if url not in self._asked:
            self._asked[url] = asyncio.create_task(self._patiently(url))
        return await asyncio.shield(self._asked[url])

    async def _patiently(self, url: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with asyncio.timeout(ANSWER_S):
            await resolve(url)
            answer = await self._session.get(url, headers=headers, timeout=None)
            if answer.status_code in _AGAIN:
                await asyncio.sleep(_PAUSE_S)
                answer = await self._session.get(url, headers=headers, timeout=None)
        return answer

    async def close(self) -> None:
        """Break off what is still asked."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)


def _words(answer: httpx.Response) -> str:
    """What a refusal says, one line."""
    try:
        return str(foreign_json.read(answer.content)["message"]).split("\n", 1)[0][:200]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase.lower()
