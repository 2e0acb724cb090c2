"""How many idle connections a load wants to have open before it needs them."""

from __future__ import annotations

import math

from gtc_runtime.load.demand.forms import Demand, Replay, Streams

SPARE_MIN = 2
SPARE_S = 0.05
SPARE_MAX = 64
"""Connections to hold ready: enough for what is due within 50 ms, which is longer than it takes to
open one to a server that is not on the other side of an ocean."""


def spare_connections(demand: Demand, shards: int) -> int:
    """For one of so many shards. A trace brings any number at once, streams begin together."""
    if isinstance(demand, Streams):
        return min(SPARE_MAX, math.ceil(demand.streams / shards))
    if isinstance(demand, Replay):
        return SPARE_MAX
    ahead = math.ceil(demand.rps / shards * SPARE_S)
    return min(SPARE_MAX, SPARE_MIN + ahead) if demand.rps > 0 else 0
