"""A model served by Dynamo: engine files and one DynamoGraphDeployment, as one release.

Prefill and decode are pools of their own, each with a scaling target; `DisaggDeployment.aggregated`
serves the same with one pool, for a comparison. It must not know who scales the pools.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import Ordered
from gtc_constructs.platform.dynamo_platform import DynamoPlatform
from gtc_constructs.secrets import WorkloadSecrets
from gtc_constructs.serving.deployment import Deployment
from gtc_spec.graph.existing import ExistingPlatform, ExistingSecret
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.wiring import Models
from gtc_spec.graph.workers import WorkerPools, Workers

_ONE: Final = Workers()


class DisaggDeployment(Deployment):
    """Prefill and decode as pools of their own, one frontend with a KV-aware router before them.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        serving: What is served, and on what.
        platform: What runs it: namespace, Grove and queue follow from it, and it comes first.
        models: Where the checkpoint lies: a `ModelStore` or a `ModelDownload`, which come first, or
            an `ExistingModels`. Default: none, for an engine that brings its model.
        secrets: What holds the HuggingFace token, which comes first. Default: the workers get none,
            as open models need none.
        prefill: Workers that read prompts. Default: one.
        decode: Workers that write answers. Default: one.
        after: What else must be there first. Default: nothing.

    Raises:
        UsageError: Names, GPUs or the model do not fit, two of the objects disagree, or the stack
            has a deployment of the same name in the same namespace.
        ConfigError: An engine file would stop or deadlock its workers.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        serving: Serving,
        platform: DynamoPlatform | ExistingPlatform,
        models: Models | None = None,
        secrets: WorkloadSecrets | ExistingSecret | None = None,
        prefill: Workers = _ONE,
        decode: Workers = _ONE,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        pools: WorkerPools = {"prefill": prefill, "decode": decode}
        super().__init__(
            scope,
            id,
            serving=serving,
            pools=pools,
            platform=platform,
            models=models,
            secrets=secrets,
            after=after,
        )
        self.prefill = self._pool("prefill")
        self.decode = self._pool("decode")

    @staticmethod
    def aggregated(
        scope: Construct,
        id: str,
        *,
        serving: Serving,
        platform: DynamoPlatform | ExistingPlatform,
        models: Models | None = None,
        secrets: WorkloadSecrets | ExistingSecret | None = None,
        workers: Workers = _ONE,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> AggregatedDeployment:
        """The same served by one pool whose workers do both, to compare with.

        Beside the other one it shares the GPUs of their node pool, and needs another name.
        """
        return AggregatedDeployment(
            scope,
            id,
            serving=serving,
            platform=platform,
            models=models,
            secrets=secrets,
            workers=workers,
            after=after,
        )


class AggregatedDeployment(Deployment):
    """One pool whose workers prefill and decode. Made by `DisaggDeployment.aggregated`.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        serving: What is served, and on what.
        platform: Where it runs, as for `DisaggDeployment`.
        models: Where the model lies, as for `DisaggDeployment`.
        secrets: What brings the HuggingFace token, as for `DisaggDeployment`.
        workers: Workers that do both.
        after: What must be there first besides these.

    Raises:
        UsageError: Names, GPUs, objects or the model do not fit.
        ConfigError: An engine file would stop or deadlock its workers.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        serving: Serving,
        platform: DynamoPlatform | ExistingPlatform,
        models: Models | None,
        secrets: WorkloadSecrets | ExistingSecret | None,
        workers: Workers,
        after: Iterable[Ordered | TerraformResource],
    ) -> None:
        super().__init__(
            scope,
            id,
            serving=serving,
            pools={"aggregated": workers},
            platform=platform,
            models=models,
            secrets=secrets,
            after=after,
        )
        self.workers = self._pool("aggregated")
