"""What of a profile was measured on the card itself, and the costs that only a real engine has.

A packaged table is a prediction throughout. A measured profile says point by point what somebody
timed; the rest of its tables is derived, and `Provenance.derived` says from what. This module must
not know how a step is read from the tables.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from gtc_spec.profiles.closed_forms import Frozen, Positive


class SourceFile(Frozen):
    """One file that a profile was made from, with its fingerprint."""

    file: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Bench(Frozen):
    """The machine and the software that were measured.

    Attributes:
        engine_version: Of the engine, ``0.26.0``.
        server: What served it, ``dynamo 1.4.2, nixl 1.3.2``.
        gpu: As the driver calls it.
        driver: Its version.
        taken: The day.
        model_weights: ``random`` weights of the true shapes cost what real ones do.
    """

    engine_version: str
    server: str
    gpu: str
    driver: str
    taken: date
    model_weights: Literal["random", "checkpoint"]


class Provenance(Frozen):
    """Where the numbers of a profile come from.

    Attributes:
        tool: What gave them.
        perf_db: The kernel table of a prediction; empty for a measurement.
        imported_by: What wrote the file.
        sources: What it was made from.
        bench: What was measured; None for a prediction.
        base: The profile that gives derived points their shape; empty when there are none.
        derived: How the points that nobody measured were made, one sentence.
        refits: What a later live run changed, oldest first.
    """

    tool: str
    perf_db: str = ""
    imported_by: str
    sources: tuple[SourceFile, ...]
    bench: Bench | None = None
    base: str = ""
    derived: str = ""
    refits: tuple[str, ...] = ()


class MeasuredPrefill(NamedTuple):
    """One prefill that was timed: a point of the table."""

    new_tokens: Annotated[int, Field(ge=1)]
    cached_tokens: Annotated[int, Field(ge=0)]
    ms: Positive
    runs: Annotated[int, Field(ge=1)]
    file: str


class MeasuredDecode(NamedTuple):
    """One decode step that was timed, at the client; it need not lie on the grid of the table."""

    batch: Annotated[int, Field(ge=1)]
    context_tokens: Annotated[int, Field(ge=1)]
    ms: Positive
    runs: Annotated[int, Field(ge=1)]
    file: str


class Measured(Frozen):
    """The measured points; everything else in the tables is derived.

    Attributes:
        prefill: Medians of their runs.
        decode: Median gaps between two tokens while all streams of the batch ran.
        kv_fractions: Memory fractions at which the engine named its KV pool.
    """

    prefill: tuple[MeasuredPrefill, ...]
    decode: tuple[MeasuredDecode, ...]
    kv_fractions: tuple[float, ...]


class KvTransfer(Frozen):
    """What handing the KV cache of a prompt to another worker costs with this engine.

    A fresh pool has the blocks of a prompt in a row and needs one descriptor a layer. A used one
    has them anywhere: one descriptor a layer and block.

    Attributes:
        connector: What moves the cache, over which link.
        layers: Layers of the model.
        block_tokens: Tokens of a KV block.
        base_ms: What every transfer takes.
        descriptor_us: What posting one descriptor takes.
        posting_stalls: Whether the engine that posts makes no step meanwhile.
        fresh_gb_s: Rate of the bytes once posted, blocks in a row.
        used_gb_s: The same, blocks anywhere.
        derived: Names of those of these figures that nobody measured.
    """

    connector: str
    layers: Annotated[int, Field(ge=1)]
    block_tokens: Annotated[int, Field(ge=1)]
    base_ms: Annotated[float, Field(ge=0)]
    descriptor_us: Positive
    posting_stalls: bool
    fresh_gb_s: Positive
    used_gb_s: Positive
    derived: tuple[str, ...] = ()

    def descriptors(self, tokens: int, used: bool) -> int:
        """Descriptors for the cache of ``tokens``."""
        return self.layers * (math.ceil(tokens / self.block_tokens) if used else 1)

    def post_ms(self, tokens: int, used: bool) -> float:
        """Milliseconds that posting takes; with ``posting_stalls`` no step ends meanwhile."""
        return self.descriptors(tokens, used) * self.descriptor_us / 1000

    def ms(self, tokens: int, kv_bytes_per_token: int, used: bool) -> float:
        """Milliseconds of a transfer on an idle link, posting and bytes."""
        rate = self.used_gb_s if used else self.fresh_gb_s
        return self.base_ms + self.post_ms(tokens, used) + tokens * kv_bytes_per_token / rate / 1e6


class Start(Frozen):
    """How long a worker takes from its process to ready, and from SIGTERM to its end.

    Attributes:
        warm_s: Compiled before, weights at hand without a read.
        cold_compile_s: What is added when nothing was compiled before.
        end_idle_s: An idle worker's end.
        reads_weights: Whether ``warm_s`` includes the read of a real checkpoint.
        derived: Names of those of these figures that nobody measured.
    """

    warm_s: Positive
    cold_compile_s: Annotated[float, Field(ge=0)]
    end_idle_s: Annotated[float, Field(ge=0)]
    reads_weights: bool
    derived: tuple[str, ...] = ()


class Live(Frozen):
    """What a live run showed beside its steps; None where it did not tell.

    Attributes:
        request_ms: What a request takes before its prefill, but for what goes by its tokens.
        link_gb_s: Rate of the KV transfers between two workers, whatever the engine does for them.
        worker_start_s: From the order of a worker to Ready.
    """

    request_ms: Annotated[float, Field(ge=0)] | None = None
    link_gb_s: Positive | None = None
    worker_start_s: Positive | None = None
