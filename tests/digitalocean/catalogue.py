"""What the account may have: its limits, sizes, regions, registry, and who asks."""

from typing import Any

from tests.digitalocean.account import Account, Registry, Thing
from tests.digitalocean.answers import Answer, Refused, need, page
from tests.digitalocean.routing import Request, Routes

ROUTES = Routes()


@ROUTES.on("GET", "/v2/account", "account:read")
def account(request: Request) -> Answer:
    who = request.account
    return Answer(200, {"account": {
        "droplet_limit": who.droplet_limit, "floating_ip_limit": 5, "email": who.email,
        "name": "Demo", "uuid": who.uuid, "email_verified": True, "status": who.status,
        "status_message": "", "team": {"uuid": who.uuid, "name": who.team},
    }})  # fmt: skip


@ROUTES.on("GET", "/v1/oauth/token/info", "")
def token_info(request: Request) -> Answer:
    """As doctl reads it (do/oauth.go); on the real host it is under cloud.digitalocean.com."""
    return Answer(200, {
        "resource_owner_id": 1, "scopes": sorted(request.account.tokens[request.token]),
        "expires_in_seconds": None, "application": {"uid": None}, "created_at": 1_700_000_000,
    })  # fmt: skip


@ROUTES.on("GET", "/v2/sizes", "sizes:read")
def sizes(request: Request) -> Answer:
    return page("sizes", request.account.sizes, request.query)


@ROUTES.on("GET", "/v2/regions", "regions:read")
def regions(request: Request) -> Answer:
    who = request.account
    listed = [
        {"name": name, "slug": slug, "features": ["backups", "ipv6", "metadata", "storage"],
         "available": True,
         "sizes": [each["slug"] for each in who.sizes if slug in each["regions"]]}
        for slug, name in who.regions.items()
    ]  # fmt: skip
    return page("regions", listed, request.query)


@ROUTES.on("GET", "/v2/kubernetes/options", "kubernetes:read")
def options(request: Request) -> Answer:
    who = request.account
    versions = [
        {"slug": each, "kubernetes_version": each.split("-")[0],
         "supported_features": ["cluster-autoscaler", "docr-integration", "ha-control-plane"]}
        for each in who.versions
    ]  # fmt: skip
    places = [{"name": who.regions[each], "slug": each} for each in sorted(who.kubernetes_regions)]
    slugs = [{"name": each, "slug": each} for each in sorted(who.slugs)]
    return Answer(200, {"options": {"versions": versions, "regions": places, "sizes": slugs}})


@ROUTES.on("GET", "/v2/droplets", "droplet:read")
def droplets(request: Request) -> Answer:
    """Those with GPUs only when they are asked for, and then not by tag."""
    tag, kind = request.query.get("tag_name"), request.query.get("type", "droplets")
    need(not (tag and "type" in request.query), "type cannot be combined with tag_name")
    listed = [
        each
        for each in request.account.droplets()
        if each["size_slug"].startswith("gpu-") == (kind == "gpus")
        and (not tag or tag in each["tags"])
    ]
    return page("droplets", listed, request.query)


@ROUTES.on("DELETE", "/v2/droplets/([^/]+)", "droplet:delete")
def drop_droplet(request: Request) -> Answer:
    who = request.account
    del who.left_droplets[who.find(who.left_droplets, request.parts[0])["id"]]
    return Answer(204)


@ROUTES.on("GET", "/v2/load_balancers", "load_balancer:read")
def load_balancers(request: Request) -> Answer:
    return page("load_balancers", _listed(request.account.load_balancers), request.query)


@ROUTES.on("GET", "/v2/volumes", "block_storage:read")
def volumes(request: Request) -> Answer:
    return page("volumes", _listed(request.account.volumes), request.query)


@ROUTES.on("DELETE", "/v2/load_balancers/([^/]+)", "load_balancer:delete")
def drop_load_balancer(request: Request) -> Answer:
    del request.account.load_balancers[_one(request, request.account.load_balancers)]
    return Answer(204)


@ROUTES.on("DELETE", "/v2/volumes/([^/]+)", "block_storage:delete")
def drop_volume(request: Request) -> Answer:
    id = _one(request, request.account.volumes)
    attached = request.account.volumes[id]["cluster"] in request.account.clusters
    need(not attached, "the volume is attached", 409)
    del request.account.volumes[id]
    return Answer(204)


def _one(request: Request, kind: dict[str, Thing]) -> str:
    id: str = request.account.find(kind, request.parts[0])["id"]
    return id


@ROUTES.on("GET", "/v2/projects", "project:read")
def projects(request: Request) -> Answer:
    default = {"id": request.account.uuid, "name": request.account.team, "is_default": True}
    return page("projects", [default], request.query)


@ROUTES.on("GET", "/v2/registry", "registry:read")
def registry(request: Request) -> Answer:
    have = _registry(request.account)
    told = _told(request.account, have) | {"subscription": _subscription(request.account, have)}
    return Answer(200, {"registry": told})


@ROUTES.on("GET", "/v2/registries", "registry:read")
def registries(request: Request) -> Answer:
    have = request.account.registry
    return Answer(200, {"registries": [] if have is None else [_told(request.account, have)]})


@ROUTES.on("GET", "/v2/registr(?:y|ies)/subscription", "registry:read")
def subscription(request: Request) -> Answer:
    have = _registry(request.account)
    return Answer(200, {"subscription": _subscription(request.account, have)})


@ROUTES.on("GET", "/v2/registr(?:y|ies)/([^/]+)/repositoriesV2", "registry:read")
def repositories(request: Request) -> Answer:
    have = _registry(request.account)
    if request.parts[0] != have.name:
        raise Refused(404, "registry does not exist")
    listed = [{"registry_name": have.name, "name": each} for each in have.repositories]
    return page("repositories", listed, request.query)


def _registry(account: Account) -> Registry:
    if account.registry is None:
        raise Refused(404, "registry does not exist")
    return account.registry


def _told(account: Account, have: Registry) -> Thing:
    return {
        "name": have.name, "region": have.region, "created_at": account.clock.text(0),
        "storage_usage_bytes": have.used_bytes,
        "storage_usage_bytes_updated_at": account.clock.text(),
    }  # fmt: skip


def _subscription(account: Account, have: Registry) -> Thing:
    tier = {
        "name": have.tier.title(), "slug": have.tier,
        "included_repositories": have.included_repositories,
        "included_storage_bytes": have.included_bytes, "allow_storage_overage": have.overage,
        "included_bandwidth_bytes": have.included_bytes, "monthly_price_in_cents": 2000,
    }  # fmt: skip
    return {"tier": tier, "created_at": account.clock.text(0), "updated_at": account.clock.text(0)}


def _listed(things: dict[str, Thing]) -> list[dict[str, Any]]:
    return [{key: value for key, value in each.items() if key != "cluster"}
            for each in things.values()]  # fmt: skip
