"""What is sent: the workloads of the demo, or prompts of one's own.

It must not know when, or whether, a request is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gtc_runtime.load.conversations.conversations import Talks
from gtc_runtime.load.prompts.chosen import Chosen, PromptFile, Synthetic
from gtc_runtime.load.prompts.files import FilePrompts
from gtc_runtime.load.prompts.library import Library
from gtc_runtime.load.prompts.makers import Maker, Makers
from gtc_runtime.load.prompts.prepared import Prepared
from gtc_runtime.load.prompts.prompt import Prompt, RequestWriter, TokenRatio
from gtc_runtime.load.prompts.trace import TracePrompts
from gtc_runtime.load.prompts.written import SyntheticPrompts
from gtc_runtime.load.records import Source
from gtc_runtime.load.settings import LoadSettings

TRACED_AHEAD = 64
"""Requests of a trace that are held ready: rows of published traces share their times by dozens."""
_SHARD_SEEDS = 1000
"""Distance between the seeds of two shards."""


def _unnumbered(maker: Maker) -> Callable[[int], Prompt]:
    return lambda _: maker.next()


class Content:
    """Where the requests of one shard come from.

    Args:
        settings: Which prompts, of which lengths.
        ratio: Tokens per word.
        writer: Writes requests.

    Attributes:
        talks: Makes the conversations.
        talking: The workload whose slots begin conversations.
        prepared: The next requests of every other workload.
        offsets_s: When the rows of a trace are due, from its beginning.
    """

    def __init__(self, settings: LoadSettings, ratio: TokenRatio, writer: RequestWriter) -> None:
        # Shards share the schedule but no text: a prefix that two of them send would be cached.
        seed = settings.seed + _SHARD_SEEDS * settings.shard
        self.offsets_s: Sequence[float] = ()
        self.prepared: dict[Source, Prepared] = {}
        self.talking: Source = "chat"
        library = Library.open(settings.corpus, seed)
        makers = Makers(settings.shapes, settings.limits, library, ratio, seed)
        self.talks: Talks = makers.chat
        if settings.own is None:
            for workload, maker in makers.single.items():
                self.prepared[workload] = Prepared(_unnumbered(maker), writer)
        else:
            self._take_own(settings.own, settings, ratio, writer, seed)

    def _take_own(
        self, own: Chosen, settings: LoadSettings, ratio: TokenRatio, writer: RequestWriter,
        seed: int,
    ) -> None:  # fmt: skip
        prompt_max, answer_max = settings.limits.prompt_tokens_max, settings.limits.max_tokens_max
        if isinstance(own, PromptFile):
            think_s = settings.shapes.chat.think_s
            self.talks, self.talking = FilePrompts(own, ratio, answer_max, think_s, seed), "own"
        elif isinstance(own, Synthetic):
            synthetic = SyntheticPrompts(own, prompt_max, answer_max, seed)
            self.prepared = {"own": Prepared(synthetic.prompt, writer)}
        else:
            trace = TracePrompts(own, prompt_max, answer_max)
            self.offsets_s = trace.offsets_s
            rows = Prepared(
                trace.prompt, writer, settings.shard, settings.shards, TRACED_AHEAD, numbered=True
            )
            rows.fill()
            self.prepared = {"own": rows}
