"""The figures below the charts: open requests, cache reuse, work inside each pool, tokens."""

from __future__ import annotations

from typing import Literal

from nicegui import ui

from gtc_panel import stage_text
from gtc_panel.components.basics import Figure, box, words
from gtc_panel.freshness import Freshness, freshness
from gtc_runtime.formats import Written, latency, percent, whole
from gtc_runtime.view import DemoView, WorkersView
from gtc_spec.workloads import FACTS

Source = Literal["gpu", "requests", "none"]


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
    """What the KV cache spares: reused prompt tokens, and what later turns gain by it."""

    def __init__(self) -> None:
        with box("tile-box"):
            words(stage_text.KV_REUSE, "tile-name")
            with box("stage-middle"):
                self._figure = Figure()
                self._what = words("", "stage-note").mark("reuse")
            with box("stage-lines"):
                self._turns = [_turn(name) for name in stage_text.TURNS]

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        fresh = freshness(view.load_age_s)
        first, later = (_ttft_ms(view, key) for key in FACTS["chat"].keys)
        what, share = reuse(view.workers.kv_reuse, first, later)
        self._what.set_text(stage_text.REUSED[what])
        self._figure.show(percent(share, 0), fresh)
        for label, value in zip(self._turns, (first, later), strict=True):
            label.set_text(latency(None if fresh == "gone" else value).narrow)


class Activity:
    """How busy each pool is, by its GPUs where there are some, else by requests inside it."""

    def __init__(self) -> None:
        with box("tile-box stage-activity"):
            self._name = words("", "tile-name").mark("activity")
            with box("stage-pair"):
                self._lines = [_Line("", "prefill", below=True), _Line("", "decode", below=True)]

    def draw(self, view: DemoView) -> None:
        """Show the view."""
        source, values = activity(view.workers)
        self._name.set_text(stage_text.ACTIVITY[source])
        names = stage_text.ACTIVITY_OF[source]
        for line, name, value in zip(self._lines, names, values, strict=True):
            line.name.set_text(name)
            line.show(percent(value, 0) if source == "gpu" else Written(whole(value)), "fresh")


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


def _turn(name: str) -> ui.label:
    with box("stage-line"):
        words(name, "stage-note")
        return words("", "")


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


def activity(workers: WorkersView) -> tuple[Source, tuple[float | None, float | None]]:
    """What the figures of both pools rest on, and the figures."""
    gpu = (workers.prefill_tensor_active, workers.decode_memory_active)
    if any(value is not None for value in gpu):
        return "gpu", gpu
    requests = (workers.prefill_in_flight, workers.decode_in_flight)
    return ("none" if requests == (None, None) else "requests"), requests
