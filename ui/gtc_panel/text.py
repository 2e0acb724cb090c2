"""Every word on screen. Components ask here; none spells a label of its own."""

from __future__ import annotations

from typing import Final, Literal

from gtc_runtime.formats import LIGHTS, NO_DATA_WORDS, latency_range, percent
from gtc_runtime.formats import NO_DATA as DASH
from gtc_runtime.verdict import State
from gtc_runtime.view import WINDOW_S, KedaState, Light, Mode
from gtc_spec.phases import phase_title as phase_title
from gtc_spec.workloads import STATS

TITLE: Final = "GTC Demo: Disaggregated LLM Inference on DO"

WORKLOAD_ROWS: Final = (*((stat.key, stat.title) for stat in STATS), ("all", "All"))
WORKLOAD_TABLE: Final = "Figures of each workload"
WORKLOAD_COLUMNS: Final = ("TTFT p50", "p95", "p99", "TPOT", "good/s", "failed", "shed")
COLUMN_TIPS: Final = {
    "TPOT": f"Median time of an output token after the first, over the last {WINDOW_S} s",
    "good/s": f"Goodput: requests a second that met every goal, over the last {WINDOW_S} s",
    "failed": f"Since the last reset; red while there are some in the last {WINDOW_S} s",
    "shed": "Due, and not sent because too many were open; since the last reset",
}

PRESETS: Final = ("BALANCED", "KV_CACHE_DEMO", "PREFILL_STRESS", "DECODE_STRESS", "FULL_LOAD")
"""Phases whose load is one press away in manual mode, where the table has them."""

START, STOP, RESET = "Start", "Stop", "Reset"
STOP_KEY: Final = "Esc"
MANUAL, AUTO = "Manual", "Auto"
DRIVES: Final = "Who drives the load"
LOAD: Final = "Load"
OF_CONTROLS, OF_WORKERS, OF_LOAD = "Controls", "Workers", "Requests and tokens"
"""Names of cards whose content says to the eye what they are."""
RPS_UNIT: Final = "requests/s"

WHO: Final = ("HUMAN", "SCENARIO", "KEDA")
"""Who scales the workers; never two at once."""
SCALING_BY: Final = "Scaling by"

KEDA: Final[dict[KedaState, str]] = {
    "active": "KEDA active",
    "blind": "KEDA blind",
    "paused-by-us": "KEDA paused by us",
    "paused-by-other": "KEDA paused by someone else",
    "absent": "KEDA absent",
    "unknown": "KEDA unknown",
}

LOCKED: Final[dict[Mode, str]] = {
    "auto": "The scenario drives. Switch to Manual to take over.",
    "starting": "Handing over to the scenario …",
    "stopping": "Handing back to KEDA …",
    "read-only": "Another panel holds the Lease; this one only shows.",
    "unknown": "Who drives the demo is not known yet.",
}
"""Why nothing can be started or set, by mode; other modes do not lock it."""
MODE_TITLES: Final[dict[Mode, str]] = {
    "starting": "The show begins",
    "stopping": "The show ends",
    "read-only": "Another panel drives",
    "unknown": "Not known yet",
}
"""What happens in modes that are neither a phase of a show nor somebody at the sliders."""
SCALER_NOT_KNOWN: Final = "You drive the load; who scales the workers is not known yet."
BY_HAND: Final = "You drive the load, KEDA scales the workers."
BY_HAND_BLIND: Final = "You drive the load; KEDA cannot see it and keeps the workers as they are."
BY_HAND_ALONE: Final = "You drive the load; nothing scales the workers."

LIGHT_SIGN: Final[dict[Light, str]] = {"green": "●", "amber": "▲", "red": "■", "unknown": "○"}
"""Signs of the client-quality light; they differ in shape."""
STAMPS: Final = {"kernel": "Arrival times from the kernel", "user": "Arrival times from the client"}

MISSING: Final = "There is no such page"
MISSING_WHAT: Final = "Nothing is served at {path}."
FAILED: Final = "This page failed"
FAILED_WHAT: Final = (
    "The panel goes on, and so does the show; what went wrong is in its log.",
    "Load the page again.",
)
OTHER_PAGES: Final = "Pages of the panel"
PAGES: Final = (("/", "Control"), ("/stage", "Stage"), ("/health", "Health"))
"""Where one can go, with the names of the pages."""

HEALTH_TITLE: Final = "Is everything ready?"
HEALTH_LOOKING: Final = "Looking …"
HEALTH_VERDICT: Final = {True: "Ready", False: "Not ready"}
HEALTH_ORDERED: Final = "workers are starting, as the show has ordered"
HEALTH_FACTS: Final = "version {version} · up {up} · loop lag {lag} · {restarts} ·"
HEALTH_NO_RESTARTS: Final = "no task restarted"
HEALTH_RESTARTS: Final = "tasks restarted: {tasks}"
HEALTH_CHECKS: Final = "Checks"
HEALTH_COLUMNS: Final = ("state", "check", "found", "took")
Shown = State | Literal["starting"]
"""How a check is shown: as it was judged, or as one that the show explains."""
HEALTH_SIGN: Final[dict[Shown, str]] = {
    "green": "✓ ok",
    "red": "✗ red",
    "not-applicable": "– n/a",
    "not-permitted": "○ no view",
    "starting": "… starting",
}
HEALTH_EXPECTED: Final = "expected"

