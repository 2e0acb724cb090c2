"""What the server serves, as clients ask for it before anything else."""

from __future__ import annotations

from typing import Any

from gtc_rehearsal.kube_api.resources import (
    SCALE_KIND,
    Resource,
    group_versions,
    of_group_version,
)
from gtc_spec.kinds import ACCESS_REVIEW
from gtc_spec.versions import KUBERNETES_MINOR

VERSION = {
    "major": KUBERNETES_MINOR.partition(".")[0],
    "minor": KUBERNETES_MINOR.partition(".")[2],
    "gitVersion": f"v{KUBERNETES_MINOR}.0+rehearsal",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}
"""The release that is deployed; kr8s parses gitVersion and warns outside its own range."""

REVIEWS = (ACCESS_REVIEW.group, ACCESS_REVIEW.version)
"""Group and version of the access reviews, which are answered but never stored."""

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def core_versions(address: str) -> dict[str, Any]:
    """`/api`: the versions of the core group.

    Args:
        address: host:port of this server.
    """
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def groups() -> dict[str, Any]:
    """`/apis`: every named group."""
    served = [gv for gv in (*group_versions(), REVIEWS) if gv[0]]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*gv) for gv in served]}


def group(name: str) -> dict[str, Any] | None:
    """`/apis/GROUP`: one group; None when it is not served."""
    for served, version in (*group_versions(), REVIEWS):
        if served and served == name:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(served, version)}
    return None


def resources(group_name: str, version: str) -> dict[str, Any] | None:
    """`/api/v1` and `/apis/GROUP/VERSION`: the kinds; None when it is not served."""
    if (group_name, version) == REVIEWS:
        entries = [_access_review()]
    elif (group_name, version) in group_versions():
        entries = [e for r in of_group_version(group_name, version) for e in _entries(r)]
    else:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group_name}/{version}" if group_name else version,
        "resources": entries,
    }


def _group(name: str, version: str) -> dict[str, Any]:
    both = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [both], "preferredVersion": both}


def _entries(resource: Resource) -> list[dict[str, Any]]:
    main: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _VERBS,
    }
    if resource.short_names:
        main["shortNames"] = list(resource.short_names)
    if resource.categories:
        main["categories"] = list(resource.categories)
    return [main, *(_subresource(resource, name) for name in sorted(resource.subresources))]


def _subresource(resource: Resource, name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": ["get", "patch", "update"],
    }
    if name == "scale":
        entry |= {"group": "autoscaling", "version": "v1", "kind": SCALE_KIND}
    return entry


def _access_review() -> dict[str, Any]:
    return {
        "name": "selfsubjectaccessreviews",
        "singularName": "selfsubjectaccessreview",
        "namespaced": False,
        "kind": "SelfSubjectAccessReview",
        "verbs": ["create"],
    }
