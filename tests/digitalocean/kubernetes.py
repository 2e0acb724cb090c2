"""Kubernetes: clusters, their node pools, credentials, and the way to the registry."""

from collections.abc import Sequence

import yaml

from tests.digitalocean.account import Account, Thing, new_id
from tests.digitalocean.answers import Answer, Refused, need, page
from tests.digitalocean.bodies import (
    ClusterCreate,
    ClusterUpdate,
    ClusterUpgrade,
    PoolCreate,
    PoolUpdate,
    RegistryClusters,
)
from tests.digitalocean.routing import Request, Routes

ROUTES = Routes()
CLUSTERS = "/v2/kubernetes/clusters"
ONE = f"{CLUSTERS}/([^/]+)"
PLUGINS = ("routing_agent", "amd_gpu_device_plugin", "amd_gpu_device_metrics_exporter_plugin",
           "rdma_shared_dev_plugin")  # fmt: skip


def cluster_of(request: Request) -> Thing:
    """The cluster that a path names."""
    return request.account.find(request.account.clusters, request.parts[0])


def pool_of(request: Request) -> Thing:
    """The node pool that a path names."""
    pools: list[Thing] = cluster_of(request)["node_pools"]
    for each in pools:
        if each["id"] == request.parts[1]:
            return each
    raise Refused(404, "node pool not found")


@ROUTES.on("GET", CLUSTERS, "kubernetes:read")
def clusters(request: Request) -> Answer:
    who = request.account
    listed = [cluster_view(who, each) for each in who.clusters.values()]
    return page("kubernetes_clusters", listed, request.query)


@ROUTES.on("POST", CLUSTERS, "kubernetes:create")
def make_cluster(request: Request) -> Answer:
    who, body = request.account, request.read(ClusterCreate)
    taken = [each["name"] for each in who.clusters.values()]
    need(body.name not in taken, "a cluster with this name already exists")
    need(body.region in who.kubernetes_regions, f"invalid region {body.region}")
    need(body.version in who.versions, f"invalid version slug {body.version}")
    network = who.find(who.vpcs, body.vpc_uuid)
    need(body.region == network["region"], "the VPC is in another region")
    id = new_id()
    made: Thing = {
        "id": id, "name": body.name, "region": body.region, "version": body.version,
        "cluster_subnet": body.cluster_subnet or "10.244.0.0/16",
        "service_subnet": body.service_subnet or "10.245.0.0/16",
        "vpc_uuid": body.vpc_uuid, "ipv4": "127.0.0.1",
        "endpoint": who.kube.server or f"https://{id}.k8s.ondigitalocean.com",
        "tags": _tags(id, body.tags), "node_pools": [], "registry_enabled": False,
        "maintenance_policy": {"start_time": "4:00", "duration": "4h0m0s", "day": "any"},
        "auto_upgrade": bool(body.auto_upgrade), "surge_upgrade": bool(body.surge_upgrade),
        "ha": bool(body.ha), "made": who.clock.now(),
        "control_plane_firewall": body.sent.get("control_plane_firewall"),
        "cluster_autoscaler_configuration": body.sent.get("cluster_autoscaler_configuration"),
        "nvidia_gpu_device_plugin": {"enabled": True},
        **{name: {"enabled": False} for name in PLUGINS},
    }  # fmt: skip
    for pool in body.node_pools:
        made["node_pools"].append(new_pool(who, made, pool))
    who.clusters[id] = made
    return Answer(201, {"kubernetes_cluster": cluster_view(who, made)})


@ROUTES.on("GET", ONE, "kubernetes:read")
def cluster(request: Request) -> Answer:
    return Answer(200, {"kubernetes_cluster": cluster_view(request.account, cluster_of(request))})


@ROUTES.on("PUT", ONE, "kubernetes:update")
def change_cluster(request: Request) -> Answer:
    found, sent = cluster_of(request), request.read(ClusterUpdate).sent
    if "tags" in sent:
        sent["tags"] = _tags(found["id"], sent["tags"])
    found.update(sent)
    return Answer(202, {"kubernetes_cluster": cluster_view(request.account, found)})


