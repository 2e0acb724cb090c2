"""The load that all clients are put under, and our engine's settings for it.

Streams last a known time, so a rate of them makes a number of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtc_runtime.load.settings import LoadSettings, Timeouts
from gtc_spec.serving import LoadLimits
from gtc_spec.workloads import ChatShape, SingleShape, WorkloadMix, Workloads

PROMPT_TOKENS = 100
MIX = WorkloadMix(0, 0, 100)
"""Reasoning alone: short prompts, one request after the other, no turns."""


@dataclass(frozen=True)
class Shape:
    """How the server answers. Times are milliseconds.

    Attributes:
        ttft_ms, itl_ms, tokens: Of each answer.
        burst: Frames in one send when `itl_ms` is 0.

    TTFT is drawn from one ITL: streams that begin together would tick together for good, and the
    server could not keep that pace.
    """

    ttft_ms: float
    itl_ms: float
    tokens: int
    burst: int = 1

    @property
    def stream_s(self) -> float:
        """How long a stream lasts in the mean."""
        return (self.ttft_ms + (self.tokens - 0.5) * self.itl_ms) / 1e3

    def rps_for(self, streams: int) -> float:
        """The rate that keeps so many streams open."""
        return streams / self.stream_s

    def server_settings(self, keep: bool = False) -> dict[str, float]:
        """For `MockServer.answer_with`."""
        return {
            "ttft": self.ttft_ms,
            "ttft_jitter": self.itl_ms,
            "itl": self.itl_ms,
            "ntok": self.tokens,
            "burst": self.burst,
            "keep": float(keep),
        }


PACED = Shape(200, 20, 100)
FIREHOSE = Shape(0, 0, 200)
RATE = Shape(50, 10, 20)
LONG_RUN = Shape(0, 0, 500, burst=8)


def settings(url: str, shape: Shape, **more: object) -> LoadSettings:
    """Settings of our engine: caps that do not matter, answers as the server likes."""
    prompt, answer = (PROMPT_TOKENS, PROMPT_TOKENS), (shape.tokens, shape.tokens)
    return LoadSettings.model_validate(
        {
            "url": url,
            "model": "mock",
            "shapes": Workloads(
                chat=ChatShape(
                    turns=(1, 1), context_tokens=prompt, reply_tokens=answer, think_s=(1, 1)
                ),
                summarization=SingleShape(prompt_tokens=prompt, output_tokens=answer),
                reasoning=SingleShape(prompt_tokens=prompt, output_tokens=answer),
            ),
            "limits": LoadLimits(
                rps_max=100_000,
                in_flight_max=20_000,
                prompt_tokens_max=5_000,
                max_tokens_max=5_000,
                tokens_per_word=1.5,
            ),
            "timeouts": Timeouts(first_token_s=10, stall_s=5, whole_s=60),
            **more,
        }
    )
