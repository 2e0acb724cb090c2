"""A checkpoint on its way to the share: HuggingFace, a public image, and Terraform waits.

It must not know who serves the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from gtc_constructs._bindings import (
    ConfigMapV1,
    ConfigMapV1Metadata,
    Construct,
    TerraformResource,
)
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.hcl import literal
from gtc_constructs.management import management_nodes, take
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.terraform_job import terraform_job
from gtc_spec import versions
from gtc_spec.arguments.clear_text import has_password
from gtc_spec.graph.existing import ExistingBucket, ExistingModels, ExistingSecret
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.manifests.model_download import HubDownload
from gtc_spec.manifests.secret_names import HF_TOKEN, SPACES

HUB: Final = "https://huggingface.co"
_ANYBODY: Final = "default"
"""ServiceAccount that every namespace has; the job uses no right of it."""
TIMEOUT: Final = timedelta(hours=1)
"""Enough for 140 GB at 50 MB/s."""


class ModelDownload(GtcConstruct):
    """One checkpoint from HuggingFace on a share; whatever comes after it finds the model there.

    A job runs the download on the management pool, in a public image with nothing but Python.
    Terraform waits for it. Half files are gone on with, broken answers are asked for again, sizes
    and digests are compared with the hub's, and the marker for which workers wait comes last. A job
    that failed is made anew by the next apply, which keeps what is there:
    ``kubectl logs job/<name>`` says why. A gated model, a wrong name, a refused token or a full
    share end it at once.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        models: The share: a `ModelStore`, or ``ExistingModels`` with its namespace.
        model: The checkpoint. Name a commit as its revision and it never changes under you.
        token: HuggingFace token for a gated checkpoint: a `SecretRef`, of which a Secret is made
            beside the job, or whatever holds it already under the key ``HF_TOKEN``. Default: none.
        bucket: Bucket that the checkpoint goes through, for many clusters or a slow hub: it is
            fetched from the hub once. Default: straight to the share.
        bucket_secrets: What holds the two keys of the bucket, which comes first. Default: the
            Secret that ``bucket`` names, which nothing in this stack makes.
        timeout: When the job is given up; credentials of a `ClusterConnection` live two hours.
            Default: 1 hour.
        endpoint: Base URL of the hub, or of a mirror of it. Default: ``https://huggingface.co``.
        image: Image with Python 3.11 or newer as ``python``. Default: a public one, 45 MB.
        node_selector: Nodes of the job. Default: the management pool of the stack's connection.
        labels: Labels of every object. Default: none.
        annotations: Annotations of every object. Default: none.
        after: What must be there first. The share always is. Default: nothing.

    Raises:
        UsageError: The checkpoint is downloaded by another construct already, the share, the token
            or the keys are elsewhere, a Secret of the stack is read that is not handed over, the
            endpoint is no URL or has a password in it, or the timeout is too short for anything.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        models: ModelStore | ExistingModels,
        model: ModelRef,
        token: SecretRef | WorkloadSecrets | ExistingSecret | None = None,
        bucket: ExistingBucket | None = None,
        bucket_secrets: WorkloadSecrets | ExistingSecret | None = None,
        timeout: timedelta = TIMEOUT,
        endpoint: str = HUB,
        image: str = versions.DOWNLOAD_IMAGE,
        node_selector: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self._check(models, timeout, endpoint)
        self.model, self.claim, self.namespace = model, models.claim, models.namespace
        self._refuse_rivals(model)
        if isinstance(models, ModelStore):
            take(self, models)
        done = HubDownload(
            model=model,
            namespace=self.namespace,
            claim=self.claim,
            account=models.account if isinstance(models, ModelStore) else _ANYBODY,
            token_secret=self._token_secret(model, token),
            deadline=timeout,
            endpoint=endpoint.rstrip("/"),
            bucket=self._with_keys(bucket, bucket_secrets),
            image=image,
            node_selector=management_nodes(self) if node_selector is None else node_selector,
            labels=labels or {},
            annotations=annotations or {},
        )
        self.name, self.manifest = done.name, done.job()
        self.job = self._ship(done)

    def _ship(self, done: HubDownload) -> TerraformResource:
        self._reads = {done.token_secret, done.bucket.secret if done.bucket else ""}
        self.program = self._program(done)
        if self.program:
            self.wait_for(self.program)
        job = terraform_job(self, "Resource", self.manifest, self.depends_on)
        self.stands_for(job)
        return job

    def _check(
        self, models: ModelStore | ExistingModels, timeout: timedelta, endpoint: str
    ) -> None:
        if not models.namespace:
            raise self.refused(
                f"got no namespace of the claim {models.claim}, allowed: the one that it is in",
                "ExistingModels(claim=..., namespace=...)",
            )
        if timeout < timedelta(minutes=1):
            raise self.refused(f"got a timeout of {timeout}, allowed: at least a minute")
        if has_password(endpoint):
            raise self.refused(
                "endpoint has a password in it, allowed: a URL without one",
                "it would be kept in the state; token= is for a hub that asks who you are",
            )
        if not endpoint.startswith(("https://", "http://")):
            raise self.refused(f"endpoint {endpoint!r}, allowed: a URL like {HUB}")

    def _refuse_rivals(self, model: ModelRef) -> None:
        """Two would wait for each other, and of two revisions the later one would win."""
        place = (self.namespace, self.claim, model.path)
        for other in self.others(ModelDownload):
            there = getattr(other, "model", None)
            if there and (other.namespace, other.claim, there.path) == place:
                raise self.refused(
                    f"{model.repository} is downloaded by {other.node.path} already, "
                    "allowed: one a checkpoint and share",
                    "pass that one on to every deployment of the model",
                )

    def _token_secret(
        self, model: ModelRef, token: SecretRef | WorkloadSecrets | ExistingSecret | None
    ) -> str:
        [key] = HF_TOKEN.keys
        if token is None:
            return ""
        if isinstance(token, SecretRef):
            secrets = {f"download-{model.slug}"[:63].rstrip("-"): {key: token}}
            token = WorkloadSecrets(
                self, "token", namespace=self.namespace, secrets=secrets, after=self.depends_on
            )
        return self._holding("the token is", [key], token)

    def _with_keys(
        self, bucket: ExistingBucket | None, secrets: WorkloadSecrets | ExistingSecret | None
    ) -> ExistingBucket | None:
        """The bucket with the Secret that has its keys."""
        if secrets is None:
            return bucket
        if bucket is None:
            raise self.refused("got bucket_secrets without a bucket, allowed: both or neither")
        return replace(bucket, secret=self._holding("its keys are", SPACES.keys, secrets))

    def _holding(
        self, what: str, keys: Sequence[str], secrets: WorkloadSecrets | ExistingSecret
    ) -> str:
        """Name of the Secret that has all these keys; the job waits for it."""
        if secrets.namespace not in ("", self.namespace):
            raise self.refused(
                f"{what} in the namespace {secrets.namespace!r}, allowed: {self.namespace}",
                "a pod reads only what is beside it",
            )
        [name, *others] = {secrets.holding(key) for key in keys}
        if name is None or others:
            called = " and ".join(keys)
            raise self.refused(f"no secret has the key {called}, allowed: one that has it")
        if isinstance(secrets, WorkloadSecrets):
            take(self, secrets)
        return name

    def problems(self) -> Iterator[str]:
        """Secrets without which its pod never starts, while Terraform waits for it."""
        for other in self.others(WorkloadSecrets):
            made = other.secrets if other.namespace == self.namespace else {}
            for name in self._reads.intersection(made):
                if made[name] not in self.depends_on and other not in self.node.dependencies:
                    yield (
                        f"its job reads the Secret {name} and does not wait for "
                        f"{other.node.path}, which makes it, allowed: that one as token= or "
                        "bucket_secrets="
                    )

    def _program(self, done: HubDownload) -> ConfigMapV1 | None:
        shipped = done.program_map()
        if shipped is None:
            return None
        place = shipped["metadata"]
        return ConfigMapV1(
            self,
            "program",
            metadata=ConfigMapV1Metadata(
                name=place["name"],
                namespace=place["namespace"],
                labels=place["labels"] or None,
                annotations=place.get("annotations"),
            ),
            data={name: literal(text) for name, text in shipped["data"].items()},
            depends_on=self.depends_on,
        )
