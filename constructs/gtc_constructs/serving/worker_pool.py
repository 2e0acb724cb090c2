"""One pool of a deployment, as those see it who scale it.

It must not know who they are.
"""

from __future__ import annotations

from typing import Protocol

from gtc_constructs._bindings import TerraformResource
from gtc_constructs.serving.shared_gpus import SharedGpus
from gtc_spec.arguments import checked
from gtc_spec.errors import UsageError
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers
from gtc_spec.manifests.scaled_object import PrometheusTrigger, ScaleTarget
from gtc_spec.pools import Mode, ScaleRule
from gtc_spec.telemetry.promql import Scope
from gtc_spec.telemetry.promql_kv import kv_usage


class Deployed(Protocol):
    """The deployment of a pool."""

    serving: Serving

    @property
    def resources(self) -> tuple[TerraformResource, ...]:
        """What must be there before the pool can be scaled."""
        ...

    def _watched(self) -> Scope:
        """What a scaler of the pool selects."""
        ...

    def _require_measured(self) -> None:
        """Check that somebody measures the pool."""
        ...


class WorkerPool:
    """One pool of a deployment, ready to be scaled. Made by the deployment."""

    def __init__(
        self, deployment: Deployed, path: str, mode: Mode, workers: Workers, gpus: SharedGpus
    ) -> None:
        self._deployment, self._path, self._mode = deployment, path, mode
        self._service = deployment.serving.service(mode)
        self._workers, self._gpus = workers, gpus

    @property
    def scale_target(self) -> ScaleTarget:
        """Its scaling adapter, which the operator makes.

        Raises:
            UsageError: The pool was made without one.
        """
        if not self._workers.scaling_adapter:
            raise UsageError(
                f"{self._service} of {self._path} has no scaling adapter, "
                "allowed: pools that have one",
                "pass Workers(scaling_adapter=True)",
            )
        serving = self._deployment.serving
        return ScaleTarget.adapter(serving.name, self._service, serving.namespace)

    @property
    def initial_replicas(self) -> int:
        """Workers at rest."""
        return self._workers.replicas

    @property
    def resources(self) -> tuple[TerraformResource, ...]:
        """The release of the deployment."""
        return self._deployment.resources

    def reserve(self, replicas: int, *, allow_pending: bool) -> None:
        """Note how far a scaler may go, see `gtc_constructs.serving.keda_scaler.Scalable`."""
        self._gpus.reserve(self._path, self._service, replicas, allow_pending=allow_pending)

    @checked
    def trigger(self, rule: ScaleRule) -> PrometheusTrigger:
        """The trigger of a rule, asking for this deployment's series only.

        Raises:
            UsageError: Nobody measures the platform.
        """
        self._deployment._require_measured()
        return PrometheusTrigger.of(rule, self._deployment._watched())

    def kv_usage(self, threshold: float = 0.8) -> PrometheusTrigger:
        """A trigger on how full the KV pools of these workers are.

        Args:
            threshold: Used share that the pool is to have, above 0 up to 1. Default: 0.8, beyond
                which requests soon wait for memory.

        Raises:
            UsageError: The share is none, these workers do not tell it, or nobody measures the
                platform.
        """
        serving, place = self._deployment.serving, self._path
        if not (isinstance(threshold, int | float) and 0 < threshold <= 1):
            raise UsageError(
                f"{place}: kv_usage of {threshold!r}, allowed: a share above 0 up to 1"
            )
        engine = serving.backend.traits
        if serving.backend.brings_model or not engine.tells_kv(self._mode):
            raise UsageError(
                f"{place}: {self._service} tells nothing about its KV pool, allowed: workers that "
                "do, such as those of decode",
                "simulated workers and vLLM's prefill workers of this release do not",
            )
        self._deployment._require_measured()
        query = kv_usage(self._mode, engine, serving.namespace, serving.name)
        return PrometheusTrigger(
            name="kv-usage", query=query, threshold=threshold, metric_type="Value"
        )
