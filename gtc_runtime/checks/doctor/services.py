"""Checks of what comes from elsewhere: HuggingFace's checkpoint, and follow-up questions."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx

from gtc_runtime.checks.doctor.case import Case
from gtc_runtime.checks.doctor.origins import ORIGINS
from gtc_runtime.checks.doctor.resolving import resolve
from gtc_runtime.load.conversations import followup_models
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, green, judge, red
from gtc_spec import foreign_json
from gtc_spec.errors import GtcError, UsageError
from gtc_spec.manifests.secret_names import GRADIENT, HF_TOKEN

_KEY: Final = GRADIENT.keys[0]
_TOKEN: Final = HF_TOKEN.keys[0]
ANSWER_S: Final = 5.0
_NETWORK: Final = "check the network, then repeat"
REVISION: Final = "main"
"""What the upload takes when nobody names a revision."""


async def hub_token(case: Case) -> Verdict:
    """HuggingFace knows it."""
    if case.env.hosting.share is None:
        raise NotApplicable(f"{case.env.name} stores no checkpoint")
    answer = await _hub(case, "GET", "/api/whoami-v2")
    hint = f"{_TOKEN} in .env, a token of type read made at {ORIGINS[_TOKEN].page}"
    if answer.status_code == 200:
        return green(f"account {_json(answer).get('name', 'without a name')}")
    return red(_refusal("the token", answer), "a token that is known", hint)


async def model(case: Case) -> Verdict:
    """It grants the token this repository at this revision: a HEAD of one of its files.

    Its listing is public even where its files are gated, so only a file proves the grant.
    """
    if (await hub_token(case)).state == "red":
        raise RestsOn("hub token")
    repository = case.env.model.repository
    page = f"{case.places.hub}/{repository}"
    wanted = f"{repository} at {REVISION}"
    listing = await _hub(case, "GET", f"/api/models/{repository}/revision/{REVISION}")
    if listing.status_code != 200:
        hint = f"check MODEL, or ask for access: {page}"
        return red(_refusal(wanted, listing), wanted, hint)
    told = _json(listing)
    names = [str(each["rfilename"]) for each in told.get("siblings") or ()]
    weights = next((each for each in names if each.endswith(".safetensors")), "config.json")
    commit = str(told.get("sha") or REVISION)
    answer = await _hub(case, "HEAD", f"/{repository}/resolve/{commit}/{weights}")
    hint = f"accept its licence with the account of HF_TOKEN, wait for the grant: {page}"
    good = answer.status_code < 400
    found = f"{repository} at {commit[:12]}" if good else _refusal(weights, answer)
    return judge(good, found, "a token that may read its files", hint)


async def inference(case: Case) -> Verdict:
    """The key works and offers a model for the follow-up questions."""
    key, own = case.secret(_KEY), case.own_inference
    make = f"{_KEY} in .env, a model access key made at {ORIGINS[_KEY].page}"
    try:
        await resolve(case.places.inference)
        offered = await followup_models.offered(case.places.inference, key, ANSWER_S)
    except OSError as error:
        told = str(error) or "no address in time"
        return red(f"{case.places.inference} has no address: {told}", "an answer", _NETWORK)
    except followup_models.ListRefusedError as error:
        return red(error.message, "a key that works", make)
    try:
        model = followup_models.choose(offered, case.followups_model, any_will_do=own)
        return green(model, "a model for follow-up questions")
    except UsageError as error:
        hint = f"GTC_FOLLOWUPS_MODEL= one of {', '.join(offered) or 'none: it may use no model'}"
        return red(error.message, "a model for follow-up questions", hint)


async def _hub(case: Case, method: str, path: str) -> httpx.Response:
    """One answer of HuggingFace; redirects are not followed, they are one.

    Raises:
        RestsOn: Nobody answers in time.
    """
    url = case.places.hub.rstrip("/") + path
    headers = {"Authorization": f"Bearer {case.secret(_TOKEN)}"}
    try:
        async with asyncio.timeout(ANSWER_S):
            await resolve(url)
            return await case.session.request(method, url, headers=headers, timeout=None)
    except TimeoutError:
        raise RestsOn("hub token", f"{httpx.URL(url).host} does not answer in time") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        told = str(error) or type(error).__name__
        raise RestsOn("hub token", f"{url} does not answer: {told}") from None


def _refusal(what: str, answer: httpx.Response) -> str:
    """Status, and the words of the hub for it."""
    code = answer.headers.get("X-Error-Code", "")
    words = {"GatedRepo": "it is gated", "RepoNotFound": "no such repository for this token",
             "RevisionNotFound": "no such revision"}.get(code, code)  # fmt: skip
    return f"{what} is refused ({answer.status_code}{', ' + words if words else ''})"


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        read = foreign_json.read(answer.content)
    except ValueError:
        raise GtcError(f"{answer.url.host} sent no JSON", "repeat") from None
    return read if isinstance(read, dict) else {}
