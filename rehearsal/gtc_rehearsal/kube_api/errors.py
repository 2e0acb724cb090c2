"""Refusals in the words and codes of a real API server.

Every refusal is an `ApiError`; its `status()` is the body that goes over the wire. Clients decide
by `code` and `reason`, people read `message`, so all three follow the original.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gtc_rehearsal.kube_api.resources import Resource
from gtc_spec.errors import GtcError


@dataclass(frozen=True)
class Cause:
    """One broken rule of an invalid object.

    Attributes:
        reason: Machine word, such as "FieldValueInvalid".
        message: The rule in words.
        field: Dotted path of the value.
    """

    reason: str
    message: str
    field: str


class ApiError(GtcError):
    """A request that the API server refuses.

    Attributes:
        code: HTTP status.
        reason: Machine word of the Status object; may be empty, as on a real server.
        details: The Status object's `details`.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = dict(details or {})

    def status(self) -> dict[str, Any]:
        """The Status object that answers the request."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details:
            body["details"] = self.details
        body["code"] = self.code
        return body


def _details(resource: Resource, name: str) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    return details


def not_found(resource: Resource, name: str) -> ApiError:
    """404: no object of that name."""
    return ApiError(
        404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name)
    )


def already_exists(resource: Resource, name: str) -> ApiError:
    """409: create of a name that is taken."""
    message = f'{resource.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(resource, name))


def stale(resource: Resource, name: str) -> ApiError:
    """409: the caller read an older version than the one stored."""
    message = (
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, _details(resource, name))


def revision_missing(resource: Resource, name: str) -> ApiError:
    """422: a replace that does not say which version it read."""
    words = "Invalid value: 0x0: must be specified for an update"
    return invalid(resource, name, [Cause("FieldValueInvalid", words, "metadata.resourceVersion")])


def precondition_failed(
    resource: Resource, name: str, what: str, want: str, have: str, done: str
) -> ApiError:
    """409: a delete named a uid or resourceVersion that the object does not have.

    Args:
        resource: The kind.
        name: The object.
        what: What differs, in words.
        want: Its value in the request.
        have: Its value in the store.
        done: What may have happened to the object since.
    """
    message = (
        f'Operation cannot be fulfilled on {_whole_kind(resource)} "{name}": the {what} in the '
        f"precondition ({want}) does not match the {what} in record ({have}). The object might "
        f"have been {done}"
    )
    details = {**_details(resource, name), "kind": resource.kind}
    return ApiError(409, "Conflict", message, details)


def invalid(resource: Resource, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: the object breaks its schema or a rule on metadata; all rules are listed."""
    details = {**_details(resource, name), "kind": resource.kind}
    return _invalid(_whole_kind(resource), details, name, causes)


def invalid_patch(patch: str, why: str) -> ApiError:
    """422: the patch itself cannot be applied or breaks strict validation."""
    cause = Cause("FieldValueInvalid", f"Invalid value: {patch}: {why}", "patch")
    return _invalid("", {}, "", [cause])


def _invalid(kind: str, details: dict[str, Any], name: str, causes: Sequence[Cause]) -> ApiError:
    lines = [f"{cause.field}: {cause.message}" for cause in causes]
    joined = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    details["causes"] = [_cause(cause) for cause in causes]
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {joined}', details)


def _whole_kind(resource: Resource) -> str:
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind


def _cause(cause: Cause) -> dict[str, str]:
    return {"reason": cause.reason, "message": cause.message, "field": cause.field}


def bad_request(message: str) -> ApiError:
    """400: the request cannot be understood."""
    return ApiError(400, "BadRequest", message)


def webhook_denied(webhook: str, message: str) -> ApiError:
    """403: an admission webhook says no; the words are the webhook's own."""
    words = f'admission webhook "{webhook}" denied the request: {message}'
    return ApiError(403, "Forbidden", words)


def unauthorized() -> ApiError:
    """401: nobody knows who asks."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(
    user: str, action: str, plural: str, group: str, name: str, problems: Sequence[str] = ()
) -> ApiError:
    """403: who asks may not.

    Args:
        user: Who asks.
        action: What they cannot do.
        plural: The kind that it is about, which need not exist; empty for none.
        group: Its API group.
        name: The object that it is about, empty for none.
        problems: What went wrong while their rights were gathered.
    """
    qualified = f"{plural}.{group}" if group else plural
    subject = " ".join(part for part in (qualified, name and f'"{name}"', plural and "is") if part)
    joined = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    reason = f": RBAC: {joined}" if problems else ""
    message = f'{subject} forbidden: User "{user}" cannot {action}{reason}'.lstrip()
    details = {"name": name, "group": group, "kind": plural}
    return ApiError(403, "Forbidden", message, {k: v for k, v in details.items() if v})


def expired(message: str) -> ApiError:
    """410: the history that the caller wants to continue from is gone."""
    return ApiError(410, "Expired", message)


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """415: the body is in a format that the resource does not take."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )
    return ApiError(415, "UnsupportedMediaType", message)


def undecodable(resource: Resource, why: str) -> ApiError:
    """400: the body cannot be decoded into the kind, for what Go's decoder or the schema says."""
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a '
        f"{resource.kind}: {why}"
    )


def invalid_version(text: str, *, watch: bool) -> ApiError:
    """A resourceVersion that is no number: 400 for a list; a watch stumbles over it, 500."""
    why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid '
    why += "syntax"
    return ApiError(500, "", why) if watch else bad_request(f"invalid resource version: {why}")


def method_not_allowed() -> ApiError:
    """405: the verb makes no sense on this URL."""
    words = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", words)


def not_supported(resource: Resource, action: str) -> ApiError:
    """405: a custom resource does not know the verb there.

    Args:
        resource: The kind.
        action: The verb of the API, such as "create".
    """
    words = f'{action} is not supported on resources of kind "{resource.qualified}"'
    details = {"group": resource.group, "kind": resource.plural}
    return ApiError(405, "MethodNotAllowed", words, details)
