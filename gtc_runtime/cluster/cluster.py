"""The demo's cluster as the panel sees it: what it may write, and a poller of what is there.

`Cluster.connect` opens everything that the conductor needs. It must not know phases or load.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtc_runtime.cluster.api.kube import Kube
from gtc_runtime.cluster.poller import Poller
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.view import REHEARSAL
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError
from gtc_spec.kinds import DGD


@dataclass(frozen=True)
class Cluster:
    """Everything of one cluster that the conductor touches.

    Attributes:
        writer: The Lease, and what is written under it.
        poller: Knows the newest state.
        rehearsal: Whether it is the one on localhost, as it says itself.
    """

    writer: Writer
    poller: Poller
    rehearsal: bool

    @property
    def title(self) -> str:
        """What the cluster is called on screens."""
        return REHEARSAL if self.rehearsal else "Live"

    @classmethod
    async def connect(cls, environment: Environment, kubeconfig: str, role: str) -> Cluster:
        """Open the client and everything that stands on it.

        Args:
            environment: For the number of slots and the engine.
            kubeconfig: File to use; empty takes the pod's service account.
            role: What this process is to the demo, one word; part of its Lease identity.

        Raises:
            GtcError: No configuration, or the cluster does not answer.
        """
        kube = await Kube.connect(names.NAMESPACE_WORKLOAD, kubeconfig or None)
        try:
            rehearsal = await is_rehearsal(kube)
        except GtcError:
            await kube.close()
            raise
        writer = Writer.of(kube, environment.slots, role, engine=environment.engine.traits.name)
        return cls(writer, Poller(writer.scaling, writer.keda, kube.clock), rehearsal)

    async def close(self) -> None:
        """Close the connections."""
        await self.writer.kube.close()


async def is_rehearsal(kube: Kube) -> bool:
    """Whether a cluster says of itself that it is a rehearsal.

    Args:
        kube: A client of the workload's namespace.

    Raises:
        KubeError: There is no graph of ours that could say so, or Kubernetes does not answer.
    """
    graph = await kube.get(DGD, names.DEMO)
    labels = (graph.get("metadata") or {}).get("labels") or {}
    return bool(labels.get(names.LABEL_REHEARSAL) == "true")
