"""What everything outside the workers has to know of an engine: its names and its blocks.

Queries, boards, the rehearsal and the planner ask here and never for an engine by its name. This
module must not know how workers are started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gtc_spec import names
from gtc_spec.names import EngineName
from gtc_spec.pools import Mode, Role

ENDPOINT: Final = "generate"
"""Value of ``dynamo_endpoint`` for requests, whatever the engine; others count housekeeping."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What one engine is called, and how it divides its cache.

    Attributes:
        name: As operator and simulator call it.
        title: As people call it.
        components: Value of ``dynamo_component`` of each pool; aggregated workers register as
            decode does.
        block_tokens: Tokens of one KV block, which is also what the router hashes.
        queue_metric: Histogram of the wait inside the engine before it computes, seconds.
        metric_labels: Labels of the engine's own metrics.
        kv_gauges: Pools whose workers have the KV gauges of 0.8.1.
    """

    name: EngineName
    title: str
    components: Mapping[Role, str]
    block_tokens: int
    queue_metric: str
    metric_labels: tuple[str, ...]
    kv_gauges: tuple[Role, ...]

    def service(self, mode: Mode) -> str:
        """The service of a graph whose workers do this, such as ``VllmPrefillWorker``."""
        return names.service(mode, self.name)

    def tells_kv(self, mode: Mode) -> bool:
        """Whether workers that do this have the KV gauges."""
        return ("prefill" if mode == "prefill" else "decode") in self.kv_gauges

    def component(self, mode: Mode) -> str:
        """The component under which a worker registers."""
        return self.components["prefill" if mode == "prefill" else "decode"]
