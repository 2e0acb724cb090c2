"""Checks of what must exist before: the registry with room for our image, and the bucket.

That the key may write is shown by beginning an upload in parts and aborting it: the bucket holds
nothing before, nothing while and nothing after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gtc_runtime.checks.doctor.case import REGISTRY_HOST, Case
from gtc_runtime.checks.doctor.origins import ORIGINS
from gtc_runtime.checks.doctor.resolving import resolve
from gtc_runtime.copies.access import SpacesAccess
from gtc_runtime.copies.bucket import BucketStore, Patience
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, green, red
from gtc_spec.cloud import images
from gtc_spec.errors import GtcError
from gtc_spec.manifests.secret_names import SPACES

IMAGE_GIB: Final = 1
"""Room for our image, compressed, beside the one that is being replaced."""
PROBE_KEY: Final = ".gtc-doctor"
_REGISTRY_PAGE: Final = "https://cloud.digitalocean.com/registry"
_SPACES_PAGE: Final = "https://cloud.digitalocean.com/spaces"
_KEYS_PAGE: Final = ORIGINS[SPACES.keys[0]].page
_PATIENCE: Final = Patience(connect_s=3.0, read_s=5.0, tries=1)


async def registry(case: Case) -> Verdict:
    """The account has the registry that our image goes to."""
    name = _registry_name(case)
    listed = (await case.cloud.get("/v2/registries")).get("registries") or []
    found = {str(each["name"]): str(each.get("region")) for each in listed}
    make = f"doctl registry create {name}, or at {_REGISTRY_PAGE}"
    have = " or ".join(f"REGISTRY={REGISTRY_HOST}/{each}" for each in found)
    if name in found:
        return green(f"{name} in {found[name]}")
    hint = f"take the account's own: {have}" if have else make
    return red(f"the account has {', '.join(found) or 'no registry'}", name, hint)


async def registry_room(case: Case) -> Verdict:
    """Its subscription has room for our image."""
    if (await registry(case)).state == "red":
        raise RestsOn("registry")
    name = _registry_name(case)
    listed = (await case.cloud.get("/v2/registries")).get("registries") or []
    told = await case.cloud.get("/v2/registries/subscription")
    tier = told["subscription"]["tier"]
    used = sum(int(each.get("storage_usage_bytes") or 0) for each in listed) / 2**30
    included = int(tier.get("included_storage_bytes") or 0) / 2**30
    hint = f"delete old tags and collect garbage, or a larger plan: {_REGISTRY_PAGE}"
    plan = f"plan {tier.get('slug')}, {used:.1f} of {included:.1f} GiB used"
    if not tier.get("allow_storage_overage") and included - used < IMAGE_GIB:
        return red(plan, f"{IMAGE_GIB} GiB free", hint)
    most = int(tier.get("included_repositories") or 0)
    have = await _repositories(case, name) if most else []
    if most and images.IMAGE not in have and len(have) >= most:
        found = f"{plan}, {len(have)} of {most} repositories"
        return red(found, f"one for {images.IMAGE}", hint)
    return green(plan)


async def bucket(case: Case) -> Verdict:
    """It is there, at this address, for this key."""
    return await _ask(case, _reach)


async def bucket_write(case: Case) -> Verdict:
    """The key may write into it."""
    if (await bucket(case)).state == "red":
        raise RestsOn("bucket")
    return await _ask(case, _write)


def _reach(found: BucketStore) -> str:
    found.reach()
    return found.bucket


def _write(found: BucketStore) -> str:
    found.probe_write(PROBE_KEY)
    return "an upload was begun and aborted; nothing is left of it"


async def _ask(case: Case, act: Callable[[BucketStore], str]) -> Verdict:
    where = case.places
    access = SpacesAccess(where.spaces, *(case.secret(name) for name in SPACES.keys))

    def work() -> str:
        return act(BucketStore(where.bucket, "", access, patience=_PATIENCE))

    wanted = f"{where.bucket} at {where.spaces}, and a key that may read and write it"
    try:
        await resolve(where.spaces)
        return green(f"{await asyncio.to_thread(work)} at {where.spaces}")
    except GtcError as error:
        hint = error.hint or "repeat"
        return red(error.message, wanted, f"{hint}; buckets {_SPACES_PAGE}, keys {_KEYS_PAGE}")
    except OSError as error:
        told = str(error) or "no address in time"
        return red(f"{where.spaces} has no address: {told}", wanted, "check endpoint and network")


def _registry_name(case: Case) -> str:
    host, _, path = case.registry.partition("/")
    if host != REGISTRY_HOST or not path:
        raise NotApplicable(f"the image goes to {case.registry}, which is not DigitalOcean's")
    return path.split("/")[0]


async def _repositories(case: Case, registry: str) -> list[str]:
    path = f"/v2/registries/{registry}/repositoriesV2"
    document = await case.cloud.get(path, owner="/v2/registries/subscription")
    return [str(each["name"]) for each in document.get("repositories") or ()]
