"""Has the twin played once, in a process of its own, and knows what came of it.

It must not know what the prediction is compared with.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path
from typing import Final

from gtc_runtime.events import EventLog
from gtc_runtime.recording.format import facts
from gtc_runtime.twin.predicted import Predicted
from gtc_runtime.twin.store import Store, code_digest, digest
from gtc_spec.environment import Environment
from gtc_spec.errors import GtcError

log = logging.getLogger(__name__)

SEEDS: Final = 12
PLAY_S: Final = 600.0
"""Longest time that it may take: seconds of a free core, minutes of a busy one."""
QUIET_S: Final = 10.0
"""A panel starts first, and then the twin, unless a show begins before."""
END_S: Final = 5.0


class Player:
    """One prediction for one panel.

    Args:
        environment: What is played, scaled in time as the show is.
        state_dir: Where predictions are kept; None keeps none.
        events: Told when there will be none.
        simulated: Whether Dynamo's simulator stands in for GPUs, as in a rehearsal.

    Attributes:
        predicted: The prediction; None before there is one.
        ended: Whether there will be none.
    """

    def __init__(
        self,
        environment: Environment,
        state_dir: Path | None,
        events: EventLog,
        *,
        simulated: bool = False,
    ) -> None:
        self._environment, self._events, self.simulated = environment, events, simulated
        self._store = None if state_dir is None else Store(state_dir)
        self._wanted = asyncio.Event()
        self.predicted: Predicted | None = None
        self.ended = True

    def want(self) -> None:
        """A show runs: do not wait any longer."""
        self._wanted.set()

    async def run(self) -> None:
        """Find it or have it played, and rest then; an ordinary failure is told once."""
        self.ended = False
        try:
            key = await asyncio.to_thread(self._key)
            self.predicted = await self._kept(key) or await self._played(key)
        except (GtcError, OSError, ValueError) as error:
            self.ended = True
            self._events.add("warning", f"the twin predicts nothing: {error}")
        await asyncio.Event().wait()

    def _key(self) -> str:
        return digest(self._environment, code_digest(), SEEDS, simulated=self.simulated)

    async def _kept(self, key: str) -> Predicted | None:
        return None if self._store is None else await asyncio.to_thread(self._store.get, key)

    async def _played(self, key: str) -> Predicted:
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                await self._wanted.wait()
        made = await asyncio.to_thread(Predicted.from_json, await self._output())
        if self._store is not None:
            try:
                await asyncio.to_thread(self._store.put, key, made)
            except OSError as error:
                log.warning("the next panel has the twin played again: %s", error)
        return made

    async def _output(self) -> bytes:
        """What the process says.

        Raises:
            GtcError: It failed, or took too long.
        """
        told = (str(SEEDS), str(int(self.simulated)))
        command = (sys.executable, "-m", "gtc_runtime.twin.child", *told)
        asked = json.dumps(facts(self._environment)).encode() + b"\n"
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        try:
            async with asyncio.timeout(PLAY_S):
                said, _ = await process.communicate(asked)
        except TimeoutError:
            raise GtcError(f"it was not played within {PLAY_S:g} s") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                async with asyncio.timeout(END_S):
                    await process.wait()
        if process.returncode:
            raise GtcError(f"its process ended with {process.returncode}", "see the log")
        return said
