"""What is kept of each run of a curve, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gtc_cli.load import words
from gtc_cli.load.goals import Goal
from gtc_runtime import formats

JSON = Mapping[str, Any]

FAILED_MAX: Final = 0.01
"""More failed requests than this share miss every goal: a server that refuses what is too much for
it answers the rest in time."""
SENT_MIN: Final = 0.97
"""A client that sent less than this share of what was due is the limit itself."""
_HEADS: Final = ("load", "sent/s", "done/s", "tok/s", "good", "TTFT p95", "ITL p95", "E2E p95")
_WIDTHS: Final = (7, 8, 8, 8, 9, 10, 9, 9)


@dataclass(frozen=True)
class Point:
    """One run.

    Attributes:
        load: Requests a second, or open requests.
        document: Its report.
        missed: Why it misses the goals; empty when it meets them.
        limited: Why nothing can be said about the server; empty when something can.
    """

    load: float
    document: JSON
    missed: str
    limited: str

    @classmethod
    def of(cls, load: float, document: JSON, goals: Sequence[Goal]) -> Point:
        """Judge a run."""
        missed = _missed(document, goals)
        return cls(load, document, missed, _limited(document, missed))

    def plain(self) -> dict[str, Any]:
        """For the report of a curve."""
        run, quality = self.document["run"], self.document["quality"]
        return {
            "load": self.load,
            "met": not self.missed and not self.limited,
            "missed": self.missed,
            "limited": self.limited,
            "started": run["started"],
            "length_s": run["length_s"],
            "light": quality["light"],
            "figures": self.document["figures"]["all"],
        }


def heading() -> str:
    """The line above all points."""
    return words.columns(_HEADS, _WIDTHS)


def line(point: Point, judged: bool) -> Iterator[str]:
    """A point in a line, with a second one when there is something to say."""
    figures = point.document["figures"]["all"]
    span, latency = figures["throughput"]["window"], figures["latency"]
    cells = (
        f"{point.load:.4g}",
        formats.per_s(figures["sent_rps"]),
        formats.per_s(span["requests_per_s"]),
        formats.per_s(span["output_tokens_per_s"]),
        formats.percent(figures["goodput_share"]),
        *(formats.latency(latency[name]["p95_ms"]) for name in ("ttft", "itl", "e2e")),
    )
    verdict = "" if not judged else "  missed" if point.missed or point.limited else "  met"
    yield words.columns(cells, _WIDTHS) + verdict
    if point.limited or (judged and point.missed):
        yield f"        {point.limited or point.missed}"


def _missed(document: JSON, goals: Sequence[Goal]) -> str:
    check = document["check"]
    if check["failed"] > FAILED_MAX * check["due"]:
        return f"{check['failed']} of {check['due']} requests failed"
    return ", ".join(why for goal in goals if (why := goal.missed(document)))


def _limited(document: JSON, missed: str) -> str:
    quality, figures = document["quality"], document["figures"]["all"]
    if quality["light"] == "red":
        return f"client-limited: {quality['reason']}"
    due, shed = figures["due"], figures["shed"]
    if not missed and shed > (1 - SENT_MIN) * due:
        return f"the client sent {due - shed} of {due} requests: more --shards"
    return ""
