"""Everything that one process may write to the cluster, and the Lease that allows it.

The one place where the Lease and what stands on it are opened: for the panel, and for the verbs
that work when no panel does. Every write passes one fence. This module must not know why anybody
writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.lease_view import TIMES, LeaseTimes
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.cluster.state import StateStore
from gtc_spec.names import EngineName


@dataclass(frozen=True)
class Writer:
    """The Lease, and what may be written while it is ours; reading is always allowed.

    Attributes:
        kube: A client of the workload's namespace that refuses to write without the Lease.
        lease: Ours to take.
        scaling, keda, state: Stand on ``kube``, so they refuse as well.
    """

    kube: Kube
    lease: Lease
    scaling: Scaling
    keda: Keda
    state: StateStore

    @classmethod
    def of(
        cls,
        kube: Kube,
        gpu_budget: int,
        role: str,
        times: LeaseTimes = TIMES,
        engine: EngineName = "trtllm",
    ) -> Self:
        """Open everything; the Lease is not taken yet.

        Args:
            kube: A client of the workload's namespace.
            gpu_budget: GPUs of the cluster, one a worker.
            role: What this process is to the demo, one word; part of its Lease identity.
            times: Times of the Lease.
            engine: What the workers run.
        """
        # the Lease alone is written without holding it: that is how it is taken
        lease = Lease(kube, own_identity(role), times, kube.clock)
        fenced = kube.fenced(lambda: lease.held)
        scaling = Scaling(fenced, gpu_budget, kube.clock, engine=engine)
        return cls(fenced, lease, scaling, Keda(fenced, kube.clock), StateStore(fenced))
