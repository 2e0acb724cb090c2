"""From the service to the pages: one producer samples the view, every open page draws it.

It also keeps the last minutes as chart rows, so that a page that opens late starts with the past.
It must not know widgets.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from nicegui import Event

from gtc_panel.freshness import freshness
from gtc_panel.port import PanelPort
from gtc_panel.strip import StripMark, StripMarks
from gtc_runtime.view import DemoView, EventView, Quantiles

PERIOD_S: Final = 0.5
"""Two draws a second: nobody three metres away sees more."""
WINDOW_S: Final = 300.0
"""How much past the charts show."""

log = logging.getLogger(__name__)


class ChartRow(NamedTuple):
    """One instant of the charts; a figure that is not known is None and leaves a gap."""

    at_ms: int
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    itl_p50_ms: float | None
    itl_p95_ms: float | None
    phase: str
    output_tokens_s: float | None


class Marker(NamedTuple):
    """A vertical line of the charts."""

    at_ms: int
    kind: str


@dataclass(frozen=True)
class Tick:
    """What a page needs for one draw."""

    view: DemoView
    row: ChartRow | None
    markers: tuple[Marker, ...]
    strip_marks: tuple[StripMark, ...]


class Bridge:
    """Samples the port twice a second; `ticks` tells every page.

    Args:
        panel: The service to sample.
        period_s: Seconds between two samples.
    """

    def __init__(self, panel: PanelPort, period_s: float = PERIOD_S) -> None:
        self.ticks: Event[[Tick]] = Event()
        self._panel = panel
        self._period_s = period_s
        self._rows: deque[ChartRow] = deque()
        self._markers: tuple[Marker, ...] = ()
        self._strip_marks = StripMarks(panel.environment.table.phases)
        self._latest: Tick | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def latest(self) -> Tick:
        """The newest tick, for a page that opens between two of them."""
        return self._latest or self.sample()

    @property
    def rows(self) -> tuple[ChartRow, ...]:
        """Rows of the chart window, oldest first."""
        return tuple(self._rows)

    def start(self) -> None:
        """Begin to sample; needs a running event loop."""
        self._task = asyncio.create_task(self._run(), name="panel-bridge")

    async def stop(self) -> None:
        """Stop sampling and wait until it has stopped."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def sample(self) -> Tick:
        """Take one view and remember its row."""
        view = self._panel.view()
        row = chart_row(view)
        if row is not None:
            self._rows.append(row)
            oldest_ms = row.at_ms - WINDOW_S * 1000
            while self._rows[0].at_ms < oldest_ms:
                self._rows.popleft()
            self._markers = merged_markers(self._markers, view.events, oldest_ms)
        self._latest = Tick(view, row, self._markers, self._strip_marks.see(view))
        return self._latest

    async def _run(self) -> None:
        while True:
            try:
                self.ticks.emit(self.sample())
            except Exception:  # one view that cannot be made must not silence every page for good
                log.exception("cannot sample the view")
            await asyncio.sleep(self._period_s)


def chart_row(view: DemoView) -> ChartRow | None:
    """The view as a chart row; latencies too old to be shown become gaps."""
    at_ms = epoch_ms(view.at)
    if at_ms is None:
        return None
    every = view.workloads.get("all")
    gone = every is None or freshness(view.load_age_s) == "gone"
    ttft, itl = (Quantiles(), Quantiles()) if gone or every is None else (every.ttft, every.itl)
    phase = "" if view.phase.index is None else view.phase.name
    return ChartRow(
        at_ms,
        _seconds(ttft.p50_ms),
        _seconds(ttft.p95_ms),
        itl.p50_ms,
        itl.p95_ms,
        phase,
        None if gone else view.load.output_tokens_s,
    )


def merged_markers(
    known: Iterable[Marker], events: Iterable[EventView], oldest_ms: float
) -> tuple[Marker, ...]:
    """Markers known so far plus those of new events; the feed forgets sooner than the charts."""
    found = set(known)
    for event in events:
        at_ms = epoch_ms(event.at)
        if event.kind in ("scale", "ready") and at_ms is not None:
            found.add(Marker(at_ms, event.kind))
    return tuple(sorted(marker for marker in found if marker.at_ms >= oldest_ms))


def _seconds(value_ms: float | None) -> float | None:
    return None if value_ms is None else round(value_ms / 1000, 4)


def epoch_ms(iso: str) -> int | None:
    """Milliseconds since 1970, as charts count them; None for anything but ISO 8601."""
    try:
        return round(datetime.fromisoformat(iso).timestamp() * 1000)
    except ValueError:
        return None
