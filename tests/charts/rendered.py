"""What can be asked of objects that a chart made."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import kubernetes_validate

from gtc_spec.versions import KUBERNETES_MINOR
from tests.charts.helm import Json, is_test
from tests.charts.walk import fits, mappings, split
from tests.strict_schemas import strict

IMAGE = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+:[A-Za-z0-9][\w.-]*(@sha256:[0-9a-f]{64})?")
MONITORS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod")


def images(objects: list[Json]) -> set[str]:
    """Every image that is named: by a container, an argument, a variable or a custom resource."""
    found: set[str] = set()
    for each in objects:
        if each["kind"] not in ("CustomResourceDefinition", "ConfigMap") and not is_test(each):
            for _, inner in mappings(each):
                found |= set(_named(inner))
    return {":".join(split(image)) for image in found}


def _named(inner: Json) -> Iterator[str]:
    image, arguments = inner.get("image"), inner.get("args")
    if isinstance(image, str):
        yield image
        # an operator that starts more of its own kind names their image without the tag
        tag = image.rpartition(":")[2]
        for variable in inner.get("env") or []:
            if variable["name"].endswith("_IMAGE"):
                yield f"{variable['value']}:{tag}"
    if isinstance(image, dict) and inner.get("enabled", True):
        yield "{repository}/{name}:{tag}".format(**image)
    for argument in arguments if isinstance(arguments, list) else []:
        if IMAGE.fullmatch(value := str(argument).partition("=")[2]):
            yield value


def problems(objects: list[Json], crds: list[Json]) -> list[str]:
    """What the API server would refuse, or drop without a word."""
    schemas = _schemas(crds)
    return [
        f"{each['kind']} {each['metadata']['name']}: {said}"
        for each in objects
        if each["kind"] != "CustomResourceDefinition" and (said := _problem(each, schemas))
    ]


def _problem(manifest: Json, schemas: dict[tuple[str, str], Any]) -> str:
    group = manifest["apiVersion"].rpartition("/")[0]
    schema = schemas.get((group, manifest["kind"]))
    manifest = without_nulls(manifest)
    try:
        if schema is not None:
            jsonschema.Draft202012Validator(schema).validate(manifest)
        else:
            kubernetes_validate.validate(manifest, KUBERNETES_MINOR, strict=True)
    except jsonschema.ValidationError as error:
        return f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
    except kubernetes_validate.InvalidSchemaError as error:
        return str(error)[:200]
    return ""


def without_nulls(value: Any) -> Any:
    """The same without keys of no value, which the API server takes for absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _schemas(crds: list[Json]) -> dict[tuple[str, str], Any]:
    found = {
        (each["spec"]["group"], each["spec"]["names"]["kind"]): version["schema"]["openAPIV3Schema"]
        for each in crds
        for version in each["spec"]["versions"]
        if version["storage"]
    }
    return strict(found)


def dropped_monitors(objects: list[Json], default_interval: str) -> list[str]:
    """Monitors that prometheus-operator would leave out, and their endpoint."""
    return [
        f"{each['metadata']['name']}: every {interval} within {timeout}"
        for each in objects
        if each["kind"] in MONITORS
        for endpoint in each["spec"][MONITORS[each["kind"]]]
        for interval in [endpoint.get("interval") or default_interval]
        for timeout in [endpoint.get("scrapeTimeout")]
        if timeout and not fits(interval, timeout)
    ]


def requests(objects: list[Json]) -> Iterator[tuple[str, str, list[Json]]]:
    """Kind, name and the requests of each container of what stays after an installation."""
    for each in objects:
        hooked = "helm.sh/hook" in (each["metadata"].get("annotations") or {})
        if each["kind"] in WORKLOADS and not hooked:
            pod = each["spec"]["template"]["spec"]
            wanted = [one.get("resources") or {} for one in pod["containers"]]
            yield (
                each["kind"],
                each["metadata"]["name"],
                [one.get("requests", {}) for one in wanted],
            )
        if each["kind"] == "Prometheus":
            yield each["kind"], each["metadata"]["name"], [each["spec"]["resources"]["requests"]]


def unknown(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Keys that we set and the chart does not list; below an empty mapping everything goes."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict) or not theirs:
        return []
    found = [f"{path}.{key}".strip(".") for key in ours if key not in theirs]
    for key in ours.keys() & theirs.keys():
        found += unknown(ours[key], theirs[key], f"{path}.{key}".strip("."))
    return found