CONFIRM: Final[dict[str, tuple[str, str]]] = {
    "auto": (
        "Let the scenario drive?",
        "It pauses KEDA and runs the whole show: load, mix and workers.",
    ),
    "auto-take-over": (
        "Somebody else has paused KEDA. Take that over?",
        "The show pauses KEDA in its own name; when it ends, KEDA scales again, and their pause "
        "is gone.",
    ),
    "manual": (
        "Take over by hand?",
        "The show ends. The load goes on as it is, and KEDA scales the workers again.",
    ),
    "reset": (
        "Reset the demo?",
        "Load stops, open answers are cut, the pools go back to where they began, "
        "all statistics start at zero.",
    ),
}
CONFIRM_YES: Final[dict[str, str]] = {
    "auto": "Start the show",
    "auto-take-over": "Take over and start",
    "manual": "Take over",
    "reset": "Reset",
}
CANCEL: Final = "Cancel"
CLOSE: Final = "Close"

NO_LOAD: Final = "No show is running"
NO_LOAD_NARRATION: Final = "Set the load by hand, or let Auto tell the whole story."
BY_HAND_TITLE: Final = "Load by hand"
BY_HAND_NARRATION: Final = "Watch prefill and decode follow, or let Auto tell the whole story."
COUNTDOWN: Final = "to the next phase"
COUNTDOWN_GATE: Final = "at most, waiting for workers"
SETTLE: Final = "settling"

LETTER: Final = {"prefill": "P", "decode": "D"}
TILE: Final = {
    "ready": "ready",
    "pending": "starting",
    "draining": "draining",
    "free": "free",
    "unknown": "unknown",
}

TTFT: Final = ("TTFT", "Time to first token")
ITL: Final = ("ITL", "Time between tokens")
P95, P50, P99, GOAL = "p95", "p50", "p99", "goal"
MARKER: Final = {"scale": "ordered", "ready": "ready"}
"""Names of the vertical lines in the charts, by kind of event."""
CHART_LIGHT: Final = {"amber": "client late", "red": "client late: do not trust"}
"""What stands above a hatched stretch of a chart, by the light of the client."""
TWIN: Final = "twin"
"""A simulation of the same table that is played ahead."""
TWIN_PENDING: Final = "twin: no prediction yet"
TWIN_NONE: Final = f"{TWIN} {DASH}"
TWIN_TIP: Final = (
    "Where a simulation of the same phases on the same hardware expects the curve: p10 to p90 over "
    "its seeds. None while the load is not that of the phase table."
)
FIDELITY_TIP: Final = (
    "Median over phases of how far TTFT p50, TTFT p95 and ITL p50 of the last cycle are from what "
    "the simulation predicted"
)
TREND: Final = {"rising": "rising", "falling": "falling", "steady": "steady"}

SENT: Final = "Requests/s sent"
IN_FLIGHT: Final = "In flight"
TOKENS: Final = "Output tokens/s"
CONVERSATIONS: Final = "Conversations"
EVENTS: Final = "Events"
NO_EVENTS: Final = "Nothing has happened yet."
EVENT_SIGN: Final[dict[str, str]] = {
    "phase": "▸",
    "scale": "⇅",
    "ready": "✓",
    "keda": "K",
    "load": "~",
    "warning": "!",
    "info": "·",
}

STAGE_LINK: Final = "Stage page ↗"

NO_DATA: Final = NO_DATA_WORDS
DATA_AGE: Final = "data age: cluster {cluster} · load {load}"
SILENCE: Final = "No data from the panel’s server"
COMMAND_SILENT: Final = "no answer within {seconds:g} s, the command may still take effect"


def in_flight_parts(waiting: str, streaming: str) -> str:
    """The two kinds of open requests."""
    return f"{waiting} waiting · {streaming} streaming"


def turns(count: str) -> str:
    """Turns of all conversations."""
    return f"{count} turns"


def ended_well(count: str) -> str:
    """Answers that came whole."""
    return f"{count} ended well since the last reset"


def light_tip(reason: str, stamp_source: str, stamp_reason: str) -> str:
    """Why the light is what it is, and where arrival times come from."""
    stamps = STAMPS.get(stamp_source, "")
    if stamps and stamp_reason:
        stamps = f"{stamps}: {stamp_reason}"
    return ". ".join(part for part in (reason, stamps) if part)


def light(light: Light) -> str:
    """Whether the client's figures can be trusted."""
    return LIGHTS[light].capitalize()


def holder(name: str) -> str:
    """Who holds the Lease."""
    return f"Lease {name}" if name else "Lease free"


def pool_count(role: str, ready: str, desired: str) -> str:
    """``prefill 2/2``: ready of desired."""
    return f"{role} {of_desired(ready, desired)}"


def verdict(goal: str, *, over: bool) -> str:
    """The goal of the 95th percentile, and whether it is missed now."""
    return f"▲ above goal {goal}" if over else f"{GOAL} {P95} ≤ {goal}"


def expected(quantile: str, low_ms: float, high_ms: float) -> str:
    """``twin p95 9.1–12 s``: where a curve should lie now."""
    return f"{TWIN} {quantile} {latency_range(low_ms, high_ms).narrow}"


def fidelity(share: float | None) -> str:
    """``twin within 14 %``."""
    return f"{TWIN} {DASH}" if share is None else f"{TWIN} within {percent(share, 0).narrow}"


def waits_for_slot(workers: int, slot: str) -> str:
    """Desired workers for which no GPU, or no other slot, is left."""
    return f"{workers} more {'waits' if workers == 1 else 'wait'} for a {slot}"


def standing(model: str, slots: str, ratio: str, slug: str) -> str:
    """What is being watched, in one line, while nothing is wrong."""
    return f"{model}   ·   {slots} ({slug})   ·   starts at {ratio}"


def of_desired(ready: str, desired: str) -> str:
    """``2/4``: ready of desired."""
    return f"{ready}/{desired}"


LOOKING: Final = "Looking only"
LOG_IN: Final = "Log in to press"