@ROUTES.on("POST", f"{ONE}/upgrade", "kubernetes:update")
def upgrade(request: Request) -> Answer:
    found, version = cluster_of(request), request.read(ClusterUpgrade).version
    need(version in request.account.versions, f"invalid version slug {version}")
    found["version"] = version
    return Answer(202)


@ROUTES.on("GET", f"{ONE}/destroy_with_associated_resources", "kubernetes:read")
def associated(request: Request) -> Answer:
    who, id = request.account, cluster_of(request)["id"]

    def of_it(kind: dict[str, Thing]) -> list[Thing]:
        return [{"id": each["id"], "name": each["name"]}
                for each in kind.values() if each["cluster"] == id]  # fmt: skip

    return Answer(200, {
        "volumes": of_it(who.volumes), "volume_snapshots": [],
        "load_balancers": of_it(who.load_balancers),
    })  # fmt: skip


@ROUTES.on("DELETE", f"{ONE}/destroy_with_associated_resources/dangerous", "kubernetes:delete")
def drop_with_all(request: Request) -> Answer:
    request.account.drop_cluster(cluster_of(request)["id"], associated=True)
    return Answer(204)


@ROUTES.on("DELETE", ONE, "kubernetes:delete")
def drop(request: Request) -> Answer:
    request.account.drop_cluster(cluster_of(request)["id"], associated=False)
    return Answer(204)


@ROUTES.on("GET", f"{ONE}/credentials", "kubernetes:access_cluster")
def credentials(request: Request) -> Answer:
    who, found = request.account, cluster_of(request)
    life_s = int(request.query.get("expiry_seconds") or 0) or 604_800
    return Answer(200, {
        "server": found["endpoint"], "certificate_authority_data": who.kube.ca,
        "client_certificate_data": None, "client_key_data": None, "token": who.kube.token,
        "expires_at": who.clock.text(who.clock.now() + life_s),
    })  # fmt: skip


@ROUTES.on("GET", f"{ONE}/kubeconfig", "kubernetes:access_cluster")
def kubeconfig(request: Request) -> Answer:
    """What doctl shows."""
    who, found = request.account, cluster_of(request)
    context = f"do-{found['region']}-{found['name']}"
    server = {"server": found["endpoint"], "certificate-authority-data": who.kube.ca}
    return Answer(200, yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": context,
        "clusters": [{"name": context, "cluster": server}],
        "users": [{"name": context, "user": {"token": who.kube.token}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
    }))  # fmt: skip


@ROUTES.on("GET", f"{ONE}/node_pools", "kubernetes:read")
def pools(request: Request) -> Answer:
    listed = [pool_view(request.account, each) for each in cluster_of(request)["node_pools"]]
    return page("node_pools", listed, request.query)


@ROUTES.on("POST", f"{ONE}/node_pools", "kubernetes:create")
def make_pool(request: Request) -> Answer:
    found = cluster_of(request)
    made = new_pool(request.account, found, request.read(PoolCreate))
    found["node_pools"].append(made)
    return Answer(201, {"node_pool": pool_view(request.account, made)})


@ROUTES.on("GET", f"{ONE}/node_pools/([^/]+)", "kubernetes:read")
def pool(request: Request) -> Answer:
    return Answer(200, {"node_pool": pool_view(request.account, pool_of(request))})


@ROUTES.on("PUT", f"{ONE}/node_pools/([^/]+)", "kubernetes:update")
def change_pool(request: Request) -> Answer:
    found, sent = pool_of(request), request.read(PoolUpdate).sent
    if "tags" in sent:
        sent["tags"] = _tags(request.parts[0], sent["tags"], "k8s:worker")
    found.update(sent)
    resize(request.account, found)
    return Answer(202, {"node_pool": pool_view(request.account, found)})


