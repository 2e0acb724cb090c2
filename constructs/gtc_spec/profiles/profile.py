"""How long one GPU takes for a prefill and a decode step, and how much its KV cache holds.

Most packaged numbers are predictions of NVIDIA's aiconfigurator (a table of measured kernels); the
error bar to quote is 15 % (compared with one H200: prefill within 9 %, decode within 15 %). Those
of vLLM were measured, point by point as their section ``measured`` says. Each file names its
source. This module must not know queues or workers: it answers for one engine step on one GPU.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from gtc_spec.errors import UsageError
from gtc_spec.profiles.closed_forms import DecodeFit, Frozen, Positive, PrefillFit
from gtc_spec.profiles.interpolation import Table
from gtc_spec.profiles.measured import KvTransfer, Live, Measured, Provenance, Start

PROFILES = resources.files("gtc_spec") / "profiles"
"""The packaged profiles, one JSON file each."""

MEASURED_KEPT = 0.05
"""How far the table may be from a point that was measured, for the sake of a smooth table."""

Source = Literal["table", "fit"]
"""Whether a time was interpolated in the table or continued from its edge with the closed form."""

Tokens = Annotated[int, Field(ge=0)]


class Timing(NamedTuple):
    """One answer of a profile.

    Attributes:
        ms: Milliseconds on an otherwise idle GPU.
        source: Where the number comes from.
    """

    ms: float
    source: Source


class PrefillPoint(NamedTuple):
    """One row of the prefill table."""

    new_tokens: Annotated[int, Field(ge=1)]
    cached_tokens: Tokens
    ms: Positive


class DecodePoint(NamedTuple):
    """One row of the decode table; every sequence of the batch has the same context."""

    batch: Annotated[int, Field(ge=1)]
    context_tokens: Annotated[int, Field(ge=1)]
    ms: Positive


class KvPool(NamedTuple):
    """KV tokens that fit when the engine takes this fraction of the memory left by the weights."""

    fraction: Annotated[float, Field(gt=0, lt=1)]
    tokens: Annotated[int, Field(ge=1)]


class Profile(Frozen):
    """Timings and memory of one model on one GPU in one precision.

    Attributes:
        model: Model family and size, ``llama-3.1-70b``.
        gpu: The card, ``h200_sxm``.
        weights: Precision of the weights, ``fp8`` or ``bf16``.
        kv: Precision of the KV cache.
        kv_bytes_per_token: Bytes of KV cache that one token takes over all layers.
        kv_pools: KV tokens by memory fraction, ascending.
        prefill: The table of prefills, one request at a time.
        decode: The table of decode steps, a full grid.
        engine: Whose step times these are; with ``vllm`` the fraction of ``kv_pools`` is of the
            card's memory, with ``trtllm`` of what the weights leave.
        measured: Which points were timed on the card; None: all are predicted.
        kv_transfer: What a handover costs; None where nobody measured it.
        start: How long a worker starts; None where nobody measured it.
        live: What a run showed that the profile was refitted to; None: it was not.
    """

    model: str
    gpu: str
    weights: Literal["fp8", "bf16"]
    kv: Literal["fp8", "bf16"]
    provenance: Provenance
    kv_bytes_per_token: Annotated[int, Field(ge=1)]
    kv_pools: Annotated[tuple[KvPool, ...], Field(min_length=2)]
    prefill_fit: PrefillFit
    decode_fit: DecodeFit
    prefill: Annotated[tuple[PrefillPoint, ...], Field(min_length=4)]
    decode: Annotated[tuple[DecodePoint, ...], Field(min_length=4)]
    engine: Literal["trtllm", "vllm"] = "trtllm"
    measured: Measured | None = None
    kv_transfer: KvTransfer | None = None
    start: Start | None = None
    live: Live | None = None

    _prefill_table: Table = PrivateAttr()
    _decode_table: Table = PrivateAttr()

    @property
    def card(self) -> str:
        """The card as sizes of nodes call it, ``h200``."""
        return self.gpu.partition("_")[0]

    @classmethod
    def load(cls, name: str, directory: Traversable = PROFILES) -> Self:
        """Read one profile.

        Args:
            name: A packaged one, ``llama-3.1-70b.h200.fp8``, or the path of a file: whatever ends
                with ``.json``.
            directory: Where packaged ones are.

        Raises:
            UsageError: No such profile, or the file is broken; one line says what.
        """
        if name.endswith(".json"):
            return cls._read(name, Path(name))
        known = names(directory)
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else ""
            raise UsageError(
                f"unknown profile {name!r}, allowed: {', '.join(known)}, or a file ending with"
                " .json",
                hint,
            )
        return cls._read(f"{name}.json", directory / f"{name}.json")

    @classmethod
    def _read(cls, name: str, file: Traversable) -> Self:
        try:
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise UsageError(f"cannot read profile {name}: {error.strerror}") from None
        except ValidationError as error:
            raise UsageError(
                f"profile {name} is broken: {_first(error)}",
                "gtc calibrate writes one; the packaged ones are made by tools/",
            ) from error

    @model_validator(mode="after")
    def _tables_are_usable(self) -> Self:
        """Reject tables that could not be interpolated.

        Raises:
            ValueError: A point twice, or a decode table with holes.
        """
        _no_point_twice("prefill", self.prefill)
        _no_point_twice("decode", self.decode)
        batches = {point.batch for point in self.decode}
        contexts = {point.context_tokens for point in self.decode}
        if len(self.decode) != len(batches) * len(contexts):
            raise ValueError(f"decode has {len(self.decode)} points, allowed: a full grid")
        if list(self.kv_pools) != sorted(self.kv_pools):
            raise ValueError("kv_pools are out of order, allowed: ascending fractions")
        self._prefill_table = Table(self.prefill)
        self._decode_table = Table(self.decode)
        self._measured_points_are_kept()
        return self

    def _measured_points_are_kept(self) -> None:
        if self.measured is None:
            return
        read = [(*point[:3], self.prefill_ms(*point[:2])) for point in self.measured.prefill]
        read += [
            (batch, context, ms, self.decode_step_ms(batch, batch * context))
            for batch, context, ms, *_ in self.measured.decode
        ]
        for row, column, ms, told in read:
            if abs(told - ms) > MEASURED_KEPT * ms:
                raise ValueError(
                    f"measured point ({row}, {column}) is {ms} ms and the table says {told:.3f},"
                    f" allowed: {MEASURED_KEPT:.0%} apart"
                )

    def prefill_timing(self, new_tokens: float, cached_tokens: float = 0) -> Timing:
        """One prefill of ``new_tokens`` (> 0) behind ``cached_tokens`` (>= 0) in the cache."""
        return _read(self._prefill_table, self.prefill_fit, new_tokens, cached_tokens)

    def decode_timing(self, batch: float, kv_tokens_total: float) -> Timing:
        """One decode step of ``batch`` (>= 1) sequences that hold ``kv_tokens_total`` in all."""
        return _read(self._decode_table, self.decode_fit, batch, kv_tokens_total / batch)

    def prefill_ms(self, new_tokens: float, cached_tokens: float = 0) -> float:
        """Milliseconds of ``prefill_timing``."""
        return self.prefill_timing(new_tokens, cached_tokens).ms

    def decode_step_ms(self, batch: float, kv_tokens_total: float) -> float:
        """Milliseconds of ``decode_timing``."""
        return self.decode_timing(batch, kv_tokens_total).ms

    def kv_pool_tokens(self, fraction: float = 0.9) -> int:
        """Tokens that the KV cache holds.

        Args:
            fraction: Share of the memory left by the weights, as in the engine's
                ``free_gpu_memory_fraction``.

        Raises:
            UsageError: The fraction lies outside the table.
        """
        low, high = self.kv_pools[0].fraction, self.kv_pools[-1].fraction
        if not low <= fraction <= high:
            raise UsageError(f"no KV pool for memory fraction {fraction}, allowed: {low} to {high}")
        upper = next(i for i, pool in enumerate(self.kv_pools) if pool.fraction >= fraction)
        if self.kv_pools[upper].fraction == fraction:
            return self.kv_pools[upper].tokens
        (low, few), (high, many) = self.kv_pools[upper - 1], self.kv_pools[upper]
        return round(few + (many - few) * (fraction - low) / (high - low))


def names(directory: Traversable = PROFILES) -> tuple[str, ...]:
    """The profiles that exist, sorted."""
    files = (entry.name for entry in directory.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in files if name.endswith(".json")))


def _read(table: Table, fit: PrefillFit | DecodeFit, row: float, column: float) -> Timing:
    """The table where it reaches; beyond, its nearest edge plus what the closed form adds.

    Starting from the edge keeps the answer continuous: the bare closed form is up to 18 % off at
    single points, and a step there would look like an event.
    """
    inside = table.at(row, column)
    if inside is not None:
        return Timing(inside, "table")
    edge = table.edge(row, column)
    value = table.at(*edge)
    if value is None:
        raise AssertionError(f"the edge {edge} lies outside its own table")
    return Timing(value + fit.ms(row, column) - fit.ms(*edge), "fit")


def _no_point_twice(table: str, points: Sequence[tuple[int, int, float]]) -> None:
    seen: Mapping[tuple[int, int], None] = dict.fromkeys((row, column) for row, column, _ in points)
    if len(seen) != len(points):
        raise ValueError(f"{table} holds a point twice, allowed: each point once")


def _first(error: ValidationError) -> str:
    """The first problem of a file on one line."""
    problem = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
