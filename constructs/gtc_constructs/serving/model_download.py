"""A checkpoint on its way to the share: HuggingFace, a public image, and Terraform waits.

It must not know who serves the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from gtc_constructs._bindings import (
    ConfigMapV1,
    ConfigMapV1Metadata,
    Construct,
    TerraformResource,
    TerraformStack,
)
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.hcl import literal
from gtc_constructs.secrets import SecretRef, WorkloadSecrets
from gtc_constructs.serving.model_store import ModelStore
from gtc_constructs.terraform_job import terraform_job
from gtc_spec import versions
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.manifests.model_download import HubDownload
from gtc_spec.manifests.placement import on_management_pool
from gtc_spec.manifests.secret_names import HF_TOKEN

HUB: Final = "https://huggingface.co"
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
        models: The share.
        model: The checkpoint. Name a commit as its revision and it never changes under you.
        token: HuggingFace token for a gated checkpoint; it becomes a Secret beside the job.
            Default: none.
        timeout: When the job is given up; credentials of a `ClusterConnection` live two hours.
            Default: 1 hour.
        endpoint: Base URL of the hub, or of a mirror of it. Default: ``https://huggingface.co``.
        image: Image with Python 3.11 or newer as ``python``. Default: a public one, 45 MB.
        node_selector: Nodes of the job. Default: the management pool.
        labels: Labels of every object. Default: none.
        annotations: Annotations of every object. Default: none.
        after: What must be there first. The share always is. Default: nothing.

    Raises:
        UsageError: The checkpoint is downloaded by another construct already, the endpoint is no
            URL, or the timeout is too short for anything.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        models: ModelStore,
        model: ModelRef,
        token: SecretRef | None = None,
        timeout: timedelta = TIMEOUT,
        endpoint: str = HUB,
        image: str = versions.DOWNLOAD_IMAGE,
        node_selector: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=[*after, models])
        self._check(timeout, endpoint)
        self.model, self.claim, self.namespace = model, models.claim, models.namespace
        self._refuse_rivals()
        done = HubDownload(
            model=model,
            namespace=self.namespace,
            claim=self.claim,
            account=models.account,
            token_secret=self._token_secret(token),
            deadline=timeout,
            endpoint=endpoint.rstrip("/"),
            image=image,
            node_selector=on_management_pool() if node_selector is None else node_selector,
            labels=labels or {},
            annotations=annotations or {},
        )
        self.name = done.name
        """Name of the job."""
        self.manifest = done.job()
        """The job as Kubernetes gets it."""
        self.program = self._program(done)
        self.job = terraform_job(self, "Resource", self.manifest, [*self.depends_on, self.program])

    def _check(self, timeout: timedelta, endpoint: str) -> None:
        if timeout < timedelta(minutes=1):
            raise self.refused(f"got a timeout of {timeout}, allowed: at least a minute")
        if not endpoint.startswith(("https://", "http://")):
            raise self.refused(f"endpoint {endpoint!r}, allowed: a URL like {HUB}")

    def _refuse_rivals(self) -> None:
        """Two would wait for each other, and of two revisions the later one would win."""
        place = (self.namespace, self.claim, self.model.path)
        for other in TerraformStack.of(self).node.find_all():
            if (
                isinstance(other, ModelDownload)
                and other is not self
                and (other.namespace, other.claim, other.model.path) == place
            ):
                raise self.refused(
                    f"{self.model.repository} is downloaded by {other.node.path} already, "
                    "allowed: one a checkpoint and share",
                    "pass that one on to every deployment of the model",
                )

    def _token_secret(self, token: SecretRef | None) -> str:
        if token is None:
            return ""
        name = f"download-{self.model.slug}"[:63].rstrip("-")
        secrets = {name: {HF_TOKEN.keys[0]: token}}
        made = WorkloadSecrets(
            self, "token", namespace=self.namespace, secrets=secrets, after=self.depends_on
        )
        self.depends_on += made.resources
        return name

    def _program(self, done: HubDownload) -> ConfigMapV1:
        shipped = done.program_map()
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
