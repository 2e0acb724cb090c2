"""The scale subresource: a small view of an object that any autoscaler can read and write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gtc_rehearsal.kube_api.errors import bad_request
from gtc_rehearsal.kube_api.objects import Object, clone, metadata
from gtc_rehearsal.kube_api.resources import SCALE_API_VERSION, SCALE_KIND, Resource

_SHOWN = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


_WRITES_UNTIL_OWNED = 2
"""Scales to the number that is there already, until the ownership of it has settled (1.35)."""


class Owners:
    """Who owns the replicas of custom resources, so far as it shows in resourceVersions.

    A real server keeps owners in managedFields. When a write of the object itself has set replicas,
    a scale to the same number moves the ownership and counts as a write, though nothing else
    changes; after a scale to another number it is settled at once.
    """

    def __init__(self) -> None:
        self._unsettled: dict[str, int] = {}

    def see(
        self, resource: Resource, old: Object | None, new: Object, subresource: str | None
    ) -> None:
        """Learn from a write that takes effect."""
        uid = metadata(new)["uid"]
        if _has_scale(resource) and subresource is None and _replicas(old) != _replicas(new):
            self._unsettled[uid] = _WRITES_UNTIL_OWNED
        elif subresource == "scale":
            same = _replicas(old) == _replicas(new)
            self._unsettled[uid] = self._unsettled.get(uid, 0) - 1 if same else 0

    def moves(self, resource: Resource, obj: Object, subresource: str | None) -> bool:
        """Whether a write that changes nothing counts as one all the same."""
        if subresource != "scale" or not _has_scale(resource):
            return False
        return self._unsettled.get(metadata(obj)["uid"], 0) > 0


def _has_scale(resource: Resource) -> bool:
    return resource.custom and "scale" in resource.subresources


def _replicas(obj: Object | None) -> Any:
    return ((obj or {}).get("spec") or {}).get("replicas")


def view(obj: Object) -> Object:
    """The Scale object of an object; replicas are those wanted (spec) and reported (status)."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    meta = metadata(obj)
    seen: dict[str, Any] = {"replicas": status.get("replicas", 0)}
    selector = status.get("selector") or _selector_text(spec.get("selector"))
    if selector:
        seen["selector"] = selector
    return {
        "kind": SCALE_KIND,
        "apiVersion": SCALE_API_VERSION,
        "metadata": {name: meta[name] for name in _SHOWN if name in meta},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": seen,
    }


def through(change: Callable[[Object], Object]) -> Callable[[Object], Object]:
    """Turn a change of the Scale object into the change of the object behind it."""

    def on_object(obj: Object) -> Object:
        scaled = change(view(obj))
        spec = scaled.get("spec") or {}
        if not isinstance(spec, dict):
            raise bad_request("json: cannot unmarshal spec into field Scale.spec")
        new: Object = clone(obj)
        new.setdefault("spec", {})["replicas"] = spec.get("replicas", 0)
        if version := metadata(scaled).get("resourceVersion"):
            new["metadata"]["resourceVersion"] = version
        return new

    return on_object


def _selector_text(selector: Any) -> str:
    labels = selector.get("matchLabels", {}) if isinstance(selector, dict) else {}
    return ",".join(f"{key}={value}" for key, value in labels.items())
