"""What a topology makes of one load, in one long run, against goals and for what money.

It must not know which topologies are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.steady import Latencies, Load, Quantiles, Steady, steady
from gtc_runtime.planning.topology import Topology
from gtc_spec.cloud import bill
from gtc_spec.environment import Environment
from gtc_spec.workloads import WorkloadMix

JSON = dict[str, Any]
SECONDS_MIN: Final = 90.0
"""Shortest run, after its warm-up."""
REQUESTS: Final = 2700
"""Of one run, however long they take to come: near the knee a few hundred decide nothing. One run
of so many and not the median of shorter ones, which would each begin with an empty queue."""
ROUGH: Final = 4
"""A rough run has so many times fewer: enough to tell the hopeless from what is looked at."""
SEED: Final = 1
"""The same for every topology and rate: they differ by what they are and not by what they drew."""
WARM_UP_S: Final = 60.0
DECIMALS: Final = 6
"""Of the figures: microseconds."""
GOOD_SHARE: Final = 0.95
"""Of the requests have to meet both goals for a load to count as served."""
GROWTH_MAX: Final = 0.02
"""Seconds of queue a second of load, above which it is more than can be served."""


@dataclass(frozen=True)
class Goals:
    """What a server has to keep.

    Attributes:
        ttft_s: Time to the first token, p95.
        itl_s: Time between tokens, p95; of one request its mean.
    """

    ttft_s: float
    itl_s: float


@dataclass(frozen=True)
class Demand:
    """Who asks what of which hardware.

    Attributes:
        environment: Shapes of the workloads.
        hardware: GPUs and network.
        mix: Shares of the workloads.
        goals: What has to be kept.
        gpu_usd_h: US dollars an hour of one GPU.
        requests: Of one run.
    """

    environment: Environment
    hardware: Hardware
    mix: WorkloadMix
    goals: Goals
    gpu_usd_h: float
    requests: int = REQUESTS


@dataclass(frozen=True)
class Served:
    """One topology under one load.

    Attributes:
        topology: The workers.
        rps: Requests a second.
        figures: Of the run: ``ttft_s``, ``itl_s`` and ``tpot_s`` with quantiles,
            ``good_share``, ``good_rps``, ``output_tokens_s``, ``busy`` by pool,
            ``backlog_growth_s``, and ``by_key``; None where there was nothing to see.
        kept: Whether the goals are kept.
        usd_h: US dollars an hour of its GPUs.
        usd_per_million: Of a million output tokens; None without any.
    """

    topology: Topology
    rps: float
    figures: JSON
    kept: bool
    usd_h: float
    usd_per_million: float | None

    def to_json(self) -> JSON:
        """Plain containers."""
        return {
            "topology": str(self.topology),
            "gpus": self.topology.gpus,
            "rps": self.rps,
            "kept": self.kept,
            "usd_h": round(self.usd_h, 2),
            "usd_per_million": self.usd_per_million and round(self.usd_per_million, 2),
            **self.figures,
        }


def serve(demand: Demand, topology: Topology, rps: float, *, rough: bool = False) -> Served:
    """Play one load on one topology; a rough run tells less."""
    requests = demand.requests / ROUGH if rough else demand.requests
    run = steady(
        demand.environment,
        demand.hardware,
        topology,
        Load(rps, demand.mix, "poisson"),
        seconds=max(SECONDS_MIN, requests / rps),
        warm_up_s=WARM_UP_S,
        seed=SEED,
        ttft_goal_s=demand.goals.ttft_s,
        itl_goal_s=demand.goals.itl_s,
    )
    figures = _figures(run)
    usd_h = topology.gpus * demand.gpu_usd_h
    hourly = round(run.output_tokens_s * 3600)
    price = bill.usd_per_million(usd_h, hourly)
    return Served(topology, rps, figures, kept(figures, demand.goals), usd_h, price)


def kept(figures: Mapping[str, Any], goals: Goals) -> bool:
    """Whether figures keep the goals, with no queue that grows."""
    ttft, itl = figures["ttft_s"], figures["itl_s"]
    if ttft is None or itl is None or figures["good_share"] is None:
        return False
    return bool(
        ttft["p95"] <= goals.ttft_s
        and itl["p95"] <= goals.itl_s
        and figures["good_share"] >= GOOD_SHARE
        and figures["backlog_growth_s"] <= GROWTH_MAX
    )


def _figures(run: Steady) -> JSON:
    return {
        "ttft_s": _quantiles(run.ttft_s),
        "itl_s": _quantiles(run.itl_s),
        "tpot_s": _quantiles(run.tpot_s),
        "good_share": _rounded(run.good_share),
        "good_rps": _rounded(run.good_rps),
        "output_tokens_s": _rounded(run.output_tokens_s),
        "busy": {mode: _rounded(share) for mode, share in run.busy.items()},
        "backlog_growth_s": _rounded(run.backlog_growth_s),
        "by_key": {key: _latencies(each) for key, each in run.by_key.items()},
    }


def _latencies(found: Latencies) -> JSON:
    return {
        "ttft_s": _quantiles(found.ttft_s),
        "itl_s": _quantiles(found.itl_s),
        "tpot_s": _quantiles(found.tpot_s),
        "good_share": _rounded(found.good_share),
    }


def _quantiles(found: Quantiles | None) -> JSON | None:
    if found is None:
        return None
    values = {"p50": found.p50, "p95": found.p95, "p99": found.p99, "mean": found.mean}
    return {name: _rounded(value) for name, value in values.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
