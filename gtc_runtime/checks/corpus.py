"""Checks of the texts of the load: a whole corpus, or knowingly the bundled set; follow-ups."""

from __future__ import annotations

import asyncio

from gtc_runtime.checks.scene import Scene
from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.corpus import manifest
from gtc_runtime.corpus.choice import BUNDLED_LABEL
from gtc_runtime.corpus.location import open_store
from gtc_runtime.load.conversations import followup_models
from gtc_runtime.verdict import NotApplicable, Verdict, green, not_permitted, red
from gtc_spec import serving
from gtc_spec.errors import GtcError

_AGAIN = "make deploy-corpus sends what is missing or damaged; the bundled texts stand in"


async def corpus(scene: Scene) -> Verdict:
    """Every file is what the manifest says; a deployed panel reads the bucket."""
    location = scene.settings.corpus
    if not location and (scene.rehearsal or scene.is_panel):
        return green(BUNDLED_LABEL)
    location = location or scene.env.spaces.corpus
    access = SpacesAccess.of(scene.settings, scene.env.spaces.url)
    if location.startswith("s3://") and not (access.key_id and access.secret):
        return not_permitted(f"no key for {location}: set SPACES_ACCESS_KEY_ID and its secret")
    wrong, found = await asyncio.to_thread(_look, location, access)
    if wrong:
        more = f"; {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return red(f"{wrong[0]}{more}", location, _AGAIN)
    return green(found, location)


async def followups(scene: Scene) -> Verdict:
    """The service of follow-up questions offers a model that we know."""
    settings, url = scene.settings, scene.settings.followups_url
    key = "" if url else settings.gradient_api_key.get_secret_value()
    if not url and not key:
        raise NotApplicable("no GRADIENT_API_KEY here: the bundled list would ask")
    address = url or serving.INFERENCE_URL
    hint = "the bundled list asks meanwhile: the show goes on"
    try:
        models = await followup_models.offered(address, key)
        model = followup_models.choose(models, settings.followups_model, any_will_do=bool(url))
    except GtcError as error:
        return red(error.message, "a known model", f"{error.hint}; {hint}" if error.hint else hint)
    return green(f"{model}, one of {len(models)} at {address}", "a known model")


def _look(location: str, access: SpacesAccess) -> tuple[list[str], str]:
    """What is wrong, and what is there."""
    try:
        store = open_store(location, access)
        wrong = list(manifest.problems(store))
        return wrong, "" if wrong else f"{manifest.read(store).size} corpus, complete"
    except GtcError as error:
        return [error.message.split("\n")[0]], ""
