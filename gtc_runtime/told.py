"""What is told beside the figures: claims, sentences, who is in control, single requests.

Parts of the one view, plain and immutable like it. It must not know how they were found. What is
not known is None or an empty text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gtc_spec.phases import PhaseName

Scaler = Literal["HUMAN", "SCENARIO", "KEDA"]
ClaimState = Literal["measuring", "held", "failed"]
"""Its window is not over, or requests in it are open; or how it was judged for good."""


@dataclass(frozen=True)
class SentenceView:
    """The one sentence on what happens now, chosen by the figures of the same view."""

    text: str = ""
    state: Literal["", "expected", "holds", "not-yet", "settling"] = ""
    """What is to be seen soon; is seen; is not seen although it should be; or the phase clears."""


@dataclass(frozen=True)
class ClaimView:
    """One measured before and after: of the running cycle, judged as its report is, or by hand."""

    phase: str
    """Name of the phase that it is about; ``IDLE`` for what happened while no show ran."""
    state: ClaimState
    text: str
    """``TTFT p95 15.9 s → 2.60 s, 41 s after +2 prefill workers``; one line, figures included."""
    chip: str
    """The factor between before and after, for the phase strip: ``6.1x``; a dash without one."""
    claim: str
    """What was asked, in the words of the report."""
    value: float | None
    limit: float
    """What the report compares; equal to its verdict once the cycle is over. By hand: the latency
    after and its goal, milliseconds."""
    before_ms: float | None = None
    after_ms: float | None = None
    """So far, while it is measured."""
    after_s: float | None = None
    """Seconds from the workers' being ready to the end of the first window of 30 s in which the
    latency is within ``limit_ms`` again; None where none were added, or before there is one."""
    limit_ms: float | None = None
    """What ``after_ms`` has to reach: at least where a rise is claimed, else at most."""
    measure: Literal["", "ttft", "itl"] = ""
    quantile: str = ""
    """Which latency before and after are: ``ttft`` and ``p95``."""

    @property
    def by_hand(self) -> bool:
        """Whether it is about what happened while no show ran, and about no phase of one."""
        return self.phase == PhaseName.IDLE


@dataclass(frozen=True)
class NextView:
    """The phase that the presenter may go to now."""

    phase: str
    ready_in_s: float | None
    """Seconds until its workers are ready, as planned; 0 when they are; None when not known."""


@dataclass(frozen=True)
class ControlView:
    """Who drives, since when, and what the presenter may do about it."""

    scaler: Scaler | None = None
    """Who changes the number of workers; None when it is not known."""
    since: str = ""
    """Since when, ISO 8601 with zone; empty when not known."""
    by: str = ""
    """Whose command it was, written as the actor of an event; empty when nobody's of ours."""
    holding: bool = False
    """Whether the show stands still in its phase."""
    next: NextView | None = None
    undo: str = ""
    """What undoing would bring back, a few words; empty when there is nothing to undo."""
    resume_s: float | None = None
    """Seconds left in which the show can be resumed after Stop; None when it cannot."""
    interrupted: str = ""
    """What became of the show of a panel that died: that it went on, or why it did not; empty
    without one, and when somebody has acted since."""


@dataclass(frozen=True)
class DotView:
    """One request as a dot of the chart; there are some at low rates only."""

    at_ms: int
    """When it was due, milliseconds since 1970."""
    ttft_ms: float
    key: str
    """One of `gtc_runtime.load.records.STAT_KEYS`."""


@dataclass(frozen=True)
class AnswerView:
    """The end of one answer that is streaming now. It is never recorded."""

    key: str
    text: str
    tokens: int
    done: bool = False


@dataclass(frozen=True)
class PreviousView:
    """What this panel did before it was restarted, until somebody acts."""

    text: str
    """One line: what ran, what stopped, how long nobody looked."""
    startable: bool = False
    """Whether the load that ran can be started again by one command."""


@dataclass(frozen=True)
class SafeReport:
    """What came of each step to the safe state, one line each."""

    done: tuple[str, ...]
    failed: tuple[str, ...]
    """What could not be done, with the reason; the others were tried all the same."""
    already: tuple[str, ...] = ()
    """What was so before."""
    left: tuple[str, ...] = ()
    """What is not ours, and was left as it is: a pause by somebody else."""

    def __add__(self, other: SafeReport) -> SafeReport:
        """The steps of both."""
        return SafeReport(
            self.done + other.done,
            self.failed + other.failed,
            self.already + other.already,
            self.left + other.left,
        )

    @property
    def was_safe(self) -> bool:
        """Whether nothing had to be done."""
        return not (self.done or self.failed)

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, for people; what failed first."""
        told = (
            *(f"FAILED: {each}" for each in self.failed),
            *(f"done: {each}" for each in self.done),
            *(f"already so: {each}" for each in self.already),
            *(f"note: {each}" for each in self.left),
        )
        return ("everything was safe already", *told) if self.was_safe else told


@dataclass(frozen=True)
class BandView:
    """Where a curve should lie now: p10 to p90 over the seeds of the twin, milliseconds."""

    low_ms: float
    high_ms: float


@dataclass(frozen=True)
class ComparedView:
    """One figure of a phase, as it was measured and as the twin predicted it."""

    phase: str
    figure: str
    """``TTFT p50``, ``TTFT p95`` or ``ITL p50``, of all requests."""
    measured_ms: float
    predicted_ms: float
    off: float
    """How far they are apart, as a share of what was measured."""


@dataclass(frozen=True)
class TwinView:
    """What a simulation of the same table expects, and how near it was."""

    state: Literal["off", "pending", "ready"] = "off"
    """Nothing is predicted here; there is no prediction yet; or there is one."""
    ttft_p50: BandView | None = None
    ttft_p95: BandView | None = None
    itl_p50: BandView | None = None
    """Of all requests; None where load, phase or a presenter's hand is not the table's, too."""
    off: float | None = None
    """Fidelity of the last whole cycle: the median over its figures; None before one is over."""
    compared: tuple[ComparedView, ...] = ()
    """Figures of the newest cycle, phase by phase as each is over; phases that a presenter's hand
    has changed are left out."""
    cycle: int | None = None
    """Which cycle they are of, counted as that of the phase is."""
