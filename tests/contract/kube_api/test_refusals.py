"""What the API refuses: each row is one request, the code and a piece of the words.

Every row is answered the same way by a real API server.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.contract.kube_api.client import Api, adapter, config_map

JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Refused:
    """One request that must not be carried out."""

    title: str
    code: int
    method: str
    path: str
    body: Any = None
    content_type: str = ""
    query: dict[str, str] = field(default_factory=dict)
    words: str = ""
    reason: str = ""


def adapter_with(**spec: Any) -> dict[str, Any]:
    made = adapter("new")
    made["spec"] |= spec
    return made


STRICT = {"fieldValidation": "Strict"}

CREATES = [
    Refused("a name that is taken", 409, "POST", "adapters", adapter(), reason="AlreadyExists"),
    Refused(
        "a field that the schema does not have, under strict validation",
        400,
        "POST",
        "adapters",
        adapter_with(replica=1),
        query=STRICT,
        words='strict decoding error: unknown field "spec.replica"',
    ),
    Refused("a name that breaks RFC 1123", 422, "POST", "adapters", adapter("P_5"), words="1123"),
    Refused(
        "no name at all",
        422,
        "POST",
        "adapters",
        {**adapter(), "metadata": {}},
        words="name or generateName is required",
    ),
    Refused(
        "another kind than the URL's",
        422,
        "POST",
        "adapters",
        {**adapter("new"), "kind": "Other"},
        reason="Invalid",
    ),
    Refused("no kind", 400, "POST", "adapters", {"metadata": {"name": "new"}}, words="Kind"),
    Refused(
        "another API version than the URL's",
        400,
        "POST",
        "adapters",
        {**adapter("new"), "apiVersion": "nvidia.com/v9"},
        words="does not match the expected API version",
    ),
    Refused(
        "another namespace than the URL's",
        400,
        "POST",
        "adapters",
        adapter("new", namespace="elsewhere"),
        words="namespace",
    ),
    Refused(
        "a resourceVersion on create",
        500,
        "POST",
        "adapters",
        adapter("new", resourceVersion="7"),
        words="resourceVersion should not be set",
    ),
    Refused(
        "an annotation that is no string",
        400,
        "POST",
        "adapters",
        adapter("new", annotations={"paused": True}),
        words='DynamoGraphDeploymentScalingAdapter in version "v1alpha1" cannot be handled as a '
        "DynamoGraphDeploymentScalingAdapter: json: cannot unmarshal bool into Go struct field "
        "ObjectMeta.annotations of type string",
    ),
    Refused(
        "an annotation of a built-in kind that is no string",
        400,
        "POST",
        "configmaps",
        {**config_map("new"), "metadata": {"name": "new", "annotations": {"paused": 5}}},
        words='ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal '
        "number into Go struct field ObjectMeta.metadata.annotations of type string",
    ),
    Refused(
        "labels that are a list",
        400,
        "POST",
        "adapters",
        adapter("new", labels=["a"]),
        words="cannot unmarshal array into Go struct field ObjectMeta.labels of type "
        "map[string]string",
    ),
    Refused(
        "finalizers that are a text",
        400,
        "POST",
        "adapters",
        adapter("new", finalizers="x"),
        words="cannot unmarshal string into Go struct field ObjectMeta.finalizers of type []string",
    ),
    Refused(
        "metadata that is a list",
        400,
        "POST",
        "adapters",
        {**adapter(), "metadata": []},
        words="json: cannot unmarshal array into Go value of type v1.ObjectMeta",
    ),
    Refused(
        "a label value with a space",
        422,
        "POST",
        "adapters",
        adapter("new", labels={"a": "not valid"}),
    ),
    Refused(
        "replicas below zero",
        422,
        "POST",
        "adapters",
        adapter_with(replicas=-1),
        words="[spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or "
        "equal to 0, .spec.replicas: Invalid value: -1: should be a non-negative integer]",
    ),
    Refused(
        "replicas as text",
        422,
        "POST",
        "adapters",
        adapter_with(replicas="two"),
        words='Invalid value: "string": spec.replicas in body must be of type integer: "string", '
        ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: two is of the type "
        "string, expected int64]",
    ),
    Refused(
        "a required field that is missing",
        422,
        "POST",
        "adapters",
        adapter_with(dgdRef={"name": "demo"}),
        words="spec.dgdRef.serviceName: Required value",
    ),
    Refused(
        "an empty text where one character is needed",
        422,
        "POST",
        "adapters",
        adapter_with(dgdRef={"name": "", "serviceName": "Worker"}),
        words="should be at least 1 chars long",
    ),
    Refused("malformed JSON", 400, "POST", "adapters", "{not json"),
    Refused("a list for an object", 400, "POST", "adapters", "[]"),
    Refused(
        "a body in a format of its own",
        415,
        "POST",
        "adapters",
        "x",
        content_type="text/csv",
        reason="UnsupportedMediaType",
    ),
    Refused(
        "a pod whose containers are no list",
        400,
        "POST",
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "new"},
            "spec": {"containers": 5},
        },
    ),
    Refused(
        "a namespace that does not exist",
        404,
        "POST",
        "/api/v1/namespaces/nowhere/configmaps",
        config_map("new"),
    ),
    Refused(
        "a scale-down floor above the ceiling",
        422,
        "POST",
        "scalers",
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": "new"},
            "spec": {
                "scaleTargetRef": {"name": "x"},
                "minReplicaCount": 5,
                "maxReplicaCount": 2,
                "triggers": [{"type": "cron", "metadata": {}}],
            },
        },
        words="minReplicaCount must be less than or equal to maxReplicaCount",
    ),
]

REPLACES = [
    Refused(
        "a replace without resourceVersion",
        422,
        "PUT",
        "adapters/one",
        adapter(),
        words="must be specified for an update",
    ),
    Refused(
        "a replace under another name",
        400,
        "PUT",
        "adapters/one",
        adapter("two", resourceVersion="1"),
        words="does not match the name on the URL",
    ),
    Refused(
        "a replace of an old version",
        409,
        "PUT",
        "adapters/one",
        adapter(resourceVersion="1"),
        reason="Conflict",
        words="the object has been modified",
    ),
    Refused(
        "a replace of what is not there",
        404,
        "PUT",
        "adapters/absent",
        adapter("absent", resourceVersion="1"),
    ),
]

PATCHES = [
    Refused(
        "a patch to an annotation that is no string",
        422,
        "PATCH",
        "adapters/one",
        {"metadata": {"annotations": {"paused": True}}},
        reason="Invalid",
        words="json: cannot unmarshal bool into Go struct field ObjectMeta.annotations of type "
        "string",
    ),
    Refused(
        "a patch of a built-in kind to an annotation that is no string",
        422,
        "PATCH",
        "configmaps/notes",
        {"metadata": {"annotations": {"paused": True}}},
        words="json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.annotations of "
        "type string",
    ),
    Refused("a patch of what is not there", 404, "PATCH", "adapters/absent", {}),
    Refused(
        "a patch of an old version",
        409,
        "PATCH",
        "adapters/one",
        {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}},
        reason="Conflict",
    ),
    Refused(
        "a patch to a value out of range",
        422,
        "PATCH",
        "adapters/one",
        {"spec": {"replicas": -1}},
        reason="Invalid",
    ),
    Refused(
        "a patch that removes a required field",
        422,
        "PATCH",
        "adapters/one",
        {"spec": {"dgdRef": None}},
        words="spec.dgdRef: Required value",
    ),
    Refused(
        "a patch with an unknown field, under strict validation",
        422,
        "PATCH",
        "adapters/one",
        {"spec": {"replica": 1}},
        query=STRICT,
        words='unknown field "spec.replica"',
    ),
    Refused("a merge patch that is a list", 400, "PATCH", "adapters/one", "[]"),
    Refused("a malformed patch", 400, "PATCH", "adapters/one", "{"),
    Refused(
        "a strategic patch of a custom resource",
        415,
        "PATCH",
        "adapters/one",
        {},
        content_type=STRATEGIC,
    ),
    Refused(
        "a patch in plain JSON", 415, "PATCH", "adapters/one", {}, content_type="application/json"
    ),
    Refused(
        "a JSON patch that removes what is not there",
        422,
        "PATCH",
        "adapters/one",
        [{"op": "remove", "path": "/spec/absent"}],
        content_type=JSON,
    ),
    Refused(
        "a JSON patch whose test fails",
        422,
        "PATCH",
        "adapters/one",
        [{"op": "test", "path": "/spec/replicas", "value": 99}],
        content_type=JSON,
    ),
    Refused(
        "a JSON patch that is none", 400, "PATCH", "adapters/one", {"op": "add"}, content_type=JSON
    ),
    Refused(
        "force outside an apply",
        422,
        "PATCH",
        "adapters/one",
        {},
        query={"force": "true"},
        words="may not be specified for non-apply patch",
    ),
    Refused("a scale below zero", 422, "PATCH", "adapters/one/scale", {"spec": {"replicas": -1}}),
    Refused(
        "a scale of an old version",
        409,
        "PATCH",
        "adapters/one/scale",
        {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}},
        reason="Conflict",
    ),
]

READS = [
    Refused("an object that is not there", 404, "GET", "adapters/absent", reason="NotFound"),
    Refused("a kind that is not served", 404, "GET", "/apis/nvidia.com/v1alpha1/unknown"),
    Refused("a subresource that is not served", 404, "GET", "configmaps/notes/scale"),
    Refused(
        "a resourceVersion that is no number",
        400,
        "GET",
        "adapters",
        query={"resourceVersion": "abc"},
        words='invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: '
        'parsing "abc": invalid syntax',
    ),
    Refused(
        "a field selector on a field that has none",
        400,
        "GET",
        "adapters",
        query={"fieldSelector": "spec.replicas=2"},
        words="field label not supported",
    ),
    Refused(
        "a watch from a resourceVersion that is no number",
        500,
        "GET",
        "adapters",
        query={"watch": "true", "resourceVersion": "x"},
        words='resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ),
    Refused("a limit that is no number", 400, "GET", "adapters", query={"limit": "x"}),
    Refused("a forged continue token", 400, "GET", "adapters", query={"continue": "nonsense"}),
]

DELETES = [
    Refused("a delete of what is not there", 404, "DELETE", "adapters/absent"),
    Refused(
        "a delete whose uid is another",
        409,
        "DELETE",
        "adapters/one",
        {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": "00000000-0000-0000-0000-000000000000"},
        },
        words='on DynamoGraphDeploymentScalingAdapter.nvidia.com "one"'
        ": the UID in the precondition (00000000-0000-0000-0000-000000000000) does not match the "
        "UID in record (",
    ),
    Refused(
        "a delete of another version",
        409,
        "DELETE",
        "configmaps/notes",
        {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"resourceVersion": "1"}},
        words='Operation cannot be fulfilled on ConfigMap "notes": the ResourceVersion in the '
        "precondition (1) does not match the ResourceVersion in record (",
    ),
]

ODD_METHODS = [
    Refused(
        "a POST on a custom object",
        409,
        "POST",
        "adapters/one",
        adapter(),
        reason="AlreadyExists",
        words='dynamographdeploymentscalingadapters.nvidia.com "one" already exists',
    ),
    Refused(
        "a POST on an object of a built-in kind",
        405,
        "POST",
        "configmaps/notes",
        config_map(),
        reason="MethodNotAllowed",
        words="the server does not allow this method on the requested resource",
    ),
    Refused(
        "a POST on a scale",
        405,
        "POST",
        "adapters/one/scale",
        {},
        words="create is not supported on resources of kind "
        '"dynamographdeploymentscalingadapters.nvidia.com"',
    ),
    Refused(
        "a DELETE of a scale",
        405,
        "DELETE",
        "adapters/one/scale",
        words="delete is not supported on resources of kind",
    ),
    Refused("a PUT on a list", 400, "PUT", "adapters", adapter(), words="name must be provided"),
    Refused("a PATCH of a list", 400, "PATCH", "adapters", {}, words="name must be provided"),
    Refused("a PUT on a list of a built-in kind", 405, "PUT", "configmaps", config_map()),
]


@pytest.mark.parametrize(
    "case",
    [*CREATES, *REPLACES, *PATCHES, *READS, *DELETES, *ODD_METHODS],
    ids=lambda case: case.title,
)
async def test_refuses(api: Api, case: Refused) -> None:
    before = await api.send("GET", "adapters/one")

    answer = await api.send(
        case.method, case.path, case.body, content_type=case.content_type, **case.query
    )

    assert answer.status == case.code, answer.body
    assert case.words in answer.message
    if case.reason:
        assert answer.body["reason"] == case.reason
    after = await api.send("GET", "adapters/one")
    assert after.body == before.body, "a refused request must change nothing"


async def test_every_refusal_is_a_status_object(api: Api) -> None:
    answer = await api.send("GET", "adapters/absent")

    assert answer.body["kind"] == "Status"
    assert answer.body["status"] == "Failure"
    assert answer.body["code"] == 404
    assert answer.body["details"]["name"] == "absent"
    assert answer.body["details"]["group"] == "nvidia.com"


async def test_an_invalid_object_lists_every_broken_rule(api: Api) -> None:
    answer = await api.send("POST", "adapters", adapter_with(replicas=-1, dgdRef={"name": "x"}))

    broken = {cause["field"] for cause in answer.body["details"]["causes"]}
    # the scale subresource judges the replicas as well, and writes their path with a dot
    assert broken == {"spec.replicas", "spec.dgdRef.serviceName", ".spec.replicas"}


async def test_a_post_on_a_custom_object_passes_over_the_name_in_the_url(api: Api) -> None:
    answer = await api.send("POST", "adapters/absent", adapter("other"))

    assert (answer.status, answer.body["metadata"]["name"]) == (201, "other")


async def test_an_annotation_without_a_value_is_an_empty_text(api: Api) -> None:
    made = await api.make("adapters", adapter("new", annotations={"paused": None}))

    assert made.body["metadata"]["annotations"] == {"paused": ""}
