"""The live view of a run: a table that stays in place, or plain lines where no terminal is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import click

from gtc_cli.load import words
from gtc_cli.load.run import Run
from gtc_runtime import formats
from gtc_runtime.load.asking.endpoint import shown
from gtc_runtime.load.figures.stats import Tally

if TYPE_CHECKING:  # rich takes 80 ms, and the first request leaves before the first drawing
    from rich.console import RenderableType
    from rich.live import Live

LINE_S = 5.0
"""Plain lines come this often."""
_HEADS = ("due", "ok", "fail", "shed", "good", "TTFT p50", "p95", "ITL p50", "p95")
_WIDTHS = (6, 6, 5, 5, 8, 9, 8, 9, 8)
_NAME = 15
WINDOW_S = 10
"""Live figures cover this many seconds."""


class Screen(Protocol):
    """Shows a run while it goes on."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""

    def draw(self, run: Run) -> None:
        """Show the run as it is now."""


class Table:
    """A table in place. Its library is loaded with the first drawing, after the first request."""

    def __init__(self) -> None:
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Nothing yet: there is nothing to show before the first request."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last table on the terminal."""
        if self._live is not None:
            with suppress(OSError):  # nobody looks any more
                self._live.stop()

    def draw(self, run: Run) -> None:
        """Show the run as it is now."""
        if self._live is None:
            from rich.live import Live

            self._live = Live(auto_refresh=False)
            self._live.start()
        self._live.update(_table(run), refresh=True)


class Lines:
    """One line every few seconds.

    Args:
        err: Write to standard error, because standard output carries JSON.
    """

    def __init__(self, err: bool = False) -> None:
        self._err = err
        self._next_s = 0.0

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to leave."""

    def draw(self, run: Run) -> None:
        """Write a line when it is time for one."""
        if (now_s := time.monotonic()) >= self._next_s:
            self._next_s = now_s + LINE_S
            click.echo(line(run), err=self._err)


def line(run: Run) -> str:
    """The run in one line."""
    recent = _recent(run)["all"]
    since_s = 0.0 if run.began_s is None else run.clock() - run.began_s
    return (
        f"{since_s:5.0f} s  {_state(run)}  {_rates(run)}  {run.in_flight} in flight"
        f"  TTFT p95 {formats.latency_s(recent.ttft.quantile(0.95))}"
        f"  ITL p95 {formats.latency_s(recent.itl.quantile(0.95))}"
        f"  goodput {formats.percent(recent.good_share)}  {_light(run)}"
    )


def _state(run: Run) -> str:
    if run.load_ended_s is not None:
        return "draining"
    return "sending" if run.measures else "warming up"


def _recent(run: Run) -> dict[str, Tally]:
    now_s = int(run.clock())
    return dict(run.book.window(now_s - WINDOW_S, now_s + 1).by_key)


def _rates(run: Run) -> str:
    """What was asked for, and the requests a second since the beginning."""
    total = run.book.totals()["all"]
    achieved = (total.due - total.shed) / run.elapsed_s if run.elapsed_s > 1 else None
    sent = formats.rate(achieved)
    offered = run.plan.offered_rps
    return f"offered {offered:g} rps, sent {sent} rps" if offered else f"sent {sent} rps"


def _light(run: Run) -> str:
    if run.newest is None:
        return formats.NO_DATA
    quality = run.newest.quality
    return formats.light(quality.light, quality.reason, quality.stamp_source)


def _table(run: Run) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    def cut(text: str) -> Text:
        return Text(text, no_wrap=True, overflow="ellipsis")

    totals = run.book.totals()
    light = "white" if run.newest is None else run.newest.quality.light.replace("amber", "yellow")
    return Group(
        cut(f"{run.plan.settings.model} at {shown(run.plan.settings.url)}"),
        cut(words.demand(run.plan.demand)),
        Text(f"{_progress(run)}, {_rates(run)}"),
        Text(_open(run)),
        *(Text(row) for row in rows(totals, _recent(run))),
        Text(_light(run), style=light),
        cut(_failures(totals["all"], run)),
    )


def rows(totals: Mapping[str, Tally], recent: Mapping[str, Tally]) -> Iterator[str]:
    """The table, 80 columns wide: counts since the beginning, latencies of the last seconds."""
    yield " " * _NAME + words.columns(_HEADS, _WIDTHS)
    for key, name in words.KEYS.items():
        if key == "all" or (key in totals and totals[key].due):
            cells = _cells(totals[key], recent.get(key, Tally()))
            yield name.ljust(_NAME) + words.columns(cells, _WIDTHS)


def _cells(total: Tally, recent: Tally) -> list[str]:
    return [
        *(str(n) for n in (total.due, total.ok, total.failed_total, total.shed)),
        formats.percent(total.good_share),
        *(formats.latency_s(recent.ttft.quantile(q)) for q in (0.5, 0.95)),
        *(formats.latency_s(recent.itl.quantile(q)) for q in (0.5, 0.95)),
    ]


def _progress(run: Run) -> str:
    if run.load_ended_s is not None:
        return f"waiting for {run.in_flight} open answers, Ctrl-C cuts them"
    if not run.measures:
        return f"warming up, {run.elapsed_s:.0f} of {run.plan.lead_s:g} s"
    if (wanted := run.plan.demand.requests) is not None:
        return f"{run.book.totals()['all'].due} of {wanted} requests"
    return f"{run.measured_length_s:.0f} of {run.plan.duration_s:g} s"


def _open(run: Run) -> str:
    if run.newest is None:
        return ""
    gauges = run.newest.gauges
    return f"{gauges.in_flight} in flight: {gauges.waiting} waiting, {gauges.streaming} streaming"


def _failures(total: Tally, run: Run) -> str:
    """Failed requests by class and the newest reason; empty when all is well."""
    if not total.failed or run.newest is None:
        return ""
    classes = ", ".join(f"{count} {name}" for name, count in sorted(total.failed.items()))
    return f"failed: {classes}; newest: {run.newest.gauges.last_failure}"
