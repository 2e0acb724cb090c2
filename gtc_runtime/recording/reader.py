"""Reads a recording: any second of it as the view that was shown then.

A file that was cut off by a crash is read up to there; a line that cannot be read is left out. It
must not know clocks: who plays a recording says which second is wanted.
"""

from __future__ import annotations

import bisect
import json
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from gtc_runtime.recording import format as form
from gtc_runtime.recording.cycles import Cycle, find_cycles
from gtc_runtime.recording.format import Header
from gtc_runtime.view import EVENTS_SHOWN, DemoView, EventView
from gtc_spec import foreign_json
from gtc_spec.environment import Environment, load
from gtc_spec.errors import ConfigError, UsageError

log = logging.getLogger(__name__)

_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 31
_CHUNK: Final = 2**16
_HEAD: Final = 2**18
"""Bytes of a file that hold its first line, with room to spare."""


class Recording:
    """One file in memory, packed as text; views are made when they are asked for.

    Args:
        header: Its first line.
        lines: The lines with views: time and content as it is in the file.
        events: Time and event.
        ended: Whether it was brought to an end; without one its panel died.
    """

    def __init__(
        self,
        header: Header,
        lines: list[tuple[float, bool, bytes]],
        events: list[tuple[float, EventView]],
        ended: bool,
    ) -> None:
        self.header, self.events, self.ended = header, events, ended
        self._lines = lines
        self._times = [at_s for at_s, _, _ in lines]
        self._event_times = [at_s for at_s, _ in events]
        self._place, self._state = -1, {}  # type: tuple[int, form.JSON]

    @property
    def length_s(self) -> float:
        """Time of the last view."""
        return self._times[-1]

    @cached_property
    def environment(self) -> Environment:
        """The environment that was recorded.

        One whose facts this version cannot read is replaced by this version's of that name.

        Raises:
            UsageError: There is no such environment any more.
        """
        try:
            return Environment.model_validate(self.header.facts)
        except (ValidationError, ConfigError):
            log.warning(
                "recorded by gtc %s, whose facts of %s this version cannot read: its own are taken",
                self.header.gtc,
                self.header.environment,
            )
            return load(self.header.environment)

    def view(self, at_s: float) -> DemoView:
        """The view that was shown at a second of the recording; the first one before the start.

        Raises:
            UsageError: It cannot be read by this version.
        """
        place = max(0, bisect.bisect_right(self._times, at_s) - 1)
        events = self._events_until(self._times[place])
        with self._readable():
            return form.view(self._state_at(place), events, self.header.started)

    def views(self, from_s: float = 0.0) -> Iterator[tuple[float, DemoView]]:
        """Time and view of every line from a second on.

        Raises:
            UsageError: One cannot be read by this version.
        """
        for at_s in self._times[bisect.bisect_left(self._times, from_s) :]:
            yield at_s, self.view(at_s)

    @cached_property
    def cycles(self) -> tuple[Cycle, ...]:
        """Every cycle of the show, in order.

        Raises:
            UsageError: It has a line that cannot be read by this version.
        """
        phases = ((at_s, self._state_at(n)["phase"]) for n, at_s in enumerate(self._times))
        segments = len(self.environment.timeline.segments)
        with self._readable():
            return tuple(find_cycles(phases, segments, self.length_s))

    def start_of(self, phase: str) -> float:
        """When a phase begins for the first time, seconds.

        Raises:
            UsageError: It is not in the recording, or a line before it cannot be read.
        """
        seen: list[str] = []
        for place, at_s in enumerate(self._times):
            with self._readable():
                shown = self._state_at(place)["phase"]
            if shown["index"] is not None and shown["name"] == phase:
                return at_s
            seen += [shown["name"]] if shown["name"] not in seen else []
        raise UsageError(f"there is no phase {phase} in it, allowed: {', '.join(seen)}")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Whatever a line of another version or a damaged one leads to is one line for people."""
        try:
            yield
        except (ValueError, TypeError, LookupError):
            raise UsageError(
                f"the recording of {self.header.started} has views that this version cannot read",
                f"replay it with gtc {self.header.gtc}",
            ) from None

    def _events_until(self, at_s: float) -> list[EventView]:
        last = bisect.bisect_right(self._event_times, at_s)
        return [event for _, event in self.events[max(0, last - EVENTS_SHOWN) : last]]

    def _state_at(self, place: int) -> form.JSON:
        first = place
        while not self._lines[first][1] and first != self._place:
            first -= 1
        if first != self._place:
            self._state = json.loads(self._lines[first][2])["view"]
        for later in range(first + 1, place + 1):
            self._state = form.changed(self._state, json.loads(self._lines[later][2])["change"])
        self._place = place
        return self._state


def read_header(path: Path) -> Header:
    """The first line of a recording, without the rest.

    Raises:
        UsageError: It cannot be read, is none, or is of another version of the format.
    """
    return _header(path, _parsed(_text(path, _HEAD).split(b"\n")[0]))


def read(path: Path) -> Recording:
    """Open a recording.

    Raises:
        UsageError: It cannot be read, is none, or is of another version of the format.
    """
    first, *rest = _text(path).split(b"\n")
    header = _header(path, _parsed(first))
    try:
        lines, events, ended = _sorted(rest)
        if not lines:
            raise UsageError(f"there is no view in {path}", "it was cut off in its first second")
        recording = Recording(header, lines, events, ended)
        recording.view(0.0)
    except ValueError:
        raise UsageError(
            f"{path} has events that this version cannot read", f"replay it with gtc {header.gtc}"
        ) from None
    return recording


def _sorted(
    rest: list[bytes],
) -> tuple[list[tuple[float, bool, bytes]], list[tuple[float, EventView]], bool]:
    """Lines with views, events, and whether there is an end.

    Raises:
        ValueError: An event is none of this version.
    """
    lines: list[tuple[float, bool, bytes]] = []
    events: list[tuple[float, EventView]] = []
    ended = False
    for raw in rest:
        found = _parsed(raw)
        match found:
            case {"t": float() | int() as at_s, "event": dict() as event}:
                events.append((at_s, form.event(event)))
            case {"t": float() | int() as at_s, "view": dict()}:
                lines.append((at_s, True, raw))
            case {"t": float() | int() as at_s, "change": dict()} if lines:
                lines.append((at_s, False, raw))
            case {"end": str()}:
                ended = True
    return lines, events, ended


def _header(path: Path, found: Any) -> Header:
    if not isinstance(found, dict) or "recording" not in found:
        raise UsageError(f"{path} is no recording", "gtc serve writes them into recordings/")
    if found["recording"] != form.VERSION:
        raise UsageError(
            f"{path} has format {found['recording']!r}, allowed: {form.VERSION}",
            f"it was recorded by gtc {found.get('gtc')}",
        )
    try:
        return Header(**found)
    except TypeError as error:
        raise UsageError(f"{path} has a broken header: {error}") from None


def _parsed(raw: bytes) -> Any:
    try:
        return foreign_json.read(raw)
    except ValueError:
        return None


def _text(path: Path, size: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return _unpacked(file.read(size))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _unpacked(content: bytes) -> bytes:
    """The text of a file, as far as it goes."""
    if not content.startswith(_MAGIC):
        return content
    unpacker, found = zlib.decompressobj(wbits=_GZIP), []
    try:
        for at in range(0, len(content), _CHUNK):
            found.append(unpacker.decompress(content[at : at + _CHUNK]))
    except zlib.error:
        log.warning("the recording is damaged after %d bytes", sum(map(len, found)))
    return b"".join(found)
