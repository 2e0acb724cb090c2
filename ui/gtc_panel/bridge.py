"""From the service to the pages: one producer samples the view, every open page draws it.

It also keeps the last minutes as chart rows, so that a page that opens late starts with the past.
It must not know widgets.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

from nicegui import Event

from gtc_panel.port import PanelPort, Played
from gtc_panel.strip import StripMark, StripMarks
from gtc_runtime.told import DotView, TwinView
from gtc_runtime.view import DemoView, EventView, Light, Quantiles, freshness

PERIOD_S: Final = 0.5
"""Two draws a second: nobody three metres away sees more."""
WINDOW_S: Final = 300.0
"""How much past the charts show."""
_BREAK_MS: Final = 5000
"""A view this much later than the one before leaves a gap in the charts, and one this much earlier
begins them anew; clocks are set by less."""

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
    ttft_p99_s: float | None = None
    itl_p99_ms: float | None = None
    light: Light = "unknown"
    """Whether the figures can be trusted."""
    twin_ttft_p50_low_s: float | None = None
    """What a simulation expects of this instant: low and high of a curve."""
    twin_ttft_p50_high_s: float | None = None
    twin_ttft_p95_low_s: float | None = None
    twin_ttft_p95_high_s: float | None = None
    twin_itl_p50_low_ms: float | None = None
    twin_itl_p50_high_ms: float | None = None


class Marker(NamedTuple):
    """A vertical line of the charts."""

    at_ms: int
    kind: str
    text: str = ""
    """What happened."""


@dataclass(frozen=True)
class Tick:
    """What a page needs for one draw.

    Attributes:
        view: Everything at this instant.
        rows: New chart rows, oldest first: one, or several of a recording that is played fast; none
            of a view without a time.
        markers: Vertical lines of the charts.
        strip_marks: Marks on the strip of phases.
        dots: Single requests that are new since the tick before.
        story: Counts up when what is shown does not go on where it was: another source, or a
            recording that begins again. A page that was built for another one is of no use.
    """

    view: DemoView
    rows: tuple[ChartRow, ...]
    markers: tuple[Marker, ...]
    strip_marks: tuple[StripMark, ...]
    dots: tuple[DotView, ...] = ()
    story: int = 0


class Bridge:
    """Samples the port twice a second; `ticks` tells every page.

    A second port, a recording, may be shown in its place for a while; the first one is sampled
    all the same, so that its charts are whole when it comes back.

    Args:
        panel: The service to sample.
        period_s: Seconds between two samples.
    """

    def __init__(self, panel: PanelPort, period_s: float = PERIOD_S) -> None:
        self.ticks: Event[[Tick]] = Event()
        self._period_s = period_s
        self._stories = count()
        self._own = self._shown = _Story(panel, self._stories)
        self._latest: Tick | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def latest(self) -> Tick:
        """The newest tick, for a page that opens between two of them."""
        return self._latest or self.sample()

    @property
    def rows(self) -> tuple[ChartRow, ...]:
        """Rows of the chart window, oldest first."""
        return tuple(self._shown.rows)

    @property
    def dots(self) -> tuple[DotView, ...]:
        """Single requests of the chart window, as they became known."""
        return tuple(self._shown.dots)

    def remember(self, past: Iterable[DemoView]) -> None:
        """Begin the charts with earlier views, oldest first."""
        self._own.remember(past)

    def show(self, other: PanelPort | None, past: Iterable[DemoView] = ()) -> None:
        """Let the pages show another port, with what happened there before, or their own again."""
        self._shown = self._own
        if other is not None:
            self._shown = _Story(other, self._stories)
            self._shown.remember(past)
        self.ticks.emit(self.sample())

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
        tick = self._own.sample()
        self._latest = tick if self._shown is self._own else self._shown.sample()
        return self._latest

    async def _run(self) -> None:
        while True:
            try:
                self.ticks.emit(self.sample())
            except Exception:  # one view that cannot be made must not silence every page for good
                log.exception("cannot sample the view")
            await asyncio.sleep(self._period_s)


class _Story:
    """The last minutes of one port."""

    def __init__(self, panel: PanelPort, numbers: Iterator[int]) -> None:
        self._panel, self._numbers = panel, numbers
        self._begin()

    def remember(self, past: Iterable[DemoView]) -> None:
        """Take earlier views."""
        for view in past:
            self._see(view)

    def sample(self) -> Tick:
        """Take what is new."""
        ticks = [self._see(view) for view in self._news()]
        rows = tuple(row for tick in ticks for row in tick.rows)
        dots = tuple(dot for tick in ticks for dot in tick.dots)
        return replace(ticks[-1], rows=rows, dots=dots)

    def _news(self) -> Sequence[DemoView]:
        return self._panel.news() if isinstance(self._panel, Played) else (self._panel.view(),)

    def _begin(self) -> None:
        self.rows: deque[ChartRow] = deque()
        self.dots: dict[DotView, None] = {}
        self._markers: tuple[Marker, ...] = ()
        self._strip_marks = StripMarks(self._panel.environment.table.phases)
        self._number = next(self._numbers)

    def _see(self, view: DemoView) -> Tick:
        row = chart_row(view)
        dots: tuple[DotView, ...] = ()
        if row is not None:
            since_ms = row.at_ms - self.rows[-1].at_ms if self.rows else 0
            if since_ms < -_BREAK_MS:
                self._begin()
            elif since_ms > _BREAK_MS:
                self.rows.append(_gap(self.rows[-1]))
            self.rows.append(row)
            oldest_ms = row.at_ms - WINDOW_S * 1000
            while self.rows[0].at_ms < oldest_ms:
                self.rows.popleft()
            self._markers = merged_markers(self._markers, view.events, oldest_ms)
            dots = self._new_dots(view.load.dots, oldest_ms)
        rows = () if row is None else (row,)
        return Tick(view, rows, self._markers, self._strip_marks.see(view), dots, self._number)

    def _new_dots(self, shown: tuple[DotView, ...], oldest_ms: float) -> tuple[DotView, ...]:
        """Those that were not known yet: a view shows each of them for seconds."""
        new = dict.fromkeys(dot for dot in shown if dot not in self.dots and dot.at_ms >= oldest_ms)
        if new:
            kept = (dot for dot in self.dots if dot.at_ms >= oldest_ms)
            self.dots = dict.fromkeys(kept) | new
        return tuple(new)


def chart_row(view: DemoView) -> ChartRow | None:
    """The view as a chart row; latencies that are not of now become gaps."""
    at_ms = epoch_ms(view.at)
    if at_ms is None:
        return None
    every = view.workloads.get("all")
    gone = every is None or freshness(view.load_age_s) != "fresh"
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
        _seconds(ttft.p99_ms),
        itl.p99_ms,
        view.load.light,
        *(_expected(TwinView() if gone else view.twin)),
    )


def _expected(twin: TwinView) -> Iterator[float | None]:
    for band in (twin.ttft_p50, twin.ttft_p95):
        yield from (None, None) if band is None else (band.low_ms / 1000, band.high_ms / 1000)
    band = twin.itl_p50
    yield from (None, None) if band is None else (band.low_ms, band.high_ms)


def _gap(last: ChartRow) -> ChartRow:
    """What keeps a line from being drawn over a time of which nothing is known."""
    return ChartRow(last.at_ms + 1, None, None, None, None, "", None)


def merged_markers(
    known: Iterable[Marker], events: Iterable[EventView], oldest_ms: float
) -> tuple[Marker, ...]:
    """Markers known so far plus those of new events; the feed forgets sooner than the charts."""
    found = set(known)
    for event in events:
        at_ms = epoch_ms(event.at)
        if event.kind in ("scale", "ready") and at_ms is not None:
            found.add(Marker(at_ms, event.kind, event.text))
    return tuple(sorted(marker for marker in found if marker.at_ms >= oldest_ms))


def _seconds(value_ms: float | None) -> float | None:
    return None if value_ms is None else round(value_ms / 1000, 4)


def epoch_ms(iso: str) -> int | None:
    """Milliseconds since 1970, as charts count them; None for anything but ISO 8601."""
    try:
        return round(datetime.fromisoformat(iso).timestamp() * 1000)
    except ValueError:
        return None
