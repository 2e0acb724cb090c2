"""The free KV blocks of one worker, and in how many pieces two workers hold the same prompt.

vLLM 0.26 keeps its free blocks in a queue: whoever needs some takes them at the head, and who is
done gives them back at the tail, its last one first, so that the beginning of a prompt is found
longest. So a pool that was gone through once hands out blocks in falling order, the next time in
rising order again, and mixes them a little more each time. It must not know requests.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class Run(NamedTuple):
    """Blocks one after the other.

    Attributes:
        first: Number of the first one.
        blocks: How many.
        step: From one to the next: 1 rising, -1 falling, 0 anywhere.
    """

    first: int
    blocks: int
    step: int

    def split(self, blocks: int) -> tuple[Run, Run]:
        """The first blocks, and the rest."""
        rest = self.first + self.step * blocks
        return Run(self.first, blocks, self.step), Run(rest, self.blocks - blocks, self.step)

    @property
    def back(self) -> Run:
        """The same ones from the other end."""
        return Run(self.first + self.step * (self.blocks - 1), self.blocks, -self.step)


class FreeBlocks:
    """The queue of one worker.

    Args:
        blocks: Blocks of its pool.
        fresh: Whether they lie in a row still; else they lie anywhere for ever.
    """

    __slots__ = ("_runs",)

    def __init__(self, blocks: int, *, fresh: bool) -> None:
        self._runs = deque([Run(0, blocks, int(fresh))])  # blocks of one pool

    def take(self, blocks: int) -> list[Run]:
        """Blocks from the head; a pool that lacks some takes what others hold, anywhere."""
        taken: list[Run] = []
        while blocks > 0 and self._runs:
            run = self._runs.popleft()
            if run.blocks > blocks:
                run, rest = run.split(blocks)
                self._runs.appendleft(rest)
            taken.append(run)
            blocks -= run.blocks
        if blocks > 0:
            taken.append(Run(0, blocks, 0))
        return taken

    def give_back(self, runs: list[Run]) -> None:
        """Blocks of one owner, in the order in which it took them."""
        queue = self._runs
        for run in reversed(runs):
            if queue and not run.step and not queue[-1].step:
                queue.append(Run(0, queue.pop().blocks + run.blocks, 0))
            else:
                queue.append(run.back)


def anywhere(runs: list[Run]) -> list[Run]:
    """The same blocks as streams get them, one by one among each other's."""
    return [Run(0, run.blocks, 0) for run in runs]


def pieces(blocks: int, sender: list[Run], receiver: list[Run]) -> int:
    """Pieces of memory that name so many blocks at both ends: a row counts where both rise.

    Args:
        blocks: Blocks to copy, the last ones that the ends took.
        sender: What one end took for them; the blocks before were there already.
        receiver: What the other one took.
    """
    found, left = 0, blocks
    ours, theirs = sender[::-1], receiver[::-1]  # the next one last
    while left > 0 and ours and theirs:
        size = min(ours[-1].blocks, theirs[-1].blocks, left)
        found += 1 if ours[-1].step == theirs[-1].step == 1 else size
        left -= size
        for runs in (ours, theirs):
            run = runs.pop()
            if run.blocks > size:
                runs.append(run.split(size)[1])
    return found + max(0, left)
