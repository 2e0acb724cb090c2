"""Query text about our own ``/metrics``: what clients saw, goals, pools and where the show stands.

Present in a rehearsal as on a cluster, because the panel exposes them. Functions return PromQL;
they must not know how it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from gtc_spec.pools import Role
from gtc_spec.telemetry import metrics as m
from gtc_spec.telemetry.promql_syntax import WINDOW_S, aggregate, quantile, rate_sum, select

Measure = Literal["ttft", "itl"]
State = Literal["desired", "ready", "pending"]
MARK_WINDOW_S: Final = 15
"""A mark shows for three scrapes, so that no step of a range query jumps over it."""


def ttft_ms(q: float, by: Sequence[str] = (), **labels: str) -> str:
    """Time to first token that clients saw, milliseconds; labels are ``workload`` and ``turn``."""
    return f"1000 * {quantile(m.CLIENT_TTFT, q, labels, by)}"


def itl_ms(q: float, by: Sequence[str] = (), **labels: str) -> str:
    """Inter-token latency that clients saw, milliseconds; the label is ``workload``."""
    return f"1000 * {quantile(m.CLIENT_ITL, q, labels, by)}"


def turn_gain(q: float = 0.5) -> str:
    """Chat's time to first token of turn 2 and later as a share of turn 1, 0 to 1 and more."""
    later, first = (
        quantile(m.CLIENT_TTFT, q, {"workload": "chat", "turn": turn}) for turn in ("2plus", "1")
    )
    return f"{later} / {first} >= 0"


def goal_ms(measure: Measure) -> str:
    """The goal of the 95th percentile in this environment, milliseconds."""
    return f"1000 * max({select(m.GOAL, labels={'measure': measure})})"


def within_goal(measure: Measure) -> str:
    """Share of requests (ttft) or tokens (itl) at or below the goal, 0 to 1; empty when idle."""
    counted = m.CLIENT_TTFT if measure == "ttft" else m.CLIENT_ITL
    inside = rate_sum(m.CLIENT_WITHIN_GOAL, labels={"measure": measure})
    return f"{inside} / {rate_sum(counted, counted.count)} >= 0"


def outcomes_rps() -> str:
    """Ended requests a second by outcome: ok, shed or a failure class."""
    return rate_sum(m.CLIENT_REQUESTS, by=("outcome",))


def workloads_rps() -> str:
    """Ended requests a second by workload."""
    return rate_sum(m.CLIENT_REQUESTS, by=("workload",))


def output_tokens_per_s(window_s: int = WINDOW_S) -> str:
    """Tokens that arrived at clients, a second, by workload."""
    return rate_sum(m.CLIENT_TOKENS, window_s=window_s, by=("workload",))


def in_flight() -> str:
    """Open requests as the client counts them."""
    return f"max({select(m.CLIENT_IN_FLIGHT)})"


def slip_ms(q: float) -> str:
    """How late requests were sent, milliseconds: above 50 the client is to blame."""
    return f"1000 * {quantile(m.CLIENT_SLIP, q)}"


def workers(state: State, role: Role | None = None) -> str:
    """Workers of a pool in one state; one series a pool when no role is given."""
    series = select(m.POOL_WORKERS, labels={"pool": role or "", "state": state})
    return aggregate("max", series, ("pool",))


def workers_text(role: Role) -> str:
    """Ready workers of a pool, with labels ``ready`` and ``desired`` for a legend like ``2/4``."""

    def label(state: State) -> str:
        return f'count_values by (pool) ("{state}", {workers(state, role)})'

    ready, desired = label("ready"), label("desired")
    joined = f"{workers('ready', role)} * on (pool) group_left (ready) {ready}"
    return f"{joined} * on (pool) group_left (desired) {desired}"


def workers_max() -> str:
    """The larger of both pools' limits: the end of the scale that they share."""
    return f"max({select(m.POOL_MAX)})"


def scaler_limit(role: Role) -> str:
    """Reading above which the scaler of a pool wants another worker."""
    return f"max({select(m.SCALER_LIMIT, labels={'pool': role})})"


def paused() -> str:
    """1 for each pool whose KEDA scaler is paused, 0 while it drives."""
    return aggregate("max", select(m.SCALER_PAUSED), ("pool",))


def mode() -> str:
    """1 for the mode that drives the show, one series a mode."""
    return aggregate("max", select(m.MODE), ("mode",))


def phase_countdown_s() -> str:
    """Seconds to the end of the running phase, with its name as a label; -1 without an end."""
    running = f"max by (phase) ({select(m.SCENARIO_PHASE)} == 1)"
    left_s = f"clamp_min(max({select(m.SCENARIO_PHASE_END)}) - time(), 0)"
    return f"{running} * on () group_left () {left_s} or {running} - 2"


def phase_number() -> str:
    """Place of the running phase in the order of the show, 0 for IDLE."""
    return f"max({select(m.SCENARIO_PHASE_NUMBER)})"


def scaling_marks() -> str:
    """Above 0 for a pool whose desired workers have just changed, whoever changed them."""
    series = select(m.POOL_WORKERS, labels={"state": "desired"})
    return f"max by (pool) (changes({series}[{MARK_WINDOW_S}s])) > 0"


def phase_marks() -> str:
    """Above 0 for the phase that has just begun."""
    series = select(m.SCENARIO_PHASE)
    begun = f"changes({series}[{MARK_WINDOW_S}s]) > 0"
    return f"max by (phase) ({begun} and {series} == 1)"
