"""Entry point of one simulated worker: Dynamo's own simulator behind a gate.

`python -m gtc_rehearsal.dynamo.simulator_main [simulator flags]` loads the simulator, waits for
one byte on standard input and then runs it. So a worker that is "loading its weights" has already
paid for its imports and is known to nobody; it registers within a second of the byte. End of file
instead of the byte ends it.
"""

from __future__ import annotations

import sys
import types


def _unknown_kv_size(*_: object) -> None:
    """Stands for the simulator's estimate of KV bytes per token, which we always give."""


def load() -> types.ModuleType:
    """Import the simulator without `transformers`.

    It is imported for that one estimate only and costs 3.5 of 4.2 CPU seconds of a start
    (measured with ai-dynamo 1.4.2 on two cores).
    """
    estimate = types.ModuleType("dynamo.mocker.utils.kv_cache")
    vars(estimate).update(
        compute_kv_bytes_per_token=_unknown_kv_size,
        DEFAULT_KV_TRANSFER_BANDWIDTH_GBPS=64.0,  # ends up in a help text
    )
    sys.modules[estimate.__name__] = estimate

    from dynamo.mocker import main as simulator

    return simulator


def run() -> None:
    """Load, wait at the gate, simulate."""
    simulator = load()
    if sys.stdin.buffer.read(1):
        simulator.main()


if __name__ == "__main__":
    run()
