"""The GPUs, or slots of other nodes, that the pools of one deployment share.

It also keeps how far scalers may go.

Arithmetic only: this module must not import cdktf.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from gtc_spec.errors import UsageError
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import WorkerPools


class SharedGpus:
    """One budget for all pools.

    Args:
        total: GPUs of the node pool.
        per_worker: GPUs of one worker.
        initial: Workers at rest by service.
        unit: What is shared, as messages call it. Default: gpus.

    Raises:
        UsageError: The workers at rest do not fit.
    """

    def __init__(
        self, *, total: int, per_worker: int, initial: Mapping[str, int], unit: str = "gpus"
    ) -> None:
        self._unit = unit
        self._total, self._per_worker, self._initial = total, per_worker, dict(initial)
        self._maxima: dict[str, int] = {}
        self._pending_allowed = False
        needed = sum(initial.values()) * per_worker
        if needed > total:
            raise UsageError(
                f"{_listed(initial)} need {needed} {unit}, allowed: at most {total}",
                "start fewer workers or add nodes",
            )

    @classmethod
    def of(cls, serving: Serving, pools: WorkerPools) -> Self:
        """Those that these pools share.

        Raises:
            UsageError: The workers at rest do not fit.
        """
        initial = {serving.service(mode): workers.replicas for mode, workers in pools.items()}
        if serving.cpu_nodes is not None:
            unit = f"{serving.cpu_nodes.slot_name}s"
            return cls(total=serving.cpu_nodes.slots, per_worker=1, initial=initial, unit=unit)
        total = serving.gpu_pool.gpus if serving.gpu_pool else 0
        per_worker = serving.engine_facts.gpus_per_worker
        return cls(total=total, per_worker=per_worker, initial=initial)

    def reserve(self, service: str, replicas: int, *, allow_pending: bool) -> None:
        """Note that a scaler may ask for so many workers of one service.

        Raises:
            UsageError: It could never have them, or not together with what is noted already.
        """
        others = len(self._initial) - 1
        most = self._total // self._per_worker - others
        if replicas > most and not allow_pending:
            beside = f", {others} of them for the other pool" if others else ""
            raise UsageError(
                f"max_replicas={replicas} of {service} can never be had from {self._total} "
                f"{self._unit} at {self._per_worker} a worker{beside}, allowed: at most {most}",
                "lower max_replicas or add nodes",
            )
        self._maxima[service] = replicas
        self._pending_allowed |= allow_pending
        if len(self._maxima) == len(self._initial) and (problem := self.overcommitted()):
            raise UsageError(problem, "lower a maximum, or pass allow_pending=True on purpose")

    def overcommitted(self) -> str:
        """What is wrong with all maxima together; empty when nothing is.

        Pools without a scaler count with their workers at rest.
        """
        wanted = self._initial | self._maxima
        needed = sum(wanted.values()) * self._per_worker
        if needed <= self._total or self._pending_allowed:
            return ""
        return (
            f"maxima {_listed(wanted)} need {needed} {self._unit}, allowed: at most {self._total}"
        )


def _listed(workers: Mapping[str, int]) -> str:
    return " + ".join(f"{number} {service}" for service, number in workers.items())
