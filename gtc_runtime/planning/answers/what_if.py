"""The same cycle on other hardware: what a faster link, another GPU or a slower start would change.

It must not print. What changes is the silicon and the network, never the table: its leads stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from gtc_runtime.planning.answers.crew import Crew
from gtc_runtime.planning.answers.cycle import Show
from gtc_runtime.planning.check import Prediction, predicted
from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.keda import DEAD_BAND, KedaLag
from gtc_spec.errors import UsageError
from gtc_spec.pools import ROLES, MetricType
from gtc_spec.profiles.profile import Profile, names

JSON = dict[str, Any]
EVEN: Final = 0.05
"""Difference, as a share of the larger figure, that counts as none."""
FIGURES: Final = (
    ("TTFT of documents p95", ("ttft_ms", "summarization", "p95")),
    ("TTFT of documents p95, tail", ("ttft_ms_tail", "summarization", "p95")),
    ("TTFT of chat turn 2+ p50", ("ttft_ms", "chat_turn2plus", "p50")),
    ("TTFT of reasoning p95", ("ttft_ms", "reasoning", "p95")),
    ("ITL p50", ("itl_ms", "all", "p50")),
    ("ITL p95", ("itl_ms", "all", "p95")),
    ("ITL p50, tail", ("itl_ms_tail", "all", "p50")),
)
"""What is compared of each phase: its words, and where it stands in a report."""


@dataclass(frozen=True)
class Turned:
    """One thing that is other than it is.

    Attributes:
        what: In words, with its unit.
        before, after: Its values.
    """

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """One figure of a phase with and without.

    Attributes:
        phase: The phase.
        figure: In words.
        before_ms, after_ms: Medians; None where there was nothing to see.
    """

    phase: str
    figure: str
    before_ms: float | None
    after_ms: float | None


@dataclass(frozen=True)
class WhatIf:
    """The answer.

    Attributes:
        turned: What is other.
        before, after: The predictions without and with it.
        differences: The figures that change by more than `EVEN`.
    """

    turned: tuple[Turned, ...]
    before: Prediction
    after: Prediction
    differences: tuple[Difference, ...]

    def to_json(self) -> JSON:
        """Plain containers."""
        return {
            "turned": [asdict(each) for each in self.turned],
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "differences": [asdict(each) for each in self.differences],
        }


@dataclass(frozen=True)
class Knobs:
    """What may be other; None leaves it.

    Attributes:
        link_gb_s: Bandwidth of one worker's KV transfers.
        block_tokens: Tokens of a KV block.
        worker_start_s: From the order of a worker to Ready.
        gpu: The same model on this GPU, such as ``h200``.
        profile: Timings by their name, in place of a GPU.
        scrape_s: How often Prometheus looks at the frontend. This and what follows is KEDA's: with
            one of them both sides are sized by KEDA, as in manual mode.
        window_s: Of which latencies are percentiles.
        metric_type: How the HPA reads every trigger.
    """

    link_gb_s: float | None = None
    block_tokens: int | None = None
    worker_start_s: float | None = None
    gpu: str | None = None
    profile: str | None = None
    scrape_s: float | None = None
    window_s: float | None = None
    metric_type: MetricType | None = None


def turn(show: Show, knobs: Knobs) -> tuple[Show, tuple[Turned, ...]]:
    """The show with what is other.

    Raises:
        UsageError: No such profile, nothing is other, a GPU that no profile of the model has, a
            GPU and a profile, or a window of latencies that no trigger reads.
    """
    if knobs.gpu and knobs.profile:
        raise UsageError("--gpu and --profile both choose timings, allowed: one of them")
    old = new = show.hardware
    turned = []
    for name, words in (
        ("link_gb_s", "KV link, GB/s"),
        ("block_tokens", "tokens of a KV block"),
        ("worker_start_s", "start of a worker, s"),
    ):
        value = getattr(knobs, name)
        if value is not None:
            turned.append(Turned(words, f"{getattr(old, name):g}", f"{value:g}"))
            new = replace(new, **{name: value})
    profile = knobs.profile or (knobs.gpu and on_gpu(show.environment.model.profile, knobs.gpu))
    if profile:
        turned.append(Turned("timings", show.environment.model.profile, profile))
        other = type(old).of(show.environment, Profile.load(profile))
        turned += _more(old, other, knobs)
        kept = {name: getattr(new, name) for name in ("link_gb_s", "block_tokens", "worker_start_s")
                if getattr(knobs, name) is not None}  # fmt: skip
        new = replace(other, **kept)
    lag, told = _lag(knobs)
    turned += told
    if not turned:
        raise UsageError("nothing is other than it is", "such as --link 2 or --worker-start 60")
    for each in turned:
        if each.before == each.after:
            raise UsageError(f"nothing is other than it is: {each.what} {each.before}")
    _refuse_unread(show, knobs)
    return Show(show.environment, new, lag), tuple(turned)


def _more(old: Hardware, new: Hardware, knobs: Knobs) -> Iterator[Turned]:
    """What comes with other timings and was not chosen."""
    if old.profile.engine != new.profile.engine:
        yield Turned("engine of the timings", old.profile.engine, new.profile.engine)
    for name, words in (
        ("block_tokens", "tokens of a KV block there"),
        ("worker_start_s", "start of a worker there, s"),
    ):
        was, now = getattr(old, name), getattr(new, name)
        if was != now and getattr(knobs, name) is None:
            yield Turned(words, _written(was), _written(now))


def _refuse_unread(show: Show, knobs: Knobs) -> None:
    """Refuse a window that changes nothing.

    Raises:
        UsageError: No trigger is a latency.
    """
    read = [show.environment.pools.of(role).scale.trigger for role in ROLES]
    if knobs.window_s is not None and not DEAD_BAND.keys() & set(read):
        raise UsageError(
            f"no trigger of {show.environment.name} reads a latency ({', '.join(read)}), so a"
            " window changes nothing",
            f"--patch FILE with trigger = {next(iter(DEAD_BAND))!r} under [pools.prefill.scale]",
        )


def _lag(knobs: Knobs) -> tuple[KedaLag | None, list[Turned]]:
    """How late KEDA sees with what is other; None when nothing of it is."""
    lag, turned = KedaLag(), []
    for name, words in (
        ("scrape_s", "scrape, s"),
        ("window_s", "window of latencies, s"),
        ("metric_type", "how the HPA reads triggers"),
    ):
        value = getattr(knobs, name)
        if value is not None:
            was = getattr(lag, name)
            turned.append(Turned(words, _written(was), _written(value)))
            lag = replace(lag, **{name: value})
    return (lag if turned else None), turned


def _written(value: float | str | None) -> str:
    if value is None:
        return "as each rule says"
    return value if isinstance(value, str) else f"{value:g}"


def on_gpu(profile: str, gpu: str) -> str:
    """The packaged profile of the same model on another GPU, the most alike one.

    Raises:
        UsageError: There is none.
    """
    mine = Profile.load(profile)
    known = {name: Profile.load(name) for name in names()}
    same = {name: each for name, each in known.items() if each.model == mine.model}
    found = [name for name, each in same.items() if each.card == gpu.lower()]
    if not found:
        cards = ", ".join(sorted({each.card for each in same.values()}))
        raise UsageError(f"no timings of {mine.model} on {gpu!r}, allowed: {cards}")
    return min(found, key=lambda name: _unlike(known[name], mine))


def what_if(show: Show, knobs: Knobs, seeds: Sequence[int], players: Crew) -> WhatIf:
    """Play the show as it is and with what is other, with the same seeds.

    Raises:
        UsageError: See `turn`.
    """
    other, turned = turn(show, knobs)
    as_it_is = replace(show, keda=other.keda and KedaLag())
    before, after = predicted(as_it_is, seeds, players), predicted(other, seeds, players)
    return WhatIf(turned, before, after, tuple(_differences(before, after)))


def _differences(before: Prediction, after: Prediction) -> Iterator[Difference]:
    for old, new in zip(before.phases, after.phases, strict=True):
        for words, path in FIGURES:
            was, now = _at(old, path), _at(new, path)
            if not _even(was, now):
                yield Difference(old["name"], words, was, now)


def _even(was: float | None, now: float | None) -> bool:
    if was is None or now is None:
        return was is now
    return abs(was - now) <= EVEN * max(was, now)


def _at(phase: JSON, path: tuple[str, ...]) -> float | None:
    found: Any = phase
    for key in path:
        found = found[key]
    return None if found is None else float(found)


def _unlike(profile: Profile, mine: Profile) -> int:
    return sum(
        getattr(profile, each) != getattr(mine, each) for each in ("engine", "weights", "kv")
    )
