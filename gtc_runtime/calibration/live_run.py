"""What a live run left behind: the requests of a log, the starts of a show's report.

A request log is what `gtc load run --request-log` and `gtc serve --request-log` keep, one request a
line; a folder of them is one run. A show's report is that of `--auto --once --report`. The report
of `gtc load run` has no requests and tells nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gtc_runtime.calibration.files import read_json
from gtc_runtime.load.figures import request_log
from gtc_spec.errors import UsageError

_FIELDS: Final = ("turn", "send_s", "first_s", "last_s", "prompt_tokens", "tokens", "outcome")
_HINT: Final = "gtc load run --request-log FILE, or the folder of gtc serve --request-log"


@dataclass(frozen=True)
class Answered:
    """One request that had a first token; seconds of one clock."""

    turn: int
    send_s: float
    first_s: float
    last_s: float
    prompt_tokens: int
    tokens: int
    first_tokens: int
    ok: bool
    conversation: str = ""


@dataclass(frozen=True)
class LiveRun:
    """All that some files tell.

    Attributes:
        answered: Requests by the time that they were sent.
        starts_s: From the order of a worker to Ready.
        files: What it was read from.
    """

    answered: tuple[Answered, ...]
    starts_s: tuple[float, ...]
    files: tuple[Path, ...]

    @classmethod
    def read(cls, paths: Sequence[Path]) -> LiveRun:
        """Read what one run left.

        Raises:
            UsageError: A file cannot be read, is another tool's, or has nothing to refit from.
        """
        answered: list[Answered] = []
        starts: list[float] = []
        for path in paths:
            if path.is_dir() or path.suffix in (".ndjson", ".jsonl"):
                answered += _requests(path)
            else:
                starts += _starts(path)
        answered.sort(key=lambda each: each.send_s)
        return cls(tuple(answered), tuple(starts), tuple(paths))


def _requests(path: Path) -> Iterator[Answered]:
    logs = sorted(path.glob("requests-*.ndjson")) if path.is_dir() else [path]
    logs = [log for log in logs if not log.name.endswith(".1.ndjson")] or logs
    try:
        rows = [row for log in logs for row in request_log.read(log)]
        missing = not path.exists()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    if missing:
        raise UsageError(f"cannot read {path}: no such file")
    if not rows or any(not isinstance(row, dict) or not row.keys() >= {*_FIELDS} for row in rows):
        found = "no request" if not rows else "lines that are no requests of ours"
        raise UsageError(f"{path} holds {found}", _HINT)
    for row in rows:
        if row["send_s"] is None or row["first_s"] is None or row["last_s"] is None:
            continue
        try:
            yield _answered(row)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{path} holds a request with {error}", _HINT) from None


def _answered(row: dict[str, Any]) -> Answered:
    return Answered(
        int(row["turn"]),
        float(row["send_s"]),
        float(row["first_s"]),
        float(row["last_s"]),
        int(row["prompt_tokens"]),
        int(row["tokens"]),
        int(row.get("first_tokens") or 1),
        row["outcome"] == "ok",
        str(row.get("conversation") or ""),
    )


def _starts(path: Path) -> list[float]:
    """Seconds from each order of more workers until the workers of that order were ready."""
    told = read_json(path)
    if isinstance(told, dict) and str(told.get("schema", "")).startswith("gtc-load-report/"):
        raise UsageError(f"{path} is a report of load without its requests", _HINT)
    if not isinstance(told, dict) or not isinstance(told.get("events"), list):
        raise UsageError(f"{path} is no report of a show: no events", _HINT)
    if told.get("time_scale") != 1:
        raise UsageError(
            f"{path} is of a show at time scale {told.get('time_scale')}, allowed: 1",
            "workers do not start faster because phases are shorter",
        )
    try:
        found = list(_between(told["events"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} has an event without a time or a text: {error}") from None
    if not found:
        raise UsageError(f"{path} tells of no worker that started", "a show that grows a pool")
    return found


def _between(events: Sequence[dict[str, Any]]) -> Iterator[float]:
    ordered: datetime | None = None
    for event in events:
        at, text = datetime.fromisoformat(event["at"]), event["text"]
        if event["kind"] == "scale" and text.startswith(("Ordered", "KEDA orders")):
            ordered = at
        elif event["kind"] == "ready" and "after the order" in text and ordered is not None:
            yield (at - ordered).total_seconds()
