"""What the providers of the stand-in Terraform do: DigitalOcean's things, objects and releases."""

import os
import time
from typing import Any

from tests.deployment import releases
from tests.deployment.http import Failed, ask, ask_if_there
from tests.deployment.kube_client import Client

Document = dict[str, Any]
LOOK_S = 0.05


def api(method: str, path: str, body: Any = None) -> Any:
    """Ask the account."""
    return ask(method, f"{address()}/{path}", body, token())


def address() -> str:
    """Where the account answers."""
    return os.environ["DIGITALOCEAN_API_URL"] + "/v2"


def token() -> str:
    """As the provider finds it."""
    return os.environ.get("DIGITALOCEAN_TOKEN") or os.environ["DIGITALOCEAN_ACCESS_TOKEN"]


class Provider:
    """One kind of resource; attributes are what its state keeps."""

    def path(self, have: Document) -> str:
        """Of the thing in the API."""
        raise NotImplementedError

    def exists(self, have: Document) -> bool:
        """Whether it is still there."""
        return ask_if_there(f"{address()}/{self.path(have)}", token()) is not None

    def make(self, settings: Document) -> Document:
        """Make it and wait until it is ready."""
        raise NotImplementedError

    def adopt(self, id: str, settings: Document) -> Document:
        """Take over what is there."""
        raise NotImplementedError

    def change(self, have: Document, settings: Document) -> Document:
        """Make it what is wanted."""
        return have

    def end(self, have: Document) -> None:
        """Delete it."""
        api("DELETE", self.path(have))


class Vpc(Provider):
    """``digitalocean_vpc``."""

    def path(self, have: Document) -> str:
        return f"vpcs/{have['id']}"

    def make(self, settings: Document) -> Document:
        made = api("POST", "vpcs", {each: settings[each] for each in ("name", "region")})
        return {"id": made["vpc"]["id"]}

    def adopt(self, id: str, settings: Document) -> Document:
        return {"id": api("GET", f"vpcs/{id}")["vpc"]["id"]}


class Cluster(Provider):
    """``digitalocean_kubernetes_cluster``, with the pool that it is made with."""

    def path(self, have: Document) -> str:
        return f"kubernetes/clusters/{have['id']}"

    def make(self, settings: Document) -> Document:
        pool = {**settings["node_pool"], "tags": [*settings["node_pool"]["tags"], DEFAULT_POOL]}
        listed = api("GET", "kubernetes/options")["options"]["versions"]
        version = next(each["slug"] for each in listed if each["slug"].startswith("1.34."))
        body = {
            **{each: settings[each] for each in ("name", "region", "vpc_uuid", "tags", "ha")},
            "surge_upgrade": settings["surge_upgrade"],
            "version": version,
            "node_pools": [pool],
        }
        id = api("POST", "kubernetes/clusters", body)["kubernetes_cluster"]["id"]
        while self.status(id) != "running":
            time.sleep(LOOK_S)
        return {"id": id}

    def status(self, id: str) -> str:
        found = api("GET", f"kubernetes/clusters/{id}")["kubernetes_cluster"]
        return str(found["status"]["state"])

    def adopt(self, id: str, settings: Document) -> Document:
        found = api("GET", f"kubernetes/clusters/{id}")["kubernetes_cluster"]
        default = [each for each in found["node_pools"] if DEFAULT_POOL in each["tags"]]
        if len(default) != 1:
            raise Failed("cannot tell which node pool is the default one")
        return {"id": id}

    def change(self, have: Document, settings: Document) -> Document:
        found = api("GET", self.path(have))["kubernetes_cluster"]
        if not found["registry_enabled"]:
            api("POST", "kubernetes/registry", {"cluster_uuids": [have["id"]]})
        if not set(settings["tags"]) <= set(found["tags"]):
            body = {"name": settings["name"], "tags": settings["tags"], "surge_upgrade": True}
            api("PUT", self.path(have), body)
        return have

    def end(self, have: Document) -> None:
        api("DELETE", f"{self.path(have)}/destroy_with_associated_resources/dangerous")


DEFAULT_POOL = "terraform:default-node-pool"


