"""What a cluster has already and a deployment uses, told instead of made.

Wherever a construct takes an object of this library, it takes the value of the same kind from here.
Plain frozen data: it must not know cdktf, so that whoever made the thing need not either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gtc_spec import names
from gtc_spec.arguments import checked, introduce
from gtc_spec.arguments.clear_text import has_password
from gtc_spec.errors import UsageError
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.manifests.secret_names import SPACES

QUEUE: Final = "dynamo"
"""KAI queue that dynamo-platform 0.8.1 makes."""
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingPlatform:
    """A Dynamo platform that somebody else installed.

    Attributes:
        workload_namespace: Where it is served; it exists. Default: ``dynamo-workload``.
        platform_namespace: Where the operator and its PodMonitors are. Default: ``dynamo-system``.
        grove: Whether Grove and KAI schedule pods as gangs there. Default: yes.
        queue: KAI queue of the workers. Default: ``dynamo``, which its chart makes.

    Raises:
        UsageError: A name is no name.
    """

    workload_namespace: str = names.NAMESPACE_WORKLOAD
    platform_namespace: str = names.NAMESPACE_PLATFORM
    grove: bool = True
    queue: str = QUEUE

    def __post_init__(self) -> None:
        _check("namespace", self.workload_namespace)
        _check("namespace", self.platform_namespace)
        _check("queue", self.queue)

    @property
    def workload_namespaces(self) -> tuple[str, ...]:
        """The only one that is known."""
        return (self.workload_namespace,)

    @property
    def queues(self) -> tuple[str, ...]:
        """The only one that is known."""
        return (self.queue,)


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingModels:
    """A claim with checkpoints on it; every checkpoint is expected in its ``ModelRef.path``.

    Attributes:
        claim: Name of the PersistentVolumeClaim.
        namespace: Its namespace. Default: where it is used, a claim cannot be used elsewhere.
        model: The one checkpoint on it. Default: any.

    Raises:
        UsageError: A name is no name.
    """

    claim: str
    namespace: str = ""
    model: ModelRef | None = None

    def __post_init__(self) -> None:
        _check("claim", self.claim)
        if self.namespace:
            _check("namespace", self.namespace)


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingSecret:
    """A Secret that somebody else made, with the keys that its reader asks for.

    ``HF_TOKEN`` is the HuggingFace token; a bucket has ``SPACES_ACCESS_KEY_ID`` and
    ``SPACES_SECRET_ACCESS_KEY``.

    Attributes:
        name: Its name.
        namespace: Its namespace. Default: where it is used, a Secret cannot be used elsewhere.

    Raises:
        UsageError: A name is no name.
    """

    name: str
    namespace: str = ""

    def __post_init__(self) -> None:
        _check("secret", self.name)
        if self.namespace:
            _check("namespace", self.namespace)

    def holding(self, key: str) -> str | None:
        """Its name, whatever the key: nobody here can look inside."""
        del key
        return self.name


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingBucket:
    """A bucket that keeps checkpoints between clusters, and what carries them to it and from it.

    Attributes:
        name: Its name.
        endpoint: Base URL of its store, such as ``https://nyc3.digitaloceanspaces.com``.
        image: Image with this project's runtime, which speaks S3: ``make build-push-all``.
        secret: Secret with the keys ``SPACES_ACCESS_KEY_ID`` and ``SPACES_SECRET_ACCESS_KEY``
            beside the download. Default: ``spaces-credentials``.

    Raises:
        UsageError: A name is no name, the URL is none or has a password in it, or there is no
            image.
    """

    name: str
    endpoint: str
    image: str
    secret: str = SPACES.name

    def __post_init__(self) -> None:
        _check("bucket", self.name)
        _check("secret", self.secret)
        if not self.endpoint.startswith(("https://", "http://")):
            raise UsageError(
                f"endpoint {self.endpoint!r} of the bucket {self.name}, allowed: "
                "https://<region>.digitaloceanspaces.com"
            )
        _refuse_password("endpoint", self.endpoint)
        if not self.image:
            raise UsageError(f"got no image for the bucket {self.name}, allowed: one of ours")


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingMonitoring:
    """A Prometheus that somebody else installed, with the operator that reads PodMonitors.

    Attributes:
        prometheus_url: Its base URL as pods see it, ``http://prometheus.monitoring.svc:9090``.

    Raises:
        UsageError: The URL is none, or has a password in it.
    """

    prometheus_url: str

    def __post_init__(self) -> None:
        _refuse_password("prometheus_url", self.prometheus_url)
        parts = urlsplit(self.prometheus_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise UsageError(
                f"prometheus_url {self.prometheus_url!r}, allowed: http://host:port",
                "from inside the cluster, such as http://prometheus.monitoring.svc:9090",
            )

    @property
    def prometheus(self) -> None:
        """Nothing to wait for."""
        return


def _refuse_password(what: str, url: str) -> None:
    if has_password(url):
        raise UsageError(
            f"{what} has a password in it, allowed: a URL without one",
            "it would be kept in the state",
        )


def _check(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{what} {name!r} is not a name, allowed: a-z, 0-9 and - between them")


introduce(ExistingModels, "ExistingModels(claim=...)")
introduce(ExistingPlatform, "ExistingPlatform()")
introduce(ExistingSecret, "ExistingSecret(name=...)")
