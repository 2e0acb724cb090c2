"""The one view of the demo: everything that a page, a socket or a command line may show.

Immutable and plain, made four times a second by the service and only drawn by its readers.
It must not know how any of its numbers were obtained. A figure that is not known is None.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from gtc_runtime.told import (
    AnswerView,
    ClaimView,
    ControlView,
    DotView,
    PreviousView,
    SentenceView,
    TwinView,
)
from gtc_spec.environment import Environment

REHEARSAL: Final = "Rehearsal"
"""What the cluster on localhost calls itself."""

WINDOW_S: Final = 30
"""A latency "now" is over this many seconds: on screen, in the tail of a phase, in a recovery.
One and the same, because a card says when the curve beside it was back where the report has it."""
EVENTS_SHOWN: Final = 50
"""A view has this many events at most."""

Mode = Literal["manual", "auto", "starting", "stopping", "read-only", "unknown"]
Light = Literal["green", "amber", "red", "unknown"]
PodRole = Literal["prefill", "decode", "frontend"]
KedaState = Literal["active", "blind", "paused-by-us", "paused-by-other", "absent", "unknown"]
"""``blind``: it is there, not paused, and cannot see the metrics by which it scales."""

STALE_AFTER_S: Final = 15.0
"""A source older than this is named with its age, its figures are greyed, no word is said of it."""
BLANK_AFTER_S: Final = 60.0
"""Of a source older than this no figure is shown."""

Source = Literal["cluster", "load", "prometheus", "end date"]
"""Where figures come from; costs are worked out here and do not age."""
Freshness = Literal["fresh", "stale", "gone"]


def freshness(age_s: float | None) -> Freshness:
    """How far figures of this age may be believed; an unknown age counts as gone."""
    if age_s is None or age_s > BLANK_AFTER_S:
        return "gone"
    return "stale" if age_s > STALE_AFTER_S else "fresh"


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of a latency over a window, milliseconds; None without samples."""

    n: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    in_goal: float | None = None
    """Share of samples at or below the goal of this latency, 0-1; the goal asks for 0.95."""


@dataclass(frozen=True)
class WorkloadView:
    """Figures of one workload key over the last `WINDOW_S`; outcomes since the last reset.

    All are None once the load process has said nothing for `BLANK_AFTER_S`.
    """

    due: int | None = 0
    ok: int | None = 0
    shed: int | None = 0
    failed: int | None = 0
    failed_recent: int | None = 0
    """Of the requests due in the last `WINDOW_S`, those that have failed: what is wrong now."""
    ttft: Quantiles = field(default_factory=Quantiles)
    itl: Quantiles = field(default_factory=Quantiles)
    tpot: Quantiles = field(default_factory=Quantiles)
    """Mean time of an output token after the first, once per request that ended well; its goal is
    that of ITL."""
    good_rps: float | None = None
    """Answers a second that were completed in the last `WINDOW_S` and met every goal; None before a
    request has ended."""
    goodput: float | None = None
    """Share (0..1) of the requests due in the last `WINDOW_S` that ended well and met every goal,
    of all that have ended, shed ones included; None before one has."""


@dataclass(frozen=True)
class PoolView:
    """One worker pool: what is wanted and what is there."""

    role: Literal["prefill", "decode"]
    desired: int | None = None
    ready: int | None = None
    pending: int | None = None
    """Desired workers that are loading or wait for a slot."""
    draining: int | None = None
    reason: str = ""
    """Why a worker is pending, in the scheduler's words."""


@dataclass(frozen=True)
class WorkersView:
    """What Prometheus says about the inside of the workers; None where it does not know."""

    kv_reuse: float | None = None
    """Share of prompt tokens that came from the KV cache, 0-1."""
    prefill_tensor_active: float | None = None
    """Share of time that the tensor cores of prefill GPUs are busy, 0-1; only with GPUs."""
    decode_memory_active: float | None = None
    """Share of time that the memory of decode GPUs is busy, 0-1; only with GPUs."""
    prefill_in_flight: float | None = None
    """Requests inside prefill workers."""
    decode_in_flight: float | None = None
    """Requests inside decode workers."""


@dataclass(frozen=True)
class PodView:
    """One pod of the graph; the view shows workers only."""

    name: str
    role: PodRole
    state: Literal["ready", "pending", "draining"]
    """Takes requests; holds or waits for a GPU; or is being deleted and finishes."""
    node: str = ""
    """Where it runs; empty while it has no place."""
    reason: str = ""
    """Why it is pending; empty when it is not."""


