"""Conversations under way: when the next turn is due, and how turns use up the chat share.

The offered rate counts requests. A follow-up turn is due at the end of the previous answer plus
think time, whatever the schedule says; it then uses up the next chat slot of the schedule. Only
slots that no follow-up has used up begin a new conversation, so starts and follow-ups together
keep to the chat share. In a closed loop a follow-up whose time has come waits for the next chat
slot instead, so that never more requests are open than were asked for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from gtc_runtime.load.conversations.followups import CannedFollowUps, FollowUps
from gtc_runtime.load.prompts.chat import Conversation
from gtc_runtime.load.prompts.prompt import Prompt, TokenRatio

AHEAD_MAX = 20
"""Follow-ups beyond the share that are remembered; more would keep new conversations out for long
after a burst."""

log = logging.getLogger(__name__)


class Talks(Protocol):
    """Makes conversations."""

    def begin(self, number: int) -> Conversation:
        """The conversation of the slot with this number."""

    def prompt(self, conversation: Conversation) -> Prompt:
        """Its present turn."""

    def think_s(self) -> float:
        """How long a person thinks before the next question, seconds."""


class Conversations:
    """All conversations of a load process.

    Args:
        talks: Makes conversations.
        followups: Asks the next question.
        ratio: Tokens per word.
        prompt_tokens_max: A conversation ends before its prompt grows beyond this.
        send: Called with a conversation and the due time of its present turn.
        clock: Monotonic seconds.

    Attributes:
        closed: A turn waits for a slot of its own instead of using up a later one.
    """

    def __init__(
        self,
        talks: Talks,
        followups: FollowUps,
        ratio: TokenRatio,
        prompt_tokens_max: int,
        send: Callable[[Conversation, float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._talks = talks
        self.closed = False
        self._ready: deque[Conversation] = deque()
        self.followups = followups
        self._canned = CannedFollowUps()
        self._ratio = ratio
        self._prompt_tokens_max = prompt_tokens_max
        self._send = send
        self._clock = clock
        self._asked: set[Conversation] = set()
        self._thinking: dict[Conversation, asyncio.Task[None]] = {}
        self._ahead = 0
        self._welcome = False

    @property
    def open(self) -> int:
        """Conversations that are not over."""
        return len(self._asked) + len(self._thinking) + len(self._ready)

    def slot(self, due_s: float, number: int = 0) -> None:
        """A slot of the schedule came: begin a conversation unless a follow-up used it up."""
        if self._ready:
            self._turn(self._ready.popleft(), due_s)
            return
        if self._ahead > 0:
            self._ahead -= 1
            return
        self._turn(self._talks.begin(number), due_s)

    def welcome(self, more: bool) -> None:
        """Whether chat has a share now; without one, no further turn becomes due."""
        self._welcome = more
        if not more:
            self._stop_thinking()

    def answered(self, conversation: Conversation) -> None:
        """The present turn ended well and is part of the conversation."""
        self._asked.discard(conversation)
        full = conversation.prompt_tokens >= self._prompt_tokens_max - 100
        if conversation.last_turn or full or not self._welcome:
            return
        think_s = self._talks.think_s()
        task = asyncio.create_task(
            self._follow_up(conversation, self._clock() + think_s), name="load-follow-up"
        )
        self._thinking[conversation] = task

    def failed(self, conversation: Conversation) -> None:
        """The present turn did not end well, or without words: a person would leave."""
        self._asked.discard(conversation)

    def forget(self) -> None:
        """End all conversations."""
        self._stop_thinking()
        self._asked.clear()

    async def close(self) -> None:
        """End all conversations and what asks their questions."""
        tasks = list(self._thinking.values())
        self.forget()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):
            await self.followups.close()

    def _stop_thinking(self) -> None:
        for task in self._thinking.values():
            task.cancel()
        self._thinking.clear()
        self._ready.clear()
        self._ahead = 0

    def _turn(self, conversation: Conversation, due_s: float) -> None:
        self._asked.add(conversation)
        self._send(conversation, due_s)

    async def _follow_up(self, conversation: Conversation, due_s: float) -> None:
        question = await self._question(conversation, due_s)
        await asyncio.sleep(due_s - self._clock())
        self._thinking.pop(conversation, None)
        conversation.ask(question, self._ratio.tokens(len(question.split())))
        if self.closed:
            self._ready.append(conversation)
            return
        self._ahead = min(AHEAD_MAX, self._ahead + 1)
        self._turn(conversation, due_s)

    async def _question(self, conversation: Conversation, due_s: float) -> str:
        """The next question; a bundled one when the other does not come in time."""
        if conversation.questions:
            return conversation.questions.pop(0)
        context = conversation.messages[0]["content"]
        try:
            async with asyncio.timeout(due_s - self._clock()):
                return await self.followups.ask(context, conversation.answer)
        except (OSError, TimeoutError, ValueError) as error:
            log.debug("a bundled question stands in: %s", error)
            return await self._canned.ask(context, conversation.answer)
