"""The fair pair: two aggregated workers and 1P:1D on the same GPUs, measured and in the twin."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from gtc_runtime.planning.steady import Load, Quantiles, Steady, steady
from gtc_runtime.planning.topology import Topology
from gtc_spec.profiles.profile import Profile
from gtc_spec.workloads import WorkloadMix
from tools.fidelity.points import DEV, measured, on_nvlink

SEEDS = range(1, 10)
"""Runs of the twin: each measured row is one run, and one draw of documents is not another."""
AGGREGATED, DISAGGREGATED = Topology(aggregated=2), Topology(1, 1)


@dataclass(frozen=True)
class Row:
    """One load on one topology.

    Attributes:
        load: The load, for people.
        topology: The workers.
        figures: Names, and for each what was measured, the twin's median and its extremes.
    """

    load: str
    topology: Topology
    figures: dict[str, tuple[float, float, float, float]]


def rows() -> Iterator[Row]:
    """Every row, the aggregated one of each load first."""
    record = measured()["pair"]
    profile = Profile.load(record["profile"])
    hardware = on_nvlink(profile, kv_tokens=record["kv_tokens"], fresh_pool=False)
    for load in record["load"]:
        mix = WorkloadMix.parse(load["mix"])
        for topology, seen in (
            (AGGREGATED, load["aggregated"]),
            (DISAGGREGATED, load["disaggregated"]),
        ):
            runs = [
                steady(
                    DEV,
                    hardware,
                    topology,
                    Load(load["rps"], mix),
                    seconds=load["seconds"],
                    warm_up_s=0.0,
                    seed=seed,
                    ttft_goal_s=DEV.slo.ttft_p95_s,
                    itl_goal_s=DEV.slo.itl_p95_s,
                )
                for seed in SEEDS
            ]
            found = dict(_spread(record["figures"], seen, runs))
            yield Row(f"{load['mix']}, {load['asked_rps']} rps", topology, found)


def _spread(
    names: list[str], seen: list[float], runs: list[Steady]
) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    for name, value in zip(names, seen, strict=True):
        told = sorted(figure(run, name) for run in runs)
        yield name, (value, statistics.median(told), told[0], told[-1])


def figure(run: Steady, name: str) -> float:
    """One figure of a run, milliseconds, or the share of good requests.

    Raises:
        LookupError: The run has no such figure.
    """
    if name == "good" and run.good_share is not None:
        return run.good_share
    measure, _, which = name.partition(" ")
    kinds: dict[str, Quantiles | None] = {
        "TTFT": run.ttft_s,
        "ITL": run.itl_s,
        "TPOT": run.tpot_s,
    }
    found = kinds.get(measure)
    if found is None:
        raise LookupError(f"no {name} in this run, allowed: a figure that it has")
    return float(getattr(found, which)) * 1000
