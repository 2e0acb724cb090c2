"""Checks of who deploys: the token, what it may do, how many droplets, and what lives there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gtc_runtime.checks.doctor.case import Case
from gtc_runtime.checks.doctor.cloud import OWNERS, Forbidden, Json
from gtc_runtime.checks.doctor.origins import DO_TOKEN, EVERYTHING, ORIGINS, SCOPES, SUPPORT
from gtc_runtime.verdict import RestsOn, Verdict, green, judge, not_permitted, red
from gtc_spec import names
from gtc_spec.environment import ENVIRONMENTS

_TOKENS: Final = ORIGINS[DO_TOKEN].page


async def token(case: Case) -> Verdict:
    """It belongs to an active account."""
    case.secret(DO_TOKEN)
    who = await case.cloud.account()
    told = f"{who.get('email')}, team {(who.get('team') or {}).get('name', 'none')}"
    status = str(who.get("status", "active"))
    if status == "active":
        return green(told)
    why = str(who.get("status_message") or "").strip()
    hint = f"the account needs attention: {why or 'see its billing page'}; {SUPPORT}"
    return red(f"{told}: the account is {status}", "an active account", hint)


async def scopes(case: Case) -> Verdict:
    """It may do everything that a deployment does, as far as somebody tells."""
    case.secret(DO_TOKEN)
    told = await case.cloud.scopes()
    lacks = await _refused_reads(case)
    full = told is not None and any(each <= set(told) for each in EVERYTHING)
    if told is not None and not full:
        lacks += [scope for scope in SCOPES if not _covered(scope, told) and scope not in lacks]
    if lacks:
        hint = f"make a token with full access, or add these scopes: {_TOKENS}"
        return red(f"lacks {', '.join(lacks)}", f"{len(SCOPES)} scopes", hint)
    if told is None:
        return not_permitted("it reads everything; nobody tells whether it may write")
    return green("full access" if full else f"all {len(SCOPES)} that are needed")


def _covered(scope: str, told: Sequence[str]) -> bool:
    """Whether a token has a scope, by its name or with the right to read everything."""
    reads = scope.endswith((":read", ":list")) and not {"read", "api:read"}.isdisjoint(told)
    return reads or scope in told


async def _refused_reads(case: Case) -> list[str]:
    """Scopes without which a question of ours was refused."""
    return [scope for path, (_, scope) in OWNERS.items() if await _refused(case, path)]


async def _refused(case: Case, path: str) -> bool:
    region = f"region={case.env.region}"
    try:
        if path == "/v2/account":
            await case.cloud.account()
        elif path == "/v2/nfs":
            await case.cloud.get(path, region)
        else:
            await case.cloud.get(path)
    except Forbidden:
        return True
    except RestsOn as error:
        if error.cause == "token":
            raise
    return False


async def droplet_limit(case: Case) -> Verdict:
    """There is room for every node; the API does not tell limits of GPUs."""
    limit = int((await case.cloud.account()).get("droplet_limit") or 0)
    used = await _droplets(case, "") + await _droplets(case, "type=gpus&per_page=1")
    fewest, most = case.env.hosting.management_nodes
    ours = await _our_nodes(case)
    need, room = case.env.nodes.count + fewest, limit - used + ours
    told = f"room for {room} of {limit} droplets, {need} to {case.env.nodes.count + most} needed"
    hint = f"ask for a higher limit (Settings > Resource Limits, or {SUPPORT}), or end droplets"
    return judge(room >= need, told, f">= {need}", hint)


async def _droplets(case: Case, query: str) -> int:
    """How many there are; those with GPUs are counted only when they are asked for."""
    told = await case.cloud.get("/v2/droplets", query)
    return int((told.get("meta") or {}).get("total") or 0)


async def _our_nodes(case: Case) -> int:
    try:
        found = await _clusters(case)
    except RestsOn:
        return 0
    pools = [pool for each in found for pool in each.get("node_pools") or ()]
    return sum(len(pool.get("nodes") or ()) for pool in pools)


async def _clusters(case: Case) -> list[Json]:
    """The account's clusters of our name; there is one at most."""
    listed = await case.cloud.all("/v2/kubernetes/clusters", "kubernetes_clusters")
    return [each for each in listed if each.get("name") == names.DEMO]


async def cluster_name(case: Case) -> Verdict:
    """Nobody else's cluster has our name."""
    found = await _clusters(case)
    if not found:
        return green(f"no cluster {names.DEMO} in this account")
    tags = set(found[0].get("tags") or ())
    lives = [each for each in ENVIRONMENTS if names.environment_tag(each) in tags]
    wanted = f"none, or {case.env.name}"
    if not lives:
        hint = "it was not made by this: rename or remove it by hand"
        return red(f"a cluster {names.DEMO} without the tag of an environment", wanted, hint)
    if lives != [case.env.name]:
        hint = f"make teardown ENV={lives[0]} in the checkout that deployed it, then repeat"
        return red(f"{lives[0]} is deployed in this account", wanted, hint)
    if not case.listed_here:
        hint = "copy both state files from the checkout that deployed it; lost: make deploy ADOPT=1"
        return red(f"{lives[0]} is deployed, and no state here lists it", wanted, hint)
    return green(f"{lives[0]} is deployed already, from here")