class Pool(Provider):
    """``digitalocean_kubernetes_node_pool``."""

    def path(self, have: Document) -> str:
        return f"kubernetes/clusters/{have['cluster_id']}/node_pools/{have['id']}"

    def make(self, settings: Document) -> Document:
        cluster = settings["cluster_id"]
        body = {"count": settings["node_count"], **{k: settings[k] for k in ("name", "size")}}
        body["tags"] = settings["tags"]
        made = api("POST", f"kubernetes/clusters/{cluster}/node_pools", body)["node_pool"]
        have = {"id": made["id"], "cluster_id": cluster}
        while not self.ready(have):
            time.sleep(LOOK_S)
        return have

    def ready(self, have: Document) -> bool:
        nodes = api("GET", self.path(have))["node_pool"]["nodes"]
        return all(each["status"]["state"] == "running" for each in nodes)

    def adopt(self, id: str, settings: Document) -> Document:
        for each in api("GET", "kubernetes/clusters")["kubernetes_clusters"]:
            if id in [pool["id"] for pool in each["node_pools"]]:
                return {"id": id, "cluster_id": each["id"]}
        raise Failed(f"no node pool {id}")


class Share(Provider):
    """``digitalocean_nfs``."""

    def path(self, have: Document) -> str:
        return f"nfs/{have['id']}"

    def make(self, settings: Document) -> Document:
        body = {
            **{each: settings[each] for each in ("name", "region", "performance_tier")},
            "size_gib": settings["size"],
            "vpc_ids": [settings["vpc_id"]],
        }
        have = {"id": api("POST", "nfs", body)["share"]["id"]}
        while api("GET", self.path(have))["share"]["status"] != "ACTIVE":
            time.sleep(LOOK_S)
        return have

    def adopt(self, id: str, settings: Document) -> Document:
        share, _, region = id.partition(",")
        return {"id": api("GET", f"nfs/{share}?region={region}")["share"]["id"]}


def client() -> Client:
    """The API server of the cluster, with the credentials that the account gives."""
    for each in api("GET", "kubernetes/clusters")["kubernetes_clusters"]:
        told = api("GET", f"kubernetes/clusters/{each['id']}/credentials")
        return Client(told["server"], told["token"])
    raise Failed("the account has no cluster")


class Object(Provider):
    """A namespace, config map, secret or runtime class."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def exists(self, have: Document) -> bool:
        return client().get(self.kind, have["namespace"], have["name"]) is not None

    def make(self, settings: Document) -> Document:
        meta = settings["metadata"]
        manifest = {"metadata": meta}
        if self.kind == "Secret":
            manifest["stringData"] = {"value": "written"}
        if self.kind == "ConfigMap":
            manifest["data"] = {"key": "value"}
        if self.kind == "RuntimeClass":
            manifest["handler"] = settings["handler"]
        client().create(self.kind, manifest)
        return {"namespace": meta.get("namespace", ""), "name": meta["name"]}

    def adopt(self, id: str, settings: Document) -> Document:
        namespace, _, name = id.rpartition("/")
        if client().get(self.kind, namespace, name) is None:
            raise Failed(f"Cannot import non-existent remote object {id}")
        return {"namespace": namespace, "name": name}

    def end(self, have: Document) -> None:
        client().delete(self.kind, have["namespace"], have["name"])


class Release(Provider):
    """``helm_release``."""

    def exists(self, have: Document) -> bool:
        return bool(releases.revisions(client(), have["namespace"], have["name"]))

    def make(self, settings: Document) -> Document:
        releases.install(client(), settings)
        return {"namespace": settings["namespace"], "name": settings["name"]}

    def end(self, have: Document) -> None:
        releases.uninstall(client(), have["namespace"], have["name"])


def of(address: str) -> Provider:
    """The provider of a resource."""
    return PROVIDERS[address.partition(".")[0]]


PROVIDERS: dict[str, Provider] = {
    "digitalocean_vpc": Vpc(),
    "digitalocean_kubernetes_cluster": Cluster(),
    "digitalocean_kubernetes_node_pool": Pool(),
    "digitalocean_nfs": Share(),
    "helm_release": Release(),
    "kubernetes_namespace_v1": Object("Namespace"),
    "kubernetes_config_map_v1": Object("ConfigMap"),
    "kubernetes_runtime_class_v1": Object("RuntimeClass"),
    "kubernetes_secret_v1": Object("Secret"),
}
