"""Where a graph runs and what it reads: taken from the objects around it.

A `Serving` may say the same again, never something else. It must not know cdktf: constructs and the
values of `gtc_spec.graph.existing` look alike from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gtc_spec.arguments import introduce
from gtc_spec.errors import UsageError
from gtc_spec.graph.existing import QUEUE
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.manifests.secret_names import HF_TOKEN

_LEAVE_OUT = "leave it out of the Serving: it follows from the objects"


class Platform(Protocol):
    """What runs graphs: `DynamoPlatform`, or an `ExistingPlatform`."""

    @property
    def platform_namespace(self) -> str:
        """Where its operator is, after which Prometheus names what it scrapes of the graphs."""
        ...

    @property
    def workload_namespaces(self) -> Sequence[str]:
        """Where graphs may run; the first is the default."""
        ...

    @property
    def grove(self) -> bool:
        """Whether Grove and KAI schedule their pods as gangs."""
        ...

    @property
    def queues(self) -> Sequence[str]:
        """KAI queues that pods may wait in."""
        ...


class Models(Protocol):
    """What holds checkpoints: `ModelStore`, `ModelDownload`, or an `ExistingModels`."""

    @property
    def claim(self) -> str:
        """Name of the claim that pods mount."""
        ...

    @property
    def namespace(self) -> str:
        """Namespace of the claim; empty where it is used."""
        ...

    @property
    def model(self) -> ModelRef | None:
        """The one checkpoint on it; None when it may be any."""
        ...


introduce(Models, "a ModelStore, a ModelDownload or ExistingModels(claim=...)")


class Secrets(Protocol):
    """What holds the HuggingFace token: `WorkloadSecrets`, or an `ExistingSecret`."""

    @property
    def namespace(self) -> str:
        """Namespace of the Secret; empty where it is used."""
        ...

    def holding(self, key: str) -> str | None:
        """Name of the Secret that has this key; None when none has."""
        ...


def wire(
    serving: Serving,
    platform: Platform,
    models: Models | None,
    secrets: Secrets | None,
    management: Mapping[str, str] | None = None,
) -> Serving:
    """The same serving with all that it left open.

    Args:
        serving: What is served.
        platform: What runs it.
        models: What holds its checkpoint; None when it travels with the graph.
        secrets: What holds the HuggingFace token; None for a model that needs none.
        management: Node selector of the frontend. Default: the usual management pool.

    Raises:
        UsageError: Two of them disagree, the model is not there, or no Secret has the token.
    """
    if models is None and not serving.backend.brings_model:
        raise UsageError(
            f"got no models, allowed for {serving.model.repository}: a ModelStore, a "
            "ModelDownload or ExistingModels(claim=...)",
            "every worker would wait for its checkpoint for ever",
        )
    if models is not None:
        _check_model(serving.model, models)
    return serving.settled(
        namespace=_namespace(serving, platform, models, secrets),
        claim=_claim(serving, models),
        grove=_grove(serving, platform),
        queue=_queue(serving, platform),
        token_secret=_token_secret(serving, secrets),
        management=management,
    )


def _check_model(model: ModelRef, models: Models) -> None:
    there = models.model
    if there is not None and (there.path, there.revision) != (model.path, model.revision):
        raise UsageError(
            f"the models are {there.called}, allowed: {model.called}, which is what is served",
            "hand the same ModelRef to both",
        )


def _namespace(
    serving: Serving, platform: Platform, models: Models | None, secrets: Secrets | None
) -> str:
    said = {
        "serving": serving.namespace,
        "models": models.namespace if models else "",
        "secrets": secrets.namespace if secrets else "",
    }
    allowed = list(platform.workload_namespaces)
    found = _agreed("namespace", said) or allowed[0]
    if found not in allowed:
        raise UsageError(
            f"namespace {found!r}, allowed on this platform: {' or '.join(allowed)}",
            f"platform.add_workload_namespace({found!r}) makes one more",
        )
    return found


def _agreed(what: str, said: Mapping[str, str]) -> str:
    """What all who say something say; empty when nobody does."""
    (first, value), *others = [each for each in said.items() if each[1]] or [("", "")]
    for other, differs in others:
        if differs != value:
            raise UsageError(
                f"{what} {value!r} of the {first} and {differs!r} of the {other}, "
                "allowed: one and the same",
                _LEAVE_OUT if first == "serving" else "a pod reads only what is beside it",
            )
    return value


def _claim(serving: Serving, models: Models | None) -> str:
    if models is None:
        return serving.claim
    return _agreed("claim", {"serving": serving.claim, "models": models.claim})


def _grove(serving: Serving, platform: Platform) -> bool:
    if serving.grove not in (None, platform.grove):
        raise UsageError(
            f"grove={serving.grove} of the serving, allowed on this platform: {platform.grove}",
            _LEAVE_OUT,
        )
    return platform.grove


def _queue(serving: Serving, platform: Platform) -> str:
    queues = platform.queues
    if not platform.grove:
        return serving.queue or QUEUE
    if serving.queue and serving.queue not in queues:
        raise UsageError(
            f"queue {serving.queue!r}, allowed on this platform: {' or '.join(queues)}",
            "pass queues= to DynamoPlatform, or queue= to ExistingPlatform",
        )
    if not serving.queue and len(queues) > 1:
        raise UsageError(
            f"got no queue, allowed on this platform: {' or '.join(queues)}",
            f"say which: Serving(queue={queues[0]!r})",
        )
    return serving.queue or queues[0]


def _token_secret(serving: Serving, secrets: Secrets | None) -> str:
    if secrets is None:
        return serving.token_secret
    [key] = HF_TOKEN.keys
    name = secrets.holding(key)
    if name is None:
        raise UsageError(
            f"no secret has the key {key}, allowed: one that has it",
            "leave secrets= out for an open model",
        )
    return _agreed("secret", {"serving": serving.token_secret, "secrets": name})