@ROUTES.on("DELETE", f"{ONE}/node_pools/([^/]+)", "kubernetes:delete")
def drop_pool(request: Request) -> Answer:
    who, found, gone = request.account, cluster_of(request), pool_of(request)
    found["node_pools"].remove(gone)
    who.held.append((found["vpc_uuid"], who.clock.now(), f"nodes of pool {gone['name']}"))
    return Answer(202)


@ROUTES.on("POST", "/v2/kubernetes/registry", "kubernetes:update")
def add_registry(request: Request) -> Answer:
    need(request.account.registry is not None, "no container registry in this account", 412)
    return _registry(request, enabled=True)


@ROUTES.on("DELETE", "/v2/kubernetes/registry", "kubernetes:update")
def remove_registry(request: Request) -> Answer:
    return _registry(request, enabled=False)


def _registry(request: Request, *, enabled: bool) -> Answer:
    for id in request.read(RegistryClusters).cluster_uuids:
        request.account.find(request.account.clusters, id)["registry_enabled"] = enabled
    return Answer(204)


def new_pool(account: Account, cluster: Thing, body: PoolCreate) -> Thing:
    """A pool with its nodes, checked."""
    need(body.size in account.slugs, f"invalid size {body.size}")
    taken = [each["name"] for each in cluster["node_pools"]]
    need(body.name not in taken, f"node pool names must be unique: {body.name}")
    count, low, high = body.count or 0, body.min_nodes or 0, body.max_nodes or 0
    if body.auto_scale:
        need(1 <= low <= high, "auto_scale needs 1 <= min_nodes <= max_nodes")
        count = count if low <= count <= high else low
    need(count >= 1, "count must be at least 1")
    room = account.droplet_limit - account.other_droplets - account.nodes()
    need(count <= room, "creating this many nodes would exceed your droplet limit")
    taints = [each.model_dump() for each in body.taints or ()]
    if account.report_gpu_taint and body.size.startswith("gpu-"):
        taints = [{"key": "nvidia.com/gpu", "value": "", "effect": "NoSchedule"}]
    made: Thing = {
        "id": new_id(), "name": body.name, "size": body.size, "count": count, "nodes": [],
        "tags": _tags(cluster["id"], body.tags, "k8s:worker"), "labels": body.labels,
        "taints": taints, "auto_scale": bool(body.auto_scale), "made": account.clock.now(),
        "min_nodes": low if body.auto_scale else 0, "max_nodes": high if body.auto_scale else 0,
    }  # fmt: skip
    resize(account, made)
    return made


def resize(account: Account, pool: Thing) -> None:
    """Give a pool as many nodes as it counts; tests call it too, for a node that was lost."""
    now = account.clock.text()
    while len(pool["nodes"]) < pool["count"]:
        name = f"{pool['name']}-{new_id()[:5]}"
        pool["nodes"].append(
            {"id": new_id(), "name": name, "droplet_id": "1", "created_at": now, "updated_at": now}
        )
    del pool["nodes"][pool["count"] :]


def pool_view(account: Account, pool: Thing) -> Thing:
    """A pool as the API shows it."""
    ready = account.clock.now() >= pool["made"] + account.timings.pool_s
    state = {"state": "running" if ready else "provisioning"}
    nodes = [{**each, "status": state} for each in pool["nodes"]]
    return {key: value for key, value in pool.items() if key != "made"} | {"nodes": nodes}


def cluster_view(account: Account, cluster: Thing) -> Thing:
    """A cluster as the API shows it, pools included."""
    running = account.clock.now() >= cluster["made"] + account.timings.cluster_s
    made = account.clock.text(cluster["made"])
    return {
        **{key: value for key, value in cluster.items() if key != "made"},
        "created_at": made, "updated_at": made,
        "status": {"state": "running" if running else "provisioning", "message": ""},
        "node_pools": [pool_view(account, each) for each in cluster["node_pools"]],
    }  # fmt: skip


def _tags(cluster: str, tags: Sequence[str] | None, *more: str) -> list[str]:
    own = ["k8s", f"k8s:{cluster}", *more]
    return own + [each for each in tags or () if each not in own]
