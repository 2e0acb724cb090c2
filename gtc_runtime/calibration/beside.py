"""A run as the twin would have played it: what of each first token no fit has to explain.

The same requests are sent at the same times to simulated workers. So a fit turns only what the twin
takes from a profile, and a profile that is refitted to the twin's own run comes out as it was. It
must not know how a fit is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gtc_runtime.calibration.live_run import Answered
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.serving.prompts import PromptQueue, step_s
from gtc_runtime.planning.serving.requests import Request
from gtc_runtime.planning.topology import Topology
from gtc_runtime.planning.trace import Recorded, replay
from gtc_spec.pools import PDRatio


def played(hardware: Hardware, workers: PDRatio, answered: Sequence[Answered]) -> list[Request]:
    """What becomes of each request on this hardware.

    Args:
        hardware: What it is played on.
        workers: How many served it, all of the time.
        answered: The requests in the order in which they were sent.
    """
    began_s = answered[0].send_s
    trace = [
        Recorded(
            *(each.send_s - began_s, "reasoning", each.prompt_tokens, max(1, each.tokens)),
            *(each.conversation, each.first_s - each.send_s, None),
        )
        for each in answered
    ]
    return replay(hardware, Topology.of(workers), trace)


def as_seen(requests: Sequence[Request]) -> list[Answered]:
    """The same as a log would have them."""
    return [
        Answered(
            *(1, each.due_s, each.first_s, each.done_s, each.prompt_tokens, each.output_tokens),
            *(1, True),
        )
        for each in requests
    ]


class Parts(NamedTuple):
    """The time to one first token, cut where a fit turns it.

    Attributes:
        steps_ms: The prefill of its prompt alone, by the profile.
        cache_mb: Its KV cache: milliseconds over a link of 1 GB/s.
        rest_ms: What the twin adds on this hardware: by token and step, for the handover, over its
            link, until the decode worker takes it, and that worker's step.
    """

    steps_ms: float
    cache_mb: float
    rest_ms: float

    @classmethod
    def of(cls, hardware: Hardware, request: Request) -> Parts:
        """Of a request that was played on it; the host part of one without tokens is in none."""
        tokens = request.prompt_tokens
        steps_s = _alone_s(replace(hardware, step_us_per_token=0.0, step_more_s=0.0), tokens)
        rest_s = hardware.host_us_per_token * tokens / 1e6 + _alone_s(hardware, tokens) - steps_s
        rest_s += hardware.handover_s + request.first_s - request.handed_s
        cache_mb = tokens * hardware.profile.kv_bytes_per_token / 1e6
        return cls(1000 * steps_s, cache_mb, 1000 * rest_s)


def _alone_s(hardware: Hardware, tokens: int) -> float:
    """Seconds of the steps of a prompt that no other one shares."""
    prompts, seconds = PromptQueue(), 0.0
    prompts.add(Request("reasoning", 0.0, tokens, 1))
    while prompts:
        seconds += step_s(hardware, [prompts.cut(hardware.step_tokens)])
    return seconds
