"""Writes what happens into files of one folder, a line a second, beside the show and never in it.

An event is written at once: what was told must survive a panel that dies in the next second.

The views come from the event loop; all work on them is done in a thread. Whatever goes wrong there
ends the recording with one sentence and harms nobody; the file gets its end all the same, because
one without is taken for a panel that died. It must not know where views come from.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from gtc_runtime.recording import format as form
from gtc_runtime.recording.cycles import is_beginning
from gtc_runtime.recording.folder import make_room
from gtc_runtime.recording.lock import lock
from gtc_runtime.view import DemoView, EventView
from gtc_spec import versions
from gtc_spec.environment import Environment

log = logging.getLogger(__name__)

PERIOD_S: Final = 1.0
WHOLE_EVERY: Final = 60
"""Every so many lines one holds the whole view."""
FILE_BYTES: Final = 8 * 2**20
"""A file that is larger ends before the next cycle, or at once where there is no show; one twice
as large ends wherever it is."""
_GZIP: Final = 31
_BEHIND: Final = 30
"""Seconds that the disk may be behind before lines are lost."""
_CLOSE_S: Final = 3.0


class Recorder:
    """Records one run.

    Args:
        folder: Where the files go; made when it is not there.
        environment: What a replay has to know.
        trouble: Called once, from another thread, with one sentence when nothing can be written.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        folder: Path,
        environment: Environment,
        trouble: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._environment, self._trouble = folder, environment, trouble
        self._clock = clock
        self._due_s = clock()
        self._told: EventView | None = None
        self._views: queue.Queue[tuple[float, DemoView] | None] = queue.Queue(_BEHIND)
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def see(self, view: DemoView) -> None:
        """Take a view; most are too early, tell nothing new and are let go. Costs nothing."""
        now_s = self._clock()
        told = view.events[-1] if view.events else None
        due = now_s >= self._due_s
        if not (due or told != self._told) or not self._thread.is_alive():
            return
        self._told = told
        if due:  # the line of an event comes on top: a burst of them must not put off the next
            self._due_s = max(self._due_s + PERIOD_S, now_s + PERIOD_S / 2)
        try:
            self._views.put_nowait((now_s, view))
        except queue.Full:
            log.warning("the disk is slow: a second is missing in the recording")

    def close(self, last: DemoView | None = None) -> None:
        """End the file in order, with a last view; waits a little for what is to be written."""
        if not self._thread.is_alive():
            return
        try:
            if last is not None:
                self._views.put((self._clock(), last), timeout=_CLOSE_S)
            self._views.put(None, timeout=_CLOSE_S)
        except queue.Full:
            return
        self._thread.join(_CLOSE_S)

    def _write(self) -> None:
        try:
            taken = self._views.get()
            while taken is not None:
                taken = self._one_file(*taken)
        except OSError as error:
            self._trouble(f"not recorded any more: {self._folder}: {error.strerror or error}")
        except Exception as error:  # the show goes on, whatever is wrong here
            log.exception("the recorder has failed")
            self._trouble(f"not recorded any more: {type(error).__name__}: {error}")

    def _one_file(self, start_s: float, first: DemoView) -> tuple[float, DemoView] | None:
        """Write one file; what the next one begins with, None at the end."""
        make_room(self._folder)
        begun = datetime.now(UTC)
        path = self._folder / f"{begun:%Y-%m-%dT%H-%M-%S.%f}-{first.environment}{form.SUFFIX}"
        with path.open("xb", buffering=0) as file:
            lock(file)
            recording = _File(file, self._header(first, begun))
            try:
                recording.add(0.0, first)
                while (taken := self._views.get()) is not None and not recording.full(taken[1]):
                    recording.add(taken[0] - start_s, taken[1])
                recording.end(self._clock() - start_s)
            except Exception:
                recording.break_off()
                raise
        return taken

    def _header(self, view: DemoView, begun: datetime) -> form.Header:
        environment = self._environment
        return form.Header(
            environment.name,
            environment.digest,
            form.facts(environment),
            view.cluster,
            begun.isoformat(timespec="seconds"),
            versions.GTC,
        )


class _File:
    """One file that grows: every line is on its way to the disk before the next one is made."""

    def __init__(self, file: BinaryIO, header: form.Header) -> None:
        self._file = file
        self._packer = zlib.compressobj(wbits=_GZIP)
        self._bytes = self._lines = 0
        self._safe: deque[tuple[int, float, Any]] = deque(maxlen=2)
        self._known: form.JSON = {}
        self._told: tuple[EventView, ...] = ()
        self._put(asdict(header))

    def full(self, view: DemoView) -> bool:
        """Whether this view should begin another file."""
        phase = view.phase
        between = phase.index is None or is_beginning(phase.index, phase.elapsed_s)
        return self._bytes > FILE_BYTES * (1 if between else 2)

    def add(self, t: float, view: DemoView) -> None:
        t = round(t, 3)
        for event in view.events:
            if event not in self._told:
                self._put({"t": t, "event": form.plain_event(event)})
        self._told = view.events
        known, self._known = self._known, form.plain(view)
        whole = self._lines % WHOLE_EVERY == 0
        self._lines += 1
        self._put({"t": t, **self._content(known, whole)})
        if whole:
            self._safe.append((self._bytes, t, self._packer.copy()))

    def _content(self, known: form.JSON, whole: bool) -> form.JSON:
        if whole:
            return {"view": self._known}
        return {"change": form.change(known, self._known)}

    def end(self, t: float) -> None:
        self._put({"t": round(t, 3), "end": "in order"}, last=True)

    def break_off(self) -> None:
        """End the file one or two minutes ago, where it was whole: that makes room on a full disk.

        One without a view stays as it is: nobody takes it for a recording.
        """
        if not self._safe:
            return
        self._bytes, t, self._packer = self._safe[0]
        try:
            self._file.truncate(self._bytes)
            self._file.seek(self._bytes)
            self.end(t)
        except OSError as error:
            log.warning("a recording was left without an end: %s", error)

    def _put(self, content: form.JSON, *, last: bool = False) -> None:
        packed = self._packer.compress(form.line(content))
        packed += self._packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        self._bytes += len(packed)
        while packed:  # a disk that is nearly full takes a part
            packed = packed[self._file.write(packed) :]