@dataclass(frozen=True)
class LoadView:
    """The load engine: what it is asked to do and what it does."""

    running: bool = False
    rps: float = 0.0
    """Rate asked for; while nothing runs, the rate that a start would use."""
    mix: dict[str, int] = field(default_factory=dict)
    sent_rps: float | None = None
    in_flight: int | None = None
    waiting: int | None = None
    streaming: int | None = None
    conversations: int | None = None
    turns: int = 0
    output_tokens_s: float | None = None
    slip_p99_ms: float | None = None
    light: Light = "unknown"
    """Whether the client's own lateness spoils the figures; red means do not trust them."""
    light_reason: str = ""
    stamp_source: str = ""
    """Where arrival times come from: ``kernel`` or ``user``; empty while not known."""
    stamp_reason: str = ""
    """Why not from the kernel; empty when they are."""
    corpus: str = ""
    """Where the texts come from."""
    followups: str = ""
    """Who writes follow-up questions; empty before the first one."""
    dots: tuple[DotView, ...] = ()
    """Requests whose first token came in the last seconds, oldest first; none at high rates."""
    answer: AnswerView | None = None
    """One answer that streams now; None when none does."""


@dataclass(frozen=True)
class PhaseView:
    """Where the show stands."""

    name: str = "IDLE"
    kind: Literal["main", "settle"] = "main"
    index: int | None = None
    """Segment of the timeline (a settle tail counts as one); None when idle."""
    elapsed_s: float = 0.0
    ends_in_s: float | None = None
    """Seconds to the end of the segment; the latest end while a gate is closed."""
    waiting_for_workers: bool = False
    narration: str = ""
    """What the phase is about, always the same words."""
    sentence: SentenceView = field(default_factory=SentenceView)
    """What is seen now; true beside the figures of this view."""
    cycle: int = 0


@dataclass(frozen=True)
class StripItem:
    """One phase of the strip at the top of the panel."""

    name: str
    length_s: float
    ratio: str
    narration: str


@dataclass(frozen=True)
class EventView:
    """Something that happened, newest last."""

    at: str
    """Wall-clock time, ISO 8601 with zone."""
    kind: Literal["phase", "scale", "ready", "keda", "load", "warning", "info"]
    text: str
    actor: str = ""
    """Whose command caused it, such as ``page 127.0.0.1``; empty for what nobody ordered."""


@dataclass(frozen=True)
class Goals:
    """Goal lines, milliseconds."""

    ttft_p95_ms: float
    itl_p95_ms: float


@dataclass(frozen=True)
class StaleView:
    """A source that has said nothing for longer than `STALE_AFTER_S`."""

    source: Source
    age_s: float


@dataclass(frozen=True)
class ProcessView:
    """The process that serves all this."""

    loop_lag_s: float | None = None
    """How late its event loop woke somebody, at worst in the last 15 s; None before it is known."""
    restarts: dict[str, int] = field(default_factory=dict)
    """How often each of its tasks died, to be started again; 0 for one that never did."""
    causes: dict[str, str] = field(default_factory=dict)
    """What each task that died did die of last, one line."""


@dataclass(frozen=True)
class DemoView:
    """Everything at one instant."""

    environment: str
    digest: str
    cluster: str
    """What the cluster calls itself: `REHEARSAL` or ``Live``."""
    at: str
    uptime_s: float
    mode: Mode
    holder: str
    """Who holds the Lease; empty when nobody does."""
    phase: PhaseView
    strip: tuple[StripItem, ...]
    goals: Goals
    load: LoadView
    workloads: dict[str, WorkloadView]
    """Keys: those of `gtc_runtime.load.records.STAT_KEYS`."""
    pools: tuple[PoolView, ...]
    gpus_total: int
    keda: KedaState
    keda_detail: str
    cluster_age_s: float | None
    """Age of what is known about the cluster; None when nothing is."""
    load_age_s: float | None
    events: tuple[EventView, ...]
    pods: tuple[PodView, ...] = ()
    """Every worker of both pools; each has one slot or waits for one."""
    problem: str = ""
    """The most important thing that is wrong now, one line; empty when nothing is."""
    workers: WorkersView = field(default_factory=WorkersView)
    usd_h: float | None = None
    """What the nodes cost an hour by the list, US dollars; None for a rehearsal."""
    claims: tuple[ClaimView, ...] = ()
    """What the running cycle has shown so far, in the order of its phases; kept after its end
    until the next one begins."""
    control: ControlView = field(default_factory=ControlView)
    previous: PreviousView | None = None
    """None when this panel was not restarted, or somebody has acted since."""
    recorded: str = ""
    """When this was recorded, ISO 8601 with zone; empty while it is live."""
    ending: str = ""
    """That the deployment's end date is near or has passed, one line; empty before."""
    stale: tuple[StaleView, ...] = ()
    """What is too old to be taken for now; figures of a source over `BLANK_AFTER_S` are None."""
    workers_age_s: float | None = None
    """Age of `workers`; None when Prometheus has said nothing of them, or is not asked."""
    ending_age_s: float | None = None
    """Age of the end date that the cluster told; None when it has told none."""
    process: ProcessView = field(default_factory=ProcessView)
    """Never recorded."""
    twin: TwinView = field(default_factory=TwinView)

    def simulated(self, environment: Environment) -> bool:
        """Whether no GPU computes what is seen: in a rehearsal, and on nodes without GPUs."""
        return self.cluster == REHEARSAL or not environment.nodes.gpus

    def to_json(self) -> dict[str, Any]:
        """Plain containers for REST, sockets and ``--json``."""
        return asdict(self)
