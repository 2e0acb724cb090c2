"""Networks and shares: VPCs and what keeps them from going, NFS and its tiers."""

from tests.digitalocean.account import Account, Thing, new_id
from tests.digitalocean.answers import Answer, need, page
from tests.digitalocean.bodies import ShareAction, ShareCreate, VpcCreate, VpcUpdate
from tests.digitalocean.routing import Request, Routes

ROUTES = Routes()


@ROUTES.on("POST", "/v2/vpcs", "vpc:create")
def make_vpc(request: Request) -> Answer:
    who, body = request.account, request.read(VpcCreate)
    need(body.region in who.regions, f"{body.region} is not a region")
    taken = [each["name"] for each in who.vpcs.values()]
    need(body.name not in taken, "a VPC with this name already exists in this team")
    made: Thing = {
        "id": new_id(), "name": body.name, "region": body.region, "default": False,
        "ip_range": body.ip_range or f"10.{100 + len(who.vpcs)}.0.0/20",
        "description": body.description or "", "created_at": who.clock.text(),
    }  # fmt: skip
    made["urn"] = f"do:vpc:{made['id']}"
    who.vpcs[made["id"]] = made
    return Answer(201, {"vpc": made})


@ROUTES.on("GET", "/v2/vpcs", "vpc:read")
def vpcs(request: Request) -> Answer:
    return page("vpcs", list(request.account.vpcs.values()), request.query)


@ROUTES.on("GET", "/v2/vpcs/([^/]+)", "vpc:read")
def vpc(request: Request) -> Answer:
    return Answer(200, {"vpc": request.account.find(request.account.vpcs, request.parts[0])})


@ROUTES.on("GET", "/v2/vpcs/([^/]+)/members", "vpc:read")
def vpc_members(request: Request) -> Answer:
    found = request.account.find(request.account.vpcs, request.parts[0])
    listed = [
        {"urn": f"do:member:{name}", "name": name} for name in request.account.members(found["id"])
    ]
    return page("members", listed, request.query)


@ROUTES.on("PUT", "/v2/vpcs/([^/]+)", "vpc:update")
@ROUTES.on("PATCH", "/v2/vpcs/([^/]+)", "vpc:update")
def change_vpc(request: Request) -> Answer:
    found = request.account.find(request.account.vpcs, request.parts[0])
    found.update(request.read(VpcUpdate).sent)
    return Answer(200, {"vpc": found})


@ROUTES.on("DELETE", "/v2/vpcs/([^/]+)", "vpc:delete")
def drop_vpc(request: Request) -> Answer:
    found = request.account.find(request.account.vpcs, request.parts[0])
    need(not request.account.members(found["id"]), "Can not delete VPC with members", 409)
    del request.account.vpcs[found["id"]]
    return Answer(204)


@ROUTES.on("POST", "/v2/nfs", "nfs:create")
def make_share(request: Request) -> Answer:
    who, body = request.account, request.read(ShareCreate)
    need(body.region in who.nfs_regions, f"NFS is not available in region {body.region}")
    need(all(each in who.vpcs for each in body.vpc_ids), "vpc not found", 404)
    taken = [each["name"] for each in who.shares.values()]
    need(body.name not in taken, "a share with this name already exists")
    made = body.model_dump() | {"id": new_id(), "made": who.clock.now()}
    who.shares[made["id"]] = made
    return Answer(201, {"share": share_view(who, made)})


@ROUTES.on("GET", "/v2/nfs", "nfs:list")
def shares(request: Request) -> Answer:
    who, region = request.account, request.query.get("region")
    need(not region or region in who.nfs_regions, f"NFS is not available in {region}", 404)
    found = [each for each in who.shares.values() if not region or each["region"] == region]
    return page("shares", [share_view(who, each) for each in found], request.query)


@ROUTES.on("GET", "/v2/nfs/([^/]+)", "nfs:read")
def share(request: Request) -> Answer:
    found = request.account.find(request.account.shares, request.parts[0])
    return Answer(200, {"share": share_view(request.account, found)})


@ROUTES.on("POST", "/v2/nfs/([^/]+)/actions", "nfs:create")
def act_on_share(request: Request) -> Answer:
    found = request.account.find(request.account.shares, request.parts[0])
    body = request.read(ShareAction)
    if body.type == "resize":
        size = int(body.params["size_gib"])
        need(size >= found["size_gib"], "a share cannot shrink")
        found["size_gib"] = size
    else:
        tier = body.params["performance_tier"]
        need((found["performance_tier"], tier) != ("high", "standard"), "a tier cannot be lowered")
        found["performance_tier"] = tier
    done = {"id": "1", "status": "in-progress", "type": body.type, "resource_id": found["id"],
            "started_at": request.account.clock.text()}  # fmt: skip
    return Answer(201, {"action": done})


@ROUTES.on("DELETE", "/v2/nfs/([^/]+)", "nfs:delete")
def drop_share(request: Request) -> Answer:
    who = request.account
    gone = who.find(who.shares, request.parts[0])
    del who.shares[gone["id"]]
    who.held += [(each, who.clock.now(), f"share {gone['name']}") for each in gone["vpc_ids"]]
    return Answer(204)


def share_view(account: Account, share: Thing) -> Thing:
    """A share as the API shows it; host and path come when it is active."""
    active = account.clock.now() >= share["made"] + account.timings.share_s
    tier = share["performance_tier"]
    return {
        **{key: value for key, value in share.items() if key != "made"},
        "created_at": account.clock.text(share["made"]),
        "status": "ACTIVE" if active else "CREATING",
        "host": "10.100.0.5" if active else "",
        "mount_path": f"/2633050/{share['id']}" if active else "",
        "performance_tier": f"PERFORMANCE_TIER_{tier.upper()}" if account.tier_prefix else tier,
    }
