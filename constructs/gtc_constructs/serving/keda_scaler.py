"""One KEDA ScaledObject for anything with a scale subresource.

Fields that do nothing while the minimum is at least 1 are not offered (polling interval, cooldown,
activation), and the pause belongs to whoever drives the demo at run time. It must not know what it
scales.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.management import same_cluster, take
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.platform.keda import ADAPTERS, Keda
from gtc_constructs.platform.monitoring import Monitoring, address_of
from gtc_constructs.serving.trigger_query import problem_of
from gtc_spec import names
from gtc_spec.arguments import introduce
from gtc_spec.errors import UsageError
from gtc_spec.kinds import DGDSA
from gtc_spec.manifests.metadata import object_metadata
from gtc_spec.manifests.scaled_object import PrometheusTrigger, Scaler, ScaleTarget

__all__ = ["KedaScaler", "PrometheusTrigger", "Scalable", "ScaleTarget"]

introduce(
    ScaleTarget,
    "a ScaleTarget",
    "take .prefill or .decode of a DisaggDeployment, .workers of an aggregated one",
)
_NAME_MAX: Final = 63 - len(names.hpa(""))
"""KEDA's webhook limits the HPA that it names after the ScaledObject."""


class Scalable(Protocol):
    """Something whose replicas a scaler may change."""

    @property
    def scale_target(self) -> ScaleTarget:
        """What the scaler writes to.

        Raises:
            UsageError: It was made without the means to be scaled.
        """
        ...

    @property
    def initial_replicas(self) -> int:
        """Replicas at rest."""
        ...

    @property
    def resources(self) -> tuple[TerraformResource, ...]:
        """What must be there before it can be scaled."""
        ...

    def reserve(self, replicas: int, *, allow_pending: bool) -> None:
        """Note that a scaler may go to ``replicas``; ``allow_pending`` lets some wait for GPUs.

        Raises:
            UsageError: There is not room for so many, now or together with its neighbours.
        """
        ...


introduce(Scalable, "a pool")


class KedaScaler(GtcConstruct):
    """Scales one target by one Prometheus query.

    The query must give nothing, rather than 0, when it does not know: then KEDA holds the replicas
    (``ignoreNullValues: "false"`` and a fallback to the current ones). Scaling up is quick, scaling
    down slow: see ``gtc_spec.manifests.scaled_object.BEHAVIOR``.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        target: A pool of a deployment, or any other `Scalable` or `ScaleTarget`.
        trigger: What to watch; `PrometheusTrigger.of` makes one of a rule for Dynamo.
        monitoring: Whose Prometheus it asks: an `Observability`, or an `ExistingMonitoring`.
        max_replicas: Most replicas.
        min_replicas: Fewest replicas, at least 1. Default: 1.
        name: Name of the ScaledObject. Default: that of the target and ``-scaler``.
        allow_pending: Accept a maximum for which the GPUs may be taken by a neighbour: the last
            replicas then wait as Pending pods. Default: refuse it.
        keda: The `Keda` that acts, which comes first. Default: one that the cluster has already.
        labels: Labels of the ScaledObject. Default: none.
        annotations: Annotations of the ScaledObject. Default: none.
        after: What else must be there first. The target always is. Default: nothing.

    Raises:
        UsageError: The target cannot be scaled or already is, a limit is out of range, more
            replicas are at rest than the maximum, the query of the trigger is none, or the stack
            makes a KEDA that is not the one given.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        target: Scalable | ScaleTarget,
        trigger: PrometheusTrigger,
        monitoring: Monitoring,
        max_replicas: int,
        min_replicas: int = 1,
        name: str = "",
        allow_pending: bool = False,
        keda: Keda | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        pool = None if isinstance(target, ScaleTarget) else _scalable(target)
        super().__init__(scope, id, after=after)
        self._check(trigger, min_replicas, max_replicas)
        self.target = self._target(target)
        self._act_through(keda, monitoring)
        self._refuse_rivals()
        if pool:
            take(self, pool)
            self._reserve(pool, max_replicas, allow_pending)
        self.name = name or f"{self.target.name}-scaler"
        self.require_name("scaler", self.name, _NAME_MAX)
        self.manifest: Mapping[str, Any] = Scaler(
            metadata=object_metadata(
                self.name, self.target.namespace, labels or {}, annotations or {}
            ),
            target=self.target,
            trigger=trigger,
            replicas_min=min_replicas,
            replicas_max=max_replicas,
            fallback=pool.initial_replicas if pool else min_replicas,
            server_address=address_of(monitoring),
        ).manifest()
        self._ship()

    def _ship(self) -> None:
        self.release = ManifestRelease(
            self,
            "Resource",
            name=self.name,
            namespace=self.target.namespace,
            manifests=[self.manifest],
            after=self.depends_on,
        )
        self.stands_for(self.release.release)

    def _act_through(self, keda: Keda | None, monitoring: Monitoring) -> None:
        if monitoring.prometheus is not None:
            same_cluster(self, monitoring.prometheus)
        for other in self.others(Keda):
            if other is not keda:
                got = keda.node.path if keda else "no keda"
                raise self.refused(
                    f"got {got}, and the stack makes {other.node.path}, allowed: that one",
                    "pass it as keda=: without its kinds the scaler cannot be made",
                )
        if keda is None:
            return
        if self.target.kind == DGDSA.kind and ADAPTERS not in keda.scales:
            raise self.refused(
                f"{keda.node.path} may not scale {'.'.join(reversed(ADAPTERS))}, "
                "allowed: a Keda that may",
                "leave scales= at its default, or add it",
            )
        take(self, keda)

    def _check(self, trigger: PrometheusTrigger, least: int, most: int) -> None:
        if not 1 <= least <= most:
            raise self.refused(
                f"got {least} to {most} replicas, allowed: 1 <= min <= max",
                "a pool at 0 takes the model away and gives no metric to come back by",
            )
        if problem := problem_of(trigger):
            raise self.refused(
                f"trigger {trigger.name}: {problem}, allowed: PromQL that gives numbers",
                'dialect="other" takes a query of another language as it is',
            )

    def _target(self, target: Scalable | ScaleTarget) -> ScaleTarget:
        if isinstance(target, ScaleTarget):
            return target
        try:
            return target.scale_target
        except UsageError as error:
            raise self.refused(error.message, error.hint) from None

    def _refuse_rivals(self) -> None:
        for other in self.others(KedaScaler):
            if getattr(other, "target", None) == self.target:
                raise self.refused(
                    f"{self.target.kind} {self.target.name} is scaled by {other.node.path} "
                    "already, allowed: one scaler a target",
                    "two would undo each other's decisions; remove one of them",
                )

    def _reserve(self, pool: Scalable, max_replicas: int, allow_pending: bool) -> None:
        if max_replicas < pool.initial_replicas:
            raise self.refused(
                f"max_replicas={max_replicas} of {self.target.name}, allowed: at least "
                f"{pool.initial_replicas}, which it has at rest",
                "KEDA would take the others away at once; start fewer, or raise max_replicas",
            )
        try:
            pool.reserve(max_replicas, allow_pending=allow_pending)
        except UsageError as error:
            raise self.refused(error.message, error.hint) from None


def _scalable(target: Scalable) -> Scalable | None:
    """The target if it can note how far it is scaled; looks at no property, they may refuse."""
    return target if callable(getattr(type(target), "reserve", None)) else None
