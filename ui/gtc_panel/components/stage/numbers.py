"""The figures below the charts: open requests, cache reuse or tails, busy GPUs or goodput."""

from __future__ import annotations

from typing import Literal

from nicegui import ui

from gtc_panel import stage_text
from gtc_panel.components.basics import Figure, box, words
from gtc_runtime.formats import Written, latency, per_s, percent, whole
from gtc_runtime.view import DemoView, Freshness, WorkloadView, freshness
from gtc_spec.workloads import FACTS

Source = Literal["gpu", "good"]


class Flight:
    """Requests that wait for their first token against those that stream."""

    def __init__(self) -> None:
        with box("tile-box stage-flight"):
            words(stage_text.REQUESTS, "tile-name")
            with box("stage-pair"):
                self._waiting = _Line(stage_text.WAITING, "prefill")
                self._streaming = _Line(stage_text.STREAMING, "decode")

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.load_age_s)
        self._waiting.show(Written(whole(view.load.waiting)), fresh)
        self._streaming.show(Written(whole(view.load.streaming)), fresh)


class CacheReuse:
    """What the KV cache spares; while no conversation says so, how slow the slowest are."""

    def __init__(self) -> None:
        with box("tile-box"):
            self._name = words("", "tile-name").mark("cache")
            with box("stage-middle") as self._middle:
                self._figure = Figure()
                self._what = words("", "stage-note").mark("reuse")
            with box("stage-lines"):
                self._lines = [_named_value() for _ in stage_text.TAILS_OF]

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.load_age_s)
        first, later = (_ttft_ms(view, key) for key in FACTS["chat"].keys)
        what, share = reuse(view.workers.kv_reuse, first, later)
        if first is None and later is None:
            share = None  # no conversations: nothing to reuse
        self._name.set_text(stage_text.TAILS if share is None else stage_text.KV_REUSE)
        self._middle.set_visibility(share is not None)
        self._what.set_text(stage_text.REUSED[what])
        self._figure.show(percent(share, 0), fresh)
        names, values = stage_text.TAILS_OF, tails_ms(view)
        if share is not None:
            names, values = (*stage_text.TURNS, ""), (first, later, None)
        for (name, value), told, shown in zip(self._lines, names, values, strict=True):
            name.set_text(told)
            value.set_text(latency(None if fresh == "gone" else shown).narrow if told else "")


class Activity:
    """How busy the GPUs of each pool are; where there are none, how many requests met the goals."""

    def __init__(self) -> None:
        with box("tile-box stage-activity"):
            self._name = words("", "tile-name").mark("activity")
            with box("stage-pair"):
                self._lines = [_Line("", "prefill", below=True), _Line("", "decode", below=True)]

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        source, values = activity(view)
        fresh = freshness(view.workers_age_s if source == "gpu" else view.load_age_s)
        self._name.set_text(stage_text.ACTIVITY[source])
        names = stage_text.ACTIVITY_OF[source]
        for line, name, value in zip(self._lines, names, values, strict=True):
            line.name.set_text(name)
            line.show(value, fresh)


class _Line:
    def __init__(self, name: str, role: str, *, below: bool = False) -> None:
        with box(f"stage-pair-line role-{role}"):
            if below:
                self.name = words(name, "stage-note-role")
            self._figure = Figure()
            if not below:
                self.name = words(name, "stage-note-role")

    def show(self, written: Written, fresh: Freshness) -> None:
        self._figure.show(written, fresh)


def _named_value() -> tuple[ui.label, ui.label]:
    with box("stage-line"):
        return words("", "stage-note"), words("", "")


def _ttft_ms(view: DemoView, key: str) -> float | None:
    workload = view.workloads.get(key)
    return None if workload is None else workload.ttft.p50_ms


def reuse(
    reused: float | None, first_ms: float | None, later_ms: float | None
) -> tuple[Literal["tokens", "turns"], float | None]:
    """What is shared, and the share: cached prompt tokens, else the wait that later turns save."""
    if reused is not None or first_ms is None or later_ms is None or first_ms <= 0:
        return "tokens", reused
    return "turns", 1 - later_ms / first_ms


def tails_ms(view: DemoView) -> tuple[float | None, ...]:
    """TTFT and ITL of the slowest 1 %, and TPOT of the slowest 5 %, milliseconds."""
    every = view.workloads.get("all", WorkloadView())
    return every.ttft.p99_ms, every.itl.p99_ms, every.tpot.p95_ms


def activity(view: DemoView) -> tuple[Source, tuple[Written, Written]]:
    """What the figures rest on, and the figures."""
    gpu = (view.workers.prefill_tensor_active, view.workers.decode_memory_active)
    if any(value is not None for value in gpu):
        return "gpu", (percent(gpu[0], 0), percent(gpu[1], 0))
    every = view.workloads.get("all", WorkloadView())
    return "good", (Written(per_s(every.good_rps)), percent(every.goodput, 0))
