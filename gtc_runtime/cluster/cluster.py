"""The demo's cluster in one hand: its pools, KEDA, the Lease, the stored state and the poller.

`Cluster.connect` opens everything that the conductor needs. It must not know phases or load.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.identity import own_identity
from gtc_runtime.cluster.keda import Keda
from gtc_runtime.cluster.lease import Lease
from gtc_runtime.cluster.poller import Poller
from gtc_runtime.cluster.scaling import Scaling
from gtc_runtime.cluster.state import StateStore
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.kinds import DGD

REHEARSAL = "Rehearsal"


@dataclass(frozen=True)
class Cluster:
    """Everything of one cluster that the conductor touches."""

    kube: Kube
    scaling: Scaling
    keda: Keda
    lease: Lease
    state: StateStore
    poller: Poller
    title: str
    """What the cluster calls itself: ``Rehearsal`` or ``Live``."""

    @property
    def rehearsal(self) -> bool:
        """Whether it is the one on localhost."""
        return self.title == REHEARSAL

    @classmethod
    async def connect(cls, environment: Environment, kubeconfig: str, role: str) -> Cluster:
        """Open the client and everything that stands on it.

        Args:
            environment: For the number of slots.
            kubeconfig: File to use; empty takes the pod's service account.
            role: What this process is to the demo, one word; part of its Lease identity.

        Raises:
            GtcError: No configuration, or the cluster does not answer.
        """
        kube = await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig or None)
        lease = Lease(kube, own_identity(role))
        scaling = Scaling(kube, environment.slots, may_write=lambda: lease.held)
        keda = Keda(kube, may_write=lambda: lease.held)
        try:
            dgd = await kube.get(DGD, names.DEMO)
            labels = dgd["metadata"].get("labels") or {}
            title = REHEARSAL if labels.get(names.LABEL_REHEARSAL) == "true" else "Live"
        except GtcError:
            await kube.close()
            raise
        return cls(kube, scaling, keda, lease, StateStore(kube), Poller(scaling, keda), title)
