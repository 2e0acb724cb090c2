"""What a good cycle looks like in each of its phases, as fields of a view: for looking at pages.

The figures are those of a rehearsal of prod, rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from gtc_runtime.told import (
    AnswerView,
    BandView,
    ClaimView,
    ComparedView,
    SentenceView,
    TwinView,
)
from gtc_runtime.view import DemoView, LoadView, PhaseView, PoolView, Quantiles, WorkloadView
from gtc_spec.environment import Environment
from gtc_spec.phases import Phase

ANSWER = (
    "the train covers the first half of the way in forty minutes, so the whole way would take "
    "eighty at the same speed. On the second half it is a third slower, which makes sixty minutes "
    "instead of forty. Together that is one hour and forty minutes, and so it arrives at"
)
CLAIMS = (
    ClaimView("KV_CACHE_DEMO", "held", "Chat TTFT p50 585 ms → 123 ms from turn 2 on", "4.8x",
              "median ttft of turn 2+ over turn 1 <= 0.6", 0.21, 0.6, 585.0, 123.0),
    ClaimView("PREFILL_STRESS", "held", "TTFT p95 2.56 s → 15.9 s", "6.2x",
              "workload-B ttft p95 over BALANCED >= 2.5", 6.2, 2.5, 2560.0, 15900.0),
    ClaimView("PREFILL_RECOVERY", "held",
              "TTFT p95 15.9 s → 2.60 s, 41 s after +2 prefill workers", "6.1x",
              "workload-B ttft p95 of the tail over BALANCED <= 2", 1.02, 2.0, 15900.0, 2600.0, 41),
    ClaimView("DECODE_STRESS", "held", "ITL p50 21.4 ms → 31.2 ms", "1.5x",
              "itl p50 over BALANCED >= 1.25", 1.46, 1.25, 21.4, 31.2),
    ClaimView("DECODE_RECOVERY", "failed",
              "did not recover: ITL p50 31.2 ms → 29.8 ms with +3 decode workers", "1.0x",
              "share of the rise of itl p50 that the tail gives back >= 0.5", 0.14, 0.5, 31.2,
              29.8),
)  # fmt: skip
SENTENCES = {
    "BALANCED": "Both goals hold: TTFT p95 1.24 s, ITL p95 24.6 ms",
    "KV_CACHE_DEMO": "Turn 2 and later wait 123 ms for the first token, turn 1 585 ms",
    "PREFILL_STRESS": "24 long documents wait for two prefill workers; TTFT p95 15.9 s and rising",
    "PREFILL_RECOVERY": "Two more prefill workers are ready; TTFT p95 is back at 2.60 s",
    "DECODE_STRESS": "340 long answers stream from two workers; ITL p95 35.8 ms, above its goal",
    "DECODE_RECOVERY": "Three more decode workers share the streams; ITL p95 still 31.0 ms",
    "FULL_LOAD": "All eight GPUs work at once: 9,840 output tokens a second",
    "COOLDOWN": "Load fades out; the pools return to 2 prefill and 3 decode workers",
}  # fmt: skip
# TTFT p50, p95; ITL p50, p95 in ms; waiting, streaming; tokens/s
FIGURES = {
    "BALANCED": (640, 1240, 21.4, 24.6, 3, 20, 348),
    "KV_CACHE_DEMO": (190, 610, 21.2, 24.1, 1, 8, 190),
    "PREFILL_STRESS": (9200, 15900, 21.0, 24.0, 24, 9, 210),
    "PREFILL_RECOVERY": (1400, 2600, 21.0, 24.2, 4, 11, 240),
    "DECODE_STRESS": (110, 240, 31.2, 35.8, 2, 340, 10600),
    "DECODE_RECOVERY": (105, 220, 29.8, 31.0, 1, 310, 10700),
    "FULL_LOAD": (820, 3100, 25.1, 29.0, 5, 190, 9840),
    "COOLDOWN": (300, 900, 22.0, 25.0, 1, 40, 1900),
}
WANTED = {"PREFILL_STRESS": (4, 3), "KV_CACHE_DEMO": (2, 3)}
"""What is ordered while it is not what the phase itself wants."""


Fields = dict[str, Any]


def phase(view: DemoView, environment: Environment, name: str) -> Fields:
    """Fields of the view in the last third of a phase."""
    phases = environment.table.phases
    place = next(at for at, each in enumerate(phases) if each.name == name)
    ttft50, ttft95, itl50, itl95, waiting, streaming, tokens = FIGURES[name]
    goals = view.goals
    ttft = Quantiles(60, ttft50, ttft95, ttft95 * 1.2, 1.0 if ttft95 < goals.ttft_p95_ms else 0.2)
    itl = Quantiles(900, itl50, itl95, itl95 * 1.3, 0.99 if itl95 < goals.itl_p95_ms else 0.6)
    tpot = Quantiles(50, itl50 + 1, itl95 + 1, itl95 + 4)
    every = WorkloadView(due=60, ok=58, ttft=ttft, itl=itl, tpot=tpot, good_rps=0.78, goodput=0.97)
    chat = {"chat_turn1": 585.0, "chat_turn2plus": 123.0}
    workloads = dict.fromkeys(view.workloads, every) | {
        key: replace(every, ttft=Quantiles(30, value, value * 2, value * 3, 1.0))
        for key, value in chat.items()
    }
    return {
        "mode": "auto",
        "keda": "paused-by-us",
        "phase": _phase(phases, place, view),
        "claims": _claims(phases, place),
        "workloads": workloads,
        "pools": _pools(phases[place]),
        "load": replace(
            view.load, rps=phases[place].rps, waiting=waiting, streaming=streaming,
            in_flight=waiting + streaming, output_tokens_s=float(tokens),
            answer=AnswerView("reasoning", ANSWER, 212),
        ),
        "control": replace(view.control, scaler="SCENARIO"),
        "twin": twin(ttft50, ttft95, itl50),
    }  # fmt: skip


def twin(ttft50: float, ttft95: float, itl50: float) -> TwinView:
    """A twin that expects a tenth less to a tenth more, and was 14 % off in the last cycle."""
    bands = (BandView(0.9 * each, 1.1 * each) for each in (ttft50, ttft95, itl50))
    figure = ComparedView("PREFILL_STRESS", "TTFT p95", 20900.0, 23830.0, 0.1402)
    return TwinView("ready", *bands, off=figure.off, compared=(figure,))


def _phase(phases: tuple[Phase, ...], place: int, view: DemoView) -> PhaseView:
    phase = phases[place]
    index = sum(2 if each.settle else 1 for each in phases[:place])
    sentence = SentenceView(SENTENCES[str(phase.name)], "holds")
    left_s = phase.duration_s / 3
    return PhaseView(
        str(phase.name), "main", index, 2 * left_s, left_s, False, phase.narration, sentence, 1
    )


def _claims(phases: tuple[Phase, ...], place: int) -> tuple[ClaimView, ...]:
    names = [str(each.name) for each in phases]
    return tuple(each for each in CLAIMS if names.index(each.phase) <= place)


def _pools(phase: Phase) -> tuple[PoolView, PoolView]:
    prefill, decode = phase.ratio.prefill, phase.ratio.decode
    wanted = WANTED.get(str(phase.name), (prefill, decode))[0]
    return (
        PoolView("prefill", wanted, prefill, wanted - prefill, 0),
        PoolView("decode", decode, decode, 0, 0),
    )


def red(view: DemoView, environment: Environment) -> Fields:
    """Decode stress, measured by a client that cannot keep up."""
    found = phase(view, environment, "DECODE_STRESS")
    return found | {"load": replace(found["load"], light="red", light_reason="slip p99 180 ms")}


def recorded(view: DemoView, environment: Environment) -> Fields:
    """A recording of prefill recovery."""
    found = phase(view, environment, "PREFILL_RECOVERY")
    return found | {"recorded": view.at, "load": replace(found["load"], answer=None)}


def ended(view: DemoView, environment: Environment) -> Fields:
    """A cycle is over; nothing runs."""
    none = dict.fromkeys(("in_flight", "waiting", "streaming", "conversations"), 0)
    idle = LoadView(light="green", rps=view.load.rps, mix=view.load.mix, **none)
    return {"claims": CLAIMS, "load": idle, "workloads": {}}


def measuring(view: DemoView, environment: Environment) -> Fields:
    """A recovery whose claim has most to tell: latencies of three digits, and not judged yet."""
    made = phase(view, environment, "DECODE_RECOVERY")
    text = "ITL p50 31.4 ms → 26.0 ms so far, 45 s after +3 decode workers"
    newest = replace(made["claims"][-1], state="measuring", text=text)
    return {**made, "claims": (*made["claims"][:-1], newest)}


SCENES: dict[str, Callable[[DemoView, Environment], Fields]] = {
    **{name: partial(phase, name=name) for name in FIGURES},
    "calm": lambda view, environment: {},
    "red": red,
    "recorded": recorded,
    "ended": ended,
    "measuring": measuring,
}


def scenes() -> dict[str, Callable[[Any], None]]:
    """Each of them as what puts it on a still demo."""
    return {name: partial(_put, fields=fields) for name, fields in SCENES.items()}


def _put(demo: Any, fields: Callable[[DemoView, Environment], Fields]) -> None:
    demo.change(**fields(demo.now, demo.environment))
