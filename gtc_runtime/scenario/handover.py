"""Takes scaling from KEDA and gives it back, in the only safe order.

Take: pause both scalers and wait until their HPAs are gone; only then may replicas be written.
Give back: order the initial ratio, then resume and wait for the HPAs; a resume that failed is tried
again for ever. Hold: a pause with an end of its own, which the guardian honours. Only the holder
of the Lease may call this. It must not know phases or load.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from gtc_runtime.cluster.api.errors import Conflict, Fenced, KubeError, Unreachable
from gtc_runtime.cluster.keda import PausedByOther, PauseStands
from gtc_runtime.cluster.keda_status import KedaStatus
from gtc_runtime.cluster.writer import Writer
from gtc_runtime.events import EventLog
from gtc_spec.errors import GtcError
from gtc_spec.pools import PDRatio, Role

RESUMED: Final = "KEDA resumed; it drives scaling"
ORDER_S: Final = 8.0
"""Longest time for the initial ratio before KEDA is resumed without it."""
PASSING: Final = Unreachable, Conflict, Fenced
"""Refusals that may be gone at the next try."""
RETRY_S = 5.0
"""Between two tries to resume KEDA."""


class Handover:
    """KEDA's hold on the pools, from the conductor's side.

    Args:
        writer: Where to act.
        initial: The ratio that KEDA gets back.
        events: Log of what happened.
        clock: Monotonic seconds.
        now: The time.
    """

    def __init__(
        self,
        writer: Writer,
        initial: PDRatio,
        events: EventLog,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._writer, self._initial, self._events = writer, initial, events
        self._clock, self._now = clock, now
        self._resume_at_s = math.inf
        self._new: set[Role] = set()
        self._keep_at_s, self._again = -math.inf, False
        self._taken_over = ""
        self.owes = False
        """Whether a pause of ours may stand that has no end of its own."""
        self.problem = ""
        """Why KEDA has not got its pools back although it should have; empty when it has."""

    async def take(self, *, force: bool = False) -> None:
        """Pause KEDA; replicas are ours when this returns.

        Args:
            force: Take a pause of somebody else over; it ends with ours.

        Raises:
            GtcError: KEDA was not paused; what may stand of our pause is ended by `retry`.
        """
        before = await self._writer.keda.status()
        await self._pause(force=force)
        if before.paused_by_other:
            self._taken_over = before.paused_by_other
            self._events.add("keda", f"a pause of somebody else is taken over: {self._taken_over}")
        self._events.add("keda", "KEDA paused; the scenario drives scaling")
        if before.held:
            self._events.add(
                "keda", f"somebody holds KEDA in one direction, and still will: {before.held}"
            )

    async def take_again(self) -> str:
        """Take for a show that goes on; why not, where another try would end alike.

        Raises:
            GtcError: KEDA was not paused this time; try again.
        """
        try:
            await self.take()
        except KubeError as error:
            if isinstance(error, PASSING) or isinstance(error.__cause__, PASSING):
                raise
            return error.message
        return ""

    async def keep(self, keda: KedaStatus | None, now_s: float) -> None:
        """Pause again, while replicas are ours, what was made anew: it knows nothing of our pause.

        A pause that somebody has ended is not set again.

        Args:
            keda: Both scalers as they are now; None when that is not known.
            now_s: When it is.

        Raises:
            GtcError: KEDA was not paused; it is tried again in `RETRY_S`.
        """
        if keda is None or now_s < self._keep_at_s:
            return
        scalers = keda.scalers.items()
        self._new |= {role for role, scaler in scalers if not scaler.present}
        back = {role for role, scaler in scalers if scaler.present} & self._new
        if self._again or any(not keda.scalers[role].pause for role in back):
            # a try that fails takes its part back, and what was seen meanwhile is not so any more
            self._keep_at_s, self._again = now_s + RETRY_S, True
            await self._pause()
            self._events.add("keda", "KEDA paused again: a scaler was made anew")
        else:  # one that somebody else holds is ours once they let go
            self._new -= {role for role in back if keda.scalers[role].owner}

    async def give_back(self) -> None:
        """Order the initial ratio and resume KEDA.

        Raises:
            GtcError: KEDA is not back yet; `retry` goes on.
        """
        try:
            async with asyncio.timeout(ORDER_S):
                await self._writer.scaling.set_ratio(self._initial)
        except TimeoutError:
            self._events.add("warning", f"{self._initial} was not set within {ORDER_S:g} s")
        except GtcError as error:
            # KEDA gets its pools all the same: a wrong ratio it corrects, a pause nobody does
            self._events.add("warning", error.message)
        await self.resume()

    async def hold(self, ratio: PDRatio, until: datetime) -> None:
        """Order a ratio and keep KEDA from changing it until a time, even when we are gone.

        Raises:
            GtcError: KEDA was not paused, and `retry` ends what may stand of our pause; or the
                ratio was not set, and the pause stands until its end.
        """
        await self._pause(until=until)
        self.owes = False
        self._resume_when(until)
        self._events.add("keda", f"KEDA paused until {until:%H:%M} UTC; {ratio} stays")
        await self._writer.scaling.set_ratio(ratio)

    async def restore(self) -> None:
        """Bring the initial ratio back although KEDA drives: it is paused for that moment.

        Without the pause the HPA would put its own number back at its next sync.

        Raises:
            GtcError: The ratio was not set, or KEDA is not back yet; `retry` goes on.
        """
        try:
            await self._pause()
        except PausedByOther:
            # no HPA either way, so the ratio stays as we set it; their pause is not ours to end
            await self._writer.scaling.set_ratio(self._initial)
            return
        await self.give_back()

    async def retry(self, now_s: float) -> None:
        """Resume again when an earlier try failed and its pause is over.

        Raises:
            GtcError: It failed; what fails again is told in ``problem`` alone.
        """
        if now_s >= self._resume_at_s:
            told = self.problem
            try:
                await self.resume()
            except GtcError:
                if not told:
                    raise

    async def undo(self, keda: KedaStatus) -> None:
        """End a pause that a panel before has left, unless it has an end of its own.

        Args:
            keda: Both scalers as they were found.

        Raises:
            GtcError: KEDA is not back yet; `retry` goes on.
        """
        if keda.until is not None and keda.held_at(self._now()):
            self._resume_when(keda.until)
            self._events.add("keda", f"KEDA stays paused until {keda.until:%H:%M} UTC")
        elif keda.paused_by_us:
            await self.give_back()

    async def _pause(self, *, force: bool = False, until: datetime | None = None) -> None:
        self.owes = True
        holder = self._writer.lease.holder
        try:
            paused = await self._writer.keda.pause(holder, force=force, until=until)
        except PausedByOther:
            self.owes = False
            raise
        except GtcError as error:
            # it was rolled back as far as that went; what is left of it ends by `retry`
            self._resume_at_s = self._clock() + RETRY_S
            if isinstance(error, PauseStands):
                self.problem = _not_yet(error)
            raise
        self._resume_at_s, self.problem, self._again = math.inf, "", False
        # what is not there now may be there before anybody looks again
        self._new = {role for role, scaler in paused.scalers.items() if not scaler.owner}

    def _resume_when(self, until: datetime) -> None:
        left_s = (until - self._now()).total_seconds()
        self._resume_at_s = self._clock() + max(0.0, left_s)

    async def resume(self) -> None:
        """Resume KEDA.

        Raises:
            GtcError: KEDA is not back yet; `retry` goes on.
        """
        # the next try is set before this one: whatever it raises, `retry` goes on
        self._resume_at_s = self._clock() + RETRY_S
        try:
            await self._writer.keda.resume()
        except KubeError as error:
            self.problem = _not_yet(error)
            raise type(error)(self.problem, error.hint, error.status) from error
        self._resume_at_s, self.owes, self.problem = math.inf, False, ""
        self._events.add("keda", RESUMED)
        if self._taken_over:
            self._events.add(
                "keda", f"with it ended the pause of somebody else: {self._taken_over}"
            )
            self._taken_over = ""


def _not_yet(error: GtcError) -> str:
    return f"keda is not resumed yet: {error.message}; tried again every {RETRY_S:g} s"
