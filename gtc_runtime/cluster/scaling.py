"""Reads the two worker pools and sets their P:D ratio through the scale subresource.

Desired comes from the scaling adapter (DGDSA); its status only mirrors its spec, so ready comes
from the pods. Operator 0.8.x may put a fresh scale back when it reconciles the DGD
(ai-dynamo/dynamo#12080), so every scale is verified and repeated within a deadline. Only the
holder of the Lease may call `set_ratio`. This module must not know phases or KEDA.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gtc_runtime.cluster.api.errors import Fenced, KubeError, NotFound, Unreachable
from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.pools import PoolState, pool_state
from gtc_spec import names
from gtc_spec.errors import UsageError
from gtc_spec.kinds import DGDSA, POD
from gtc_spec.names import EngineName
from gtc_spec.pools import ROLES, PDRatio, Role

_POLL_INTERVAL_S = 0.5
"""While a scale is verified; a poll is two small requests."""
_HOLD_S = 2.0
"""A scale counts once it was left alone for this long: the reconcile that reverts it follows the
change at once or not at all (operator 0.8.x has no periodic resync)."""
_SET_S = 20.0
_ROUNDS_MAX = 5


class ScaleReverted(KubeError):  # noqa: N818
    """A scale was accepted and then put back by somebody, more often than we repeat it."""


class Scaling:
    """The two pools of our DGD.

    Args:
        kube: A client of the namespace of the DGD.
        gpu_budget: GPUs of the cluster, one a worker.
        clock: Monotonic seconds.
        hold_s: Time that a new ratio must stay as set before it counts.
        engine: What the workers run; services and adapters are named after it.
    """

    def __init__(
        self,
        kube: Kube,
        gpu_budget: int,
        clock: Callable[[], float] = time.monotonic,
        hold_s: float = _HOLD_S,
        engine: EngineName = "trtllm",
    ) -> None:
        self._kube = kube
        self._gpu_budget = gpu_budget
        self._clock = clock
        self._hold_s = hold_s
        self._services = {role: names.service(role, engine) for role in ROLES}
        self._adapters = {role: names.pool_dgdsa(role, engine) for role in ROLES}

    async def read(self) -> dict[Role, PoolState]:
        """Both pools now; a missing adapter is a state, not an error.

        Raises:
            KubeError: Kubernetes does not answer or refuses.
        """
        # one after the other: a Kubernetes that is away is asked for half as much
        return {role: await self._read(role) for role in ROLES}

    async def set_ratio(self, ratio: PDRatio) -> None:
        """Order this many workers in each pool, shrinking before growing, and verify.

        Returns when both adapters have held the value, not when workers are ready; at once when
        nothing had to change. A pool that cannot be set does not keep the other one from being
        set, unless the GPUs would not suffice.

        Raises:
            UsageError: A pool would be empty or the ratio needs more GPUs than there are; nothing
                was written.
            Fenced: We may not write, or may no longer.
            KubeError: At least one pool was not set; `Denied` keeps the words of the webhook.
        """
        self._refuse_impossible(ratio)
        refused: dict[Role, KubeError] = {}
        give_up = self._clock() + _SET_S
        rounds = 0
        held_since: float | None = None
        while True:
            desired = {role: await self._desired(role) for role in ROLES}
            wrong = [r for r in ROLES if r not in refused and desired[r] != ratio.of(r)]
            if wrong:
                # what is wrong in a later round was put back by somebody: order again, and start
                # the time that it must hold anew
                if rounds == _ROUNDS_MAX or self._clock() > give_up:
                    raise _reverted(ratio, desired, rounds)
                await self._order(ratio, desired, wrong, refused)
                rounds += 1
                held_since = None
            elif rounds == 0:
                break  # all was as wanted before we came: nothing of ours to be reverted
            elif held_since is None:
                held_since = self._clock()
            elif self._clock() - held_since >= self._hold_s:
                break
            await asyncio.sleep(min(_POLL_INTERVAL_S, self._hold_s))
        if refused:
            raise next(iter(refused.values()))

    def _refuse_impossible(self, ratio: PDRatio) -> None:
        if min(ratio.prefill, ratio.decode) < 1:
            raise UsageError(f"P:D ratio {ratio} empties a pool, allowed: at least 1P:1D")
        if ratio.total > self._gpu_budget:
            raise UsageError(
                f"P:D ratio {ratio} needs {ratio.total} GPUs, allowed: at most {self._gpu_budget}"
            )

    async def _order(
        self,
        ratio: PDRatio,
        desired: dict[Role, int | None],
        wrong: list[Role],
        refused: dict[Role, KubeError],
    ) -> None:
        """Patch the pools that differ; note who refuses."""
        # the pool that shrinks goes first: its GPUs are what the other one grows into
        for role in sorted(wrong, key=lambda role: ratio.of(role) - (desired[role] or 0)):
            try:
                self._refuse_over_budget(role, ratio, desired, refused)
                await self._kube.patch(
                    DGDSA,
                    self._adapters[role],
                    {"spec": {"replicas": ratio.of(role)}},
                    subresource="scale",
                )
            except (Fenced, Unreachable):
                raise  # about us or the API, not about this pool: the other one would fail too
            except KubeError as error:
                refused[role] = error

    def _refuse_over_budget(
        self,
        role: Role,
        ratio: PDRatio,
        desired: dict[Role, int | None],
        refused: dict[Role, KubeError],
    ) -> None:
        """Do not grow into GPUs that a refused shrink has not freed."""
        for other in refused:
            beside = desired[other] or 0
            if ratio.of(role) > (desired[role] or 0) and ratio.of(role) + beside > self._gpu_budget:
                raise KubeError(
                    f"{ratio.of(role)} {role} workers do not fit beside {beside} {other} workers"
                    f" on {self._gpu_budget} GPUs"
                )

    async def _desired(self, role: Role) -> int | None:
        """Workers ordered for a pool; None when the adapter does not exist."""
        try:
            adapter = await self._kube.get(DGDSA, self._adapters[role])
        except NotFound:
            return None
        spec = adapter.get("spec")
        replicas = spec.get("replicas") if isinstance(spec, dict) else None
        return replicas if isinstance(replicas, int) else None

    async def _read(self, role: Role) -> PoolState:
        labels = names.pod_labels(self._services[role])
        desired, pods = await asyncio.gather(self._desired(role), self._kube.list(POD, labels))
        missing = () if desired is not None else (f"no scaling adapter {self._adapters[role]}",)
        return pool_state(role, desired, pods, missing)


def _reverted(ratio: PDRatio, desired: dict[Role, int | None], rounds: int) -> ScaleReverted:
    return ScaleReverted(
        f"the ratio {ratio} was put back to {desired['prefill']}P:{desired['decode']}D,"
        f" {rounds} times",
        "somebody else scales too, or the operator reverts it; see kubectl describe dgdsa",
    )
