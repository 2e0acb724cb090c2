"""The scale subresource: a small view of an object that any autoscaler can read and write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gtc_rehearsal.kube_api.errors import bad_request
from gtc_rehearsal.kube_api.objects import Object, clone, metadata
from gtc_rehearsal.kube_api.resources import SCALE_API_VERSION, SCALE_KIND

_SHOWN = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


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
