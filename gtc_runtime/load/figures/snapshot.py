"""What the load process tells its parent four times a second, as one line of JSON.

A snapshot holds increments since the one before it, so a parent that adds them up loses nothing
and a parent that is slow gets fewer, larger ones.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from gtc_runtime.load.figures.singles import Single
from gtc_runtime.load.figures.stats import Slices, Tally
from gtc_runtime.told import AnswerView

Light = Literal["green", "amber", "red"]
CoreName = Literal["native", "python"]


@dataclass(frozen=True)
class Gauges:
    """The state of the engine at the moment of the snapshot.

    Attributes:
        in_flight: Requests that are open: connecting, waiting or streaming.
        waiting: Requests that were sent and wait for their first token.
        streaming: Requests whose answer is arriving.
        conversations: Conversations that are not over.
        turns: Chat turns sent since the start.
        last_output_s: When the last output of a request that ended well arrived, monotonic seconds;
            0 before the first.
        last_due_s: When the latest request was due, monotonic seconds; 0 before the first.
        prompt_tokens: Prompt tokens sent since the start (usage where known, else estimated).
        offered_rps: Rate that this engine is set to, after clamping; the shares of shards add up.
        tokens_per_word: The calibrated ratio in use.
        last_failure: Class and words of the latest failure; empty while there was none.
        followups_notice: Why questions come from the bundled list; empty when they do not.
        followups_model: Which model writes them; empty while none does.
    """

    in_flight: int = 0
    waiting: int = 0
    streaming: int = 0
    conversations: int = 0
    turns: int = 0
    prompt_tokens: int = 0
    last_output_s: float = 0.0
    last_due_s: float = 0.0
    offered_rps: float = 0.0
    tokens_per_word: float = 0.0
    last_failure: str = ""
    followups_notice: str = ""
    followups_model: str = ""


@dataclass(frozen=True)
class Quality:
    """How far the client itself can be trusted, over the last seconds.

    Attributes:
        light: `red` means "client-limited: do not trust".
        reason: Why it is not green; empty when it is.
        stamp_source: Where arrival times come from: `user` (this process) or `kernel`.
        stamp_reason: Why not from the kernel, in a few words; empty when they are.
        core: What reads and counts: `native`, compiled, or `python`.
        schedule_error_p99_ms: How late the engine took up due requests; None if there were none.
        slip_p99_ms: Send minus due, connecting included; None if there were none.
        reader_stall_p99_ms: How long arrived bytes waited until they were counted; with stamps of
            this process, the lag of the event loop.
        coalesced_share: Share of reads that brought more than one token frame; None without reads.
        cpu_share: CPU time of the process over wall time, 0..1 for one core.
    """

    light: Light = "green"
    reason: str = ""
    stamp_source: str = "user"
    stamp_reason: str = ""
    core: CoreName = "python"
    schedule_error_p99_ms: float | None = None
    slip_p99_ms: float | None = None
    reader_stall_p99_ms: float | None = None
    coalesced_share: float | None = None
    cpu_share: float = 0.0


@dataclass(frozen=True)
class Snapshot:
    """One report of the load process.

    Attributes:
        at_s: CLOCK_MONOTONIC when it was made.
        slices: What is new since the snapshot before, by second and key.
        gauges: State now.
        quality: The client-quality light.
        singles: Requests whose first token arrived since the snapshot before, at low rates.
        answer: The end of one answer; None when none is followed.
    """

    at_s: float
    slices: Slices = field(default_factory=dict)
    gauges: Gauges = Gauges()
    quality: Quality = Quality()
    singles: tuple[Single, ...] = ()
    answer: AnswerView | None = None

    def to_line(self) -> bytes:
        """One line of JSON with its line feed."""
        slices = {
            str(second): {key: tally.to_json() for key, tally in tallies.items()}
            for second, tallies in self.slices.items()
        }
        data: dict[str, Any] = {
            "at": round(self.at_s, 6),
            "slices": slices,
            "gauges": asdict(self.gauges),
            "quality": asdict(self.quality),
        }
        if self.singles:
            data["singles"] = self.singles
        if self.answer is not None:
            data["answer"] = asdict(self.answer)
        return json.dumps(data, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Snapshot:
        """Read what `to_line` wrote.

        Raises:
            ValueError: The line is not a snapshot.
        """
        try:
            data: dict[str, Any] = json.loads(line)
            slices: Slices = {
                int(second): {key: Tally.from_json(tally) for key, tally in tallies.items()}
                for second, tallies in data["slices"].items()
            }
            singles = tuple(Single(*each) for each in data.get("singles", ()))
            answer = AnswerView(**data["answer"]) if "answer" in data else None
            gauges, quality = Gauges(**data["gauges"]), Quality(**data["quality"])
            return cls(data["at"], slices, gauges, quality, singles, answer)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a snapshot: {error}") from error
