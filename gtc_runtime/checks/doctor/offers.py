"""Checks of what DigitalOcean offers this account: region, sizes of nodes, Kubernetes, share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gtc_runtime.checks.doctor.case import Case
from gtc_runtime.checks.doctor.cloud import Json
from gtc_runtime.checks.doctor.origins import SUPPORT
from gtc_runtime.verdict import NotApplicable, RestsOn, Verdict, green, judge, not_permitted, red
from gtc_spec import versions
from gtc_spec.cloud.droplets import on_demand
from gtc_spec.cloud.regions import WITH_NFS

_SIZES: Final = "doctl compute size list"
_REGIONS_PAGE: Final = "https://docs.digitalocean.com/platform/regional-availability"


async def region(case: Case) -> Verdict:
    """It exists and takes new droplets."""
    listed = await case.cloud.all("/v2/regions", "regions")
    open_ones = sorted(str(each["slug"]) for each in listed if each.get("available", True))
    wanted = case.env.region
    hint = f"make deploy REGION= one of {', '.join(open_ones)}"
    there = any(each["slug"] == wanted for each in listed)
    told = wanted if wanted in open_ones else f"{wanted} {'is closed' if there else 'is none'}"
    return judge(wanted in open_ones, told, "a region that takes droplets", hint)


async def nodes(case: Case) -> Verdict:
    """The size of the nodes without GPUs is offered in the region."""
    sizes = await _sizes(case)
    return await _offered(case, case.env.hosting.management_size, sizes)


async def worker_nodes(case: Case) -> Verdict:
    """The size of the nodes of the workers is offered to this account in the region.

    A contracted size is in no list that is documented; when Kubernetes lists it all the same, the
    account has it.
    """
    size = case.env.nodes.size
    sizes = await _sizes(case)
    if on_demand(size) == size:
        return await _offered(case, size, sizes)
    instead = _alternative(case, on_demand(size), sizes)
    if size in await _for_kubernetes(case):
        return green(f"{size}: by contract, offered to this account; {instead}")
    return not_permitted(
        f"{size}: by contract, which the API does not show; ask who holds yours whether it is good "
        f"in {case.env.region}; {instead}",
    )


async def kubernetes(case: Case) -> Verdict:
    """The pinned release line is offered, in the region."""
    await _need_region(case)
    options = await _options(case)
    minor = versions.KUBERNETES_MINOR
    slugs = [str(each["slug"]) for each in options.get("versions") or ()]
    places = [str(each["slug"]) for each in options.get("regions") or ()]
    if case.env.region not in places:
        hint = f"make deploy REGION= one of {', '.join(places)}"
        return red(f"not in {case.env.region}", "Kubernetes in the region", hint)
    found = [slug for slug in slugs if slug.startswith(f"{minor}.")]
    hint = (
        f"offered: {', '.join(slugs)}; another line is KUBERNETES_MINOR in gtc_spec/versions.py, "
        "with the charts tested on it"
    )
    return judge(bool(found), ", ".join(found) or f"no {minor}", f"{minor}.x", hint)


async def share(case: Case) -> Verdict:
    """NFS is offered in the region."""
    wanted = case.env.hosting.share
    if wanted is None:
        raise NotApplicable(f"{case.env.name} has no share")
    await _need_region(case)
    where = case.env.region
    told = f"{wanted.gib} GiB, tier {wanted.tier}, in {where}"
    hint = f"make deploy REGION= one of {', '.join(WITH_NFS)}; see {_REGIONS_PAGE}"
    try:
        found = await case.cloud.get("/v2/nfs", f"region={where}")
    except RestsOn as error:
        if error.cause != "share":
            raise
        return red(error.why, f"NFS in {where}", hint)
    if where in WITH_NFS or found.get("shares"):
        return green(told)
    known = ", ".join(WITH_NFS)
    return not_permitted(f"the API does not say whether {where} has NFS; {known} have")


async def _need_region(case: Case) -> None:
    if (await region(case)).state == "red":
        raise RestsOn("region")


async def _sizes(case: Case) -> Mapping[str, Json]:
    await _need_region(case)
    return {str(each["slug"]): each for each in await case.cloud.all("/v2/sizes", "sizes")}


async def _options(case: Case) -> Json:
    return dict((await case.cloud.get("/v2/kubernetes/options"))["options"])


async def _for_kubernetes(case: Case) -> Sequence[str]:
    """Sizes that a node pool may have; none when nobody tells, which another check says."""
    try:
        return [str(each["slug"]) for each in (await _options(case)).get("sizes") or ()]
    except RestsOn:
        return ()


async def _offered(case: Case, size: str, sizes: Mapping[str, Json]) -> Verdict:
    where, wanted = case.env.region, f"{size} in {case.env.region}"
    found = sizes.get(size)
    if found is None:
        close = _like(size, where, sizes)
        return red(f"there is no size {size}", wanted, f"{close}; {_SIZES} lists all")
    places = list(map(str, found.get("regions") or ()))
    if not places:
        hint = f"ask for access to it at {SUPPORT}; {_like(size, where, sizes)}"
        return red(f"{size} is listed without a region: not for this account", wanted, hint)
    if where not in places:
        hint = f"make deploy REGION= one of {', '.join(places)}; or {_like(size, where, sizes)}"
        return red(f"{size} is in {', '.join(places)}", wanted, hint)
    if not found.get("available", True):
        hint = f"ask at {SUPPORT}; {_like(size, where, sizes)}"
        return red(f"{size} takes no new droplets now", wanted, hint)
    pools = await _for_kubernetes(case)
    if pools and size not in pools:
        hint = f"doctl kubernetes options sizes lists them; {_like(size, where, sizes)}"
        return red(f"{size} is not for Kubernetes nodes", wanted, hint)
    return green(f"{size} in {where}, {float(found['price_hourly']):.2f} USD/h")


def _alternative(case: Case, size: str, sizes: Mapping[str, Json]) -> str:
    """What may be ordered without a contract."""
    found, where = sizes.get(size), case.env.region
    if found is None:
        return f"on demand there is no {size}"
    told = f"on demand: GPU_TYPE={size}, {float(found['price_hourly']):.2f} USD/h"
    places = ", ".join(map(str, found.get("regions") or ()))
    if where in (found.get("regions") or ()):
        return f"{told}, in {where}"
    return f"{told}, not in {where}" + (f" but {places}" if places else " nor anywhere else")


def _like(size: str, where: str, sizes: Mapping[str, Json]) -> str:
    """Sizes of the same family that are there."""
    family = size.split("x")[0] if size.startswith("gpu-") else size.split("-")[0] + "-"
    found = [
        slug
        for slug, each in sorted(sizes.items())
        if slug.startswith(family) and where in (each.get("regions") or ()) and slug != size
    ]
    if not found:
        return f"nothing like it in {where}"
    if size.startswith("gpu-"):
        return f"in {where}: GPU_TYPE={' or '.join(found)}"
    return f"in {where} there are {', '.join(found)}"
