"""How long one card takes for the steps of a model: its matrices and its attention, by torch.

It stands alone, so that it can run on a rented machine that has torch and a checkout::

    PYTHONPATH=.:constructs python -m gtc_runtime.calibration.gpu --json steps.json

A step is timed as one layer and multiplied: the dense part (four products and what lies between)
by the tokens, the attention by tokens and context, and once the head. Decode runs in CUDA graphs,
as engines run it; grouped queries are rows of one product, so that the cache is read once. An FP8
cache is read as BF16 of half the width: the same bytes. What it leaves out is the host: scheduling,
sampling beyond the largest, detokenising. It must import nothing that a bare Python lacks.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from gtc_runtime.calibration.shapes import SHAPES, Shape

JSON = dict[str, Any]
Say = Callable[[str], object]

SCHEMA: Final = "gtc-gpu-steps/1"
NEED: Final = "this needs torch, which is not installed: pip install 'gtc-demo[gpu]'"
COPY_MIB: Final = (64, 1600)
RUNS: Final = 5
"""Timed runs of a part; their median counts."""


class Card:
    """The parts of one model's layer on one device.

    Args:
        shape: Of the model.
        device: ``cuda`` or ``cpu``.

    Raises:
        ModuleNotFoundError: There is no torch.
    """

    def __init__(self, shape: Shape, device: str) -> None:
        import torch

        self._torch, self._shape, self._device = torch, shape, device
        width = shape.heads * shape.head
        qkv = (shape.heads + 2 * shape.kv_heads) * shape.head
        self._qkv = self._weights(qkv, shape.hidden)
        self._out = self._weights(shape.hidden, width)
        self._up = self._weights(2 * shape.ffn, shape.hidden)
        self._down = self._weights(shape.hidden, shape.ffn)
        self._head = self._random(shape.vocabulary, shape.hidden)
        self._norm = self._random(shape.hidden)
        self._one = torch.ones((), device=device)

    def prefill_ms(self, new: int, cached: int) -> float:
        """One prefill of ``new`` tokens behind ``cached``."""
        graph = new < 512
        layer = self._dense_s(new, graph) + self._prompt_s(new, cached, graph)
        return 1000 * (self._shape.layers * layer + self._head_s(1))

    def decode_ms(self, batch: int, context: int) -> float:
        """One decode step of ``batch`` sequences of ``context`` tokens."""
        layer = self._dense_s(batch, graph=True) + self._cache_s(batch, context)
        return 1000 * (self._shape.layers * layer + self._head_s(batch))

    def _dense_s(self, tokens: int, graph: bool) -> float:
        functional, shape = self._torch.nn.functional, self._shape
        x, wide = self._random(tokens, shape.hidden), self._random(tokens, shape.heads * shape.head)

        def layer() -> None:
            self._linear(functional.rms_norm(x, (shape.hidden,), self._norm), self._qkv)
            y = functional.rms_norm(x + self._linear(wide, self._out), (shape.hidden,), self._norm)
            gate, up = self._linear(y, self._up).chunk(2, dim=-1)
            y + self._linear(functional.silu(gate) * up, self._down)

        return self._seconds(layer, graph)

    def _head_s(self, rows: int) -> float:
        x = self._random(rows, self._shape.hidden)
        return self._seconds(lambda: (x @ self._head.t()).argmax(-1), graph=True)

    def _prompt_s(self, new: int, cached: int, graph: bool) -> float:
        """Everybody to what is cached, and each new token to those before it."""
        shape = self._shape
        attend = self._torch.nn.functional.scaled_dot_product_attention
        q = self._random(1, shape.heads, new, shape.head)
        k, v = (self._random(1, shape.kv_heads, new + cached, shape.head) for _ in range(2))

        def attention() -> None:
            if cached:
                attend(q, k[:, :, :cached], v[:, :, :cached], enable_gqa=True)
            attend(q, k[:, :, cached:], v[:, :, cached:], is_causal=True, enable_gqa=True)

        return self._seconds(attention, graph)

    def _cache_s(self, batch: int, context: int) -> float:
        """The faster of two ways: one fused kernel, or two products around a softmax."""
        shape, torch = self._shape, self._torch
        width = shape.head // 2 if shape.fp8 else shape.head
        q = self._random(batch, shape.kv_heads, shape.heads // shape.kv_heads, width)
        k, v = (self._random(batch, shape.kv_heads, context, width) for _ in range(2))
        attend = torch.nn.functional.scaled_dot_product_attention
        return min(
            self._seconds(lambda: attend(q, k, v), graph=True),
            self._seconds(lambda: (q @ k.mT).softmax(-1) @ v, graph=True),
        )

    def _random(self, *sizes: int) -> Any:
        made = self._torch.randn(sizes, dtype=self._torch.bfloat16, device=self._device)
        return made.mul_(0.02)

    def _weights(self, rows: int, columns: int) -> Any:
        made = self._random(rows, columns)
        return made.to(self._torch.float8_e4m3fn) if self._shape.fp8 else made

    def _linear(self, x: Any, weights: Any) -> Any:
        if not self._shape.fp8:
            return self._torch.nn.functional.linear(x, weights)
        eight = x.to(self._torch.float8_e4m3fn)
        if pad := -len(eight) % 16:  # the kernel takes rows by sixteens
            eight = self._torch.nn.functional.pad(eight.view(self._torch.uint8), (0, 0, 0, pad))
            eight = eight.view(self._torch.float8_e4m3fn)
        made = self._torch._scaled_mm(
            *(eight, weights.t(), self._one, self._one),
            out_dtype=self._torch.bfloat16,
            use_fast_accum=True,
        )
        return made[: len(x)]

    def _seconds(self, run: Callable[[], object], graph: bool) -> float:
        """Median seconds of one run; ten in a graph are one launch."""
        if self._device == "cpu":
            return _clocked(run, lambda: None)
        cuda = self._torch.cuda
        if not graph:
            return _clocked(run, cuda.synchronize)
        stream = cuda.Stream()
        with cuda.stream(stream):
            run()
        cuda.synchronize()
        captured = cuda.CUDAGraph()
        with cuda.graph(captured):
            for _ in range(10):
                run()
        return _clocked(captured.replay, cuda.synchronize) / 10


def _clocked(run: Callable[[], object], wait: Callable[[], object]) -> float:
    took = []
    for _ in range(RUNS + 1):
        wait()
        began = time.perf_counter()
        run()
        wait()
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


def copies() -> Iterator[tuple[int, float]]:
    """MiB and GB/s from one card of this machine to the next; nothing where there is one."""
    import torch

    if torch.cuda.device_count() < 2:
        return
    for mib in COPY_MIB:
        source = torch.zeros(mib * 2**20, dtype=torch.uint8, device="cuda:0")
        target = torch.empty_like(source, device="cuda:1")

        def wait() -> None:
            for card in (0, 1):
                torch.cuda.synchronize(card)

        seconds = _clocked(lambda: target.copy_(source), wait)  # noqa: B023 - run before it moves
        yield mib, mib * 2**20 / seconds / 1e9


def measure(names: Sequence[str], device: str, say: Say, keep: Callable[[JSON], None]) -> JSON:
    """Time the steps of some models and say each beside its profile.

    Args:
        names: Of `SHAPES`.
        device: ``cuda`` or ``cpu``.
        say: Takes one line.
        keep: Takes what is known so far, after each model.

    Raises:
        ModuleNotFoundError: There is no torch.
    """
    found = {"schema": SCHEMA, **_machine(device), "models": {}, "copies": []}
    for name in names:
        shape, card = SHAPES[name], Card(SHAPES[name], device)
        table = _table(shape.profile)
        steps: JSON = {"profile": shape.profile, "prefill": [], "decode": []}
        for stage, points, time_ms in (
            ("prefill", shape.prefill, card.prefill_ms),
            ("decode", shape.decode, card.decode_ms),
        ):
            for at in points:
                ms = round(time_ms(*at), 3)
                steps[stage].append([*at, ms])
                say(line(f"{name} {stage} {at[0]} @ {at[1]}", ms, table.get((stage, *at))))
        found["models"][name] = steps
        keep(found)
        del card
    if device == "cuda":
        found["copies"] = [[mib, round(gb_s, 1)] for mib, gb_s in copies()]
        for mib, gb_s in found["copies"]:
            say(f"card to card, {mib} MiB: {gb_s} GB/s")
        keep(found)
    return found


def line(what: str, ms: float, told: float | None) -> str:
    """One step: what, milliseconds, what the profile says, and the difference."""
    beside = "" if told is None else f"   profile {told:9.2f} ms   {ms / told - 1:+7.1%}"
    return f"{what:<24} {ms:9.2f} ms{beside}"


def _table(profile: str) -> dict[tuple[str, int, int], float]:
    """The points of a packaged profile, read without the library that checks them."""
    if not profile:
        return {}
    file = resources.files("gtc_spec") / "profiles" / f"{profile}.json"
    told = json.loads(file.read_text())
    return {(stage, a, b): ms for stage in ("prefill", "decode") for a, b, ms in told[stage]}


def _machine(device: str) -> JSON:
    import torch

    card = "cpu" if device == "cpu" else torch.cuda.get_device_name()
    ask = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        driver = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        driver = ""
    return {
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "gpu": card,
        "driver": (driver.splitlines() or [""])[0],
        "torch": str(torch.__version__),
        "cpus": os.cpu_count(),
    }


def main(argv: Sequence[str]) -> int:
    """What a rented machine runs; 0, or 2 without torch or a card."""
    parser = argparse.ArgumentParser(prog="gpu", description="Time the steps of a model's shapes.")
    parser.add_argument("--model", action="append", choices=list(SHAPES), help="[8b and 70b]")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--json", type=Path, default=Path("gpu-steps.json"))
    given = parser.parse_args(argv)

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def keep(found: JSON) -> None:
        given.json.write_text(json.dumps(found, indent=1) + "\n")

    try:
        measure(given.model or ("8b", "70b"), given.device, say, keep)
    except ModuleNotFoundError:
        say(NEED)
        return 2
    except (AssertionError, RuntimeError) as error:
        say(f"no steps timed on {given.device}: {str(error).splitlines()[0]}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
