"""Sentences chosen by the figures: none contradicts the view that it stands in."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime import view_builder
from gtc_runtime.load.records import STAT_KEYS
from gtc_runtime.scenario import machine
from gtc_runtime.telling.cycle_claims import CycleClaims
from gtc_runtime.telling.sentences import Sentences
from gtc_runtime.told import ClaimView, SentenceView
from gtc_runtime.view import (
    WINDOW_S,
    DemoView,
    EventView,
    LoadView,
    PhaseView,
    PoolView,
    Quantiles,
    WorkloadView,
)
from gtc_runtime.view_builder import quantiles
from gtc_spec.environment import Environment, load
from gtc_spec.pools import PDRatio
from tests.browser.still_demo import NOON, calm_view
from tests.contradictions import contradictions, walk
from tests.unit.telling.played import Played

PROD = load("prod")
MAIN = {str(each.phase.name): at for at, each in reversed([*enumerate(PROD.timeline.segments)])}


def told(view: DemoView, environment: Environment = PROD) -> SentenceView:
    """The sentence of a view, which must not contradict it."""
    chosen = Sentences(environment).choose(view)
    said = replace(view, phase=replace(view.phase, sentence=chosen))
    assert contradictions(said.to_json()) == []
    return chosen


def show(
    name: str, *, ttft: float | None = 1200.0, itl: float | None = 24.0, **fields: Any
) -> DemoView:
    """Auto mode in a phase, with these figures of p95 and the pools of the phase ready."""
    index = MAIN[name]
    segment = PROD.timeline.segments[index]
    phase = PhaseView(name, "main", index, 20, 40, False, segment.phase.narration, cycle=1)
    figures = WorkloadView(
        ttft=Quantiles(40, ttft and ttft / 2, ttft), itl=Quantiles(900, itl and itl * 0.9, itl)
    )
    view = replace(
        calm_view(PROD),
        mode="auto",
        phase=phase,
        keda="paused-by-us",
        workloads=dict.fromkeys(STAT_KEYS, figures),
        pools=pools(segment.ratio, segment.ratio),
    )
    return replace(view, **fields)


def pools(desired: PDRatio, ready: PDRatio, draining: int = 0) -> tuple[PoolView, ...]:
    return tuple(
        PoolView(role, desired.of(role), ready.of(role), 0, draining)
        for role in ("prefill", "decode")
    )


# -- each phase ----------------------------------------------------------------------------------


def test_calm_phases_say_that_both_goals_hold_with_their_figures() -> None:
    assert told(show("BALANCED")) == SentenceView(
        "Both goals hold: TTFT p95 1.20 s, ITL p95 24.0 ms.", "holds"
    )


def test_a_goal_that_is_missed_is_never_said_to_hold() -> None:
    assert told(show("FULL_LOAD", itl=36.0)) == SentenceView(
        "ITL p95 36.0 ms is above goal 30.0 ms; TTFT p95 1.20 s holds.", "not-yet"
    )
    assert told(show("BALANCED", ttft=5100.0, itl=36.0)).text.startswith("Both goals are missed:")


def test_before_the_first_token_nothing_is_claimed() -> None:
    assert told(show("BALANCED", ttft=None, itl=None)) == SentenceView(
        "No first token in the last 30 s yet.", "expected"
    )


def test_a_queue_is_seen_when_the_goal_is_missed() -> None:
    jam = LoadView(running=True, rps=1.25, in_flight=20, waiting=18, light="green")

    assert told(show("PREFILL_STRESS", ttft=13_500.0, load=jam)) == SentenceView(
        "18 requests wait for a first token; TTFT p95 13.5 s, goal 4.00 s.", "holds"
    )
    assert told(show("PREFILL_STRESS", load=jam)).state == "expected"


def test_workers_that_are_ready_while_the_window_is_still_full_say_so() -> None:
    assert told(show("PREFILL_RECOVERY", ttft=13_500.0)) == SentenceView(
        "2 more prefill workers are ready; TTFT p95 13.5 s still, the window is 30 s.", "not-yet"
    )
    assert told(show("PREFILL_RECOVERY", ttft=2600.0)) == SentenceView(
        "2 more prefill workers are ready; TTFT p95 2.60 s, goal 4.00 s.", "holds"
    )


def test_workers_that_are_not_ready_are_never_said_to_be() -> None:
    missing = pools(PDRatio(4, 3), PDRatio(3, 3))
    starting = replace(show("PREFILL_RECOVERY", pools=missing).phase, waiting_for_workers=True)

    assert told(show("PREFILL_RECOVERY", pools=missing)).text.startswith(
        "3 of 4 prefill workers ready; "
    )
    assert told(show("PREFILL_RECOVERY", pools=missing, phase=starting)) == SentenceView(
        "Workers are starting: 3 of 4 prefill workers ready.", "expected"
    )


def test_fewer_workers_than_the_phase_wants_are_no_more_workers() -> None:
    small = pools(PDRatio(2, 3), PDRatio(2, 3))

    assert told(show("PREFILL_RECOVERY", pools=small)) == SentenceView(
        "2 prefill workers are ready; TTFT p95 1.20 s, goal 4.00 s.", "not-yet"
    )


def decode_claim(name: str, before_ms: float, limit_ms: float) -> tuple[ClaimView, ...]:
    text = "ITL p50: no data yet"
    return (ClaimView(name, "measuring", text, "–", "", None, 1.0, before_ms, limit_ms=limit_ms),)


def test_decode_is_told_by_the_figure_that_the_story_judges() -> None:
    stress = decode_claim("DECODE_STRESS", 21.0, 26.25)
    busy = LoadView(running=True, rps=8.5, in_flight=342, streaming=340, light="green")

    assert told(show("DECODE_STRESS", itl=36.0, claims=stress, load=busy)) == SentenceView(
        "340 answers stream at once; ITL p50 32.4 ms, 21.0 ms in Balanced.", "holds"
    )
    assert told(show("DECODE_STRESS", claims=stress, load=busy)).state == "expected"
    assert told(show("DECODE_STRESS", itl=36.0, load=busy)) == SentenceView(
        "340 answers stream at once; ITL p95 36.0 ms, goal 30.0 ms.", "holds"
    )


def test_the_way_back_of_decode_is_told_against_the_stress() -> None:
    back = decode_claim("DECODE_RECOVERY", 32.0, 26.5)

    assert told(show("DECODE_RECOVERY", itl=28.0, claims=back)) == SentenceView(
        "3 more decode workers are ready; ITL p50 25.2 ms, 32.0 ms under stress.", "holds"
    )
    assert told(show("DECODE_RECOVERY", itl=33.0, claims=back)) == SentenceView(
        "3 more decode workers are ready; ITL p50 29.7 ms still, the window is 30 s.", "not-yet"
    )
    assert told(show("DECODE_RECOVERY", itl=33.0)).text.endswith(
        "ITL p95 33.0 ms still, the window is 30 s."
    )


def turns(first_ms: float | None, later_ms: float | None) -> dict[str, WorkloadView]:
    figures = dict(show("KV_CACHE_DEMO").workloads)
    for key, value in (("chat_turn1", first_ms), ("chat_turn2plus", later_ms)):
        figures[key] = WorkloadView(ttft=Quantiles(9, value, value))
    return figures


def test_the_cache_is_told_by_what_later_turns_take() -> None:
    def cache(first_ms: float | None, later_ms: float | None) -> SentenceView:
        return told(show("KV_CACHE_DEMO", workloads=turns(first_ms, later_ms)))

    assert cache(585.0, 123.0) == SentenceView(
        "TTFT p50 of turn 2+ is 123 ms, of turn 1 585 ms.", "holds"
    )
    assert cache(585.0, 500.0).state == "not-yet"
    assert cache(585.0, None).text == "TTFT p50 of turn 1 is 585 ms; other turns are to come."
    assert cache(None, None).state == "expected"


def test_a_settling_phase_never_says_that_workers_were_added() -> None:
    show_now = show("PREFILL_RECOVERY", pools=pools(PDRatio(2, 2), PDRatio(2, 2)))
    tail = replace(show_now.phase, kind="settle", index=MAIN["PREFILL_RECOVERY"] + 1)

    assert told(replace(show_now, phase=tail)) == SentenceView(
        "Settling before Decode stress: 24 requests open.", "settling"
    )
    drains = replace(show_now, phase=tail, pools=pools(PDRatio(2, 2), PDRatio(2, 2), 2))
    assert told(drains).text == "Settling: 2 prefill workers draining, 24 requests open."


def test_the_end_is_told_by_its_rate() -> None:
    assert told(show("COOLDOWN")) == SentenceView(
        "Load fades out: 0.8 requests/s, 24 requests open.", "holds"
    )


def test_an_order_is_told_forwards_for_a_moment() -> None:
    order = EventView((NOON - timedelta(seconds=5)).isoformat(), "scale", "Ordered ...")
    grown = show("PREFILL_STRESS", pools=pools(PDRatio(4, 3), PDRatio(2, 3)), events=(order,))

    assert told(grown) == SentenceView(
        "Ordered ahead for Prefill recovery: 2 more prefill workers, about 2 min to start.",
        "expected",
    )
    later = (NOON + timedelta(seconds=20)).isoformat()
    assert told(replace(grown, at=later)).text.startswith("4 requests wait")


def test_a_phase_without_a_rule_keeps_its_narration() -> None:
    class Odd(Sentences):
        def __init__(self) -> None:
            super().__init__(PROD)
            self._rules = {}

    view = show("BALANCED")

    assert Odd().choose(view) == SentenceView(view.phase.narration)


# -- no show -------------------------------------------------------------------------------------


def test_by_hand_the_goals_are_told_and_who_scales() -> None:
    calm = calm_view(PROD)
    off = replace(calm.load, running=False, in_flight=0)

    assert told(calm).text == "By hand, both goals hold: TTFT p95 1.24 s, ITL p95 24.6 ms."
    assert told(replace(calm, load=off)).text == "No load runs; KEDA scales the workers."
    assert told(replace(calm, load=off, keda="absent")).text == "No load runs."
    assert told(replace(calm, load=replace(off, in_flight=3))) == SentenceView(
        "Load is off; 3 requests open.", "settling"
    )


def test_a_worker_that_keda_starts_is_told_beside_what_it_is_for() -> None:
    grows = replace(calm_view(PROD), pools=pools(PDRatio(3, 3), PDRatio(2, 3)))

    assert told(grows) == SentenceView(
        "KEDA starts 1 more prefill worker; TTFT p95 1.24 s, goal 4.00 s.", "expected"
    )


@pytest.mark.parametrize("mode", ["unknown", "read-only", "starting", "stopping"])
def test_every_mode_has_its_sentence(mode: Any) -> None:
    assert told(replace(calm_view(PROD), mode=mode)).text


def test_nothing_is_said_of_latencies_that_are_old_or_not_to_be_trusted() -> None:
    red = replace(show("BALANCED").load, light="red")

    assert "do not trust" in told(show("BALANCED", load=red)).text
    assert told(show("BALANCED", load_age_s=60.0)).text.startswith("No figures now")
    assert told(show("BALANCED", load_age_s=None)).text.startswith("No figures now")


@pytest.mark.parametrize("name", [None, *MAIN])
@pytest.mark.parametrize("running", [True, False])
def test_requests_that_nobody_counts_are_not_told_as_none(name: str | None, running: bool) -> None:
    quiet = LoadView(running=running, rps=1.25)
    view = show(name) if name else calm_view(PROD)

    said = told(replace(view, load=quiet, load_age_s=5.0)).text
    assert said == "No figures now: the load client does not report."


def test_of_a_cluster_that_says_nothing_no_worker_is_told() -> None:
    lost = lost_cluster(show("PREFILL_RECOVERY"))
    idle = replace(calm_view(PROD).load, running=False, in_flight=0)

    assert "workers are ready" not in told(lost).text.replace("which workers are ready", "")
    assert told(lost_cluster(replace(calm_view(PROD), load=idle))).text == "No load runs."


@pytest.mark.parametrize("text", ["2 prefill workers are ready.", "KEDA scales the workers."])
def test_words_about_a_cluster_that_says_nothing_are_a_contradiction(text: str) -> None:
    view = replace(calm_view(PROD), cluster_age_s=60.0)
    said = replace(view, phase=replace(view.phase, sentence=SentenceView(text)))

    assert "has said nothing" in contradictions(said.to_json())[0]


def lost_cluster(view: DemoView) -> DemoView:
    """The view once the cluster has said nothing for too long, as the service makes it."""
    unknown = tuple(view_builder.pools(None))
    return replace(view, cluster_age_s=60.0, pools=unknown, keda="unknown")


# -- everything ----------------------------------------------------------------------------------

latencies = st.one_of(st.none(), st.floats(0.1, 60_000), st.sampled_from([4000.0, 30.0]))
counts = st.integers(0, 9)
workload_views = st.builds(
    lambda ttft50, ttft, itl50, itl: WorkloadView(
        ttft=Quantiles(5, ttft50, ttft), itl=Quantiles(5, itl50, itl)
    ),
    *[latencies] * 4,
)
gauges = st.fixed_dictionaries(
    {
        **dict.fromkeys(("in_flight", "waiting", "streaming"), counts),
        "light": st.sampled_from(["green", "red"]),
    }
)
claim_views = st.builds(
    lambda name, before, limit: decode_claim(name, before, limit)[0],
    st.sampled_from([*MAIN]),
    st.floats(0.1, 60_000),
    st.floats(0.1, 60_000),
)


@st.composite
def any_view(draw: st.DrawFn) -> DemoView:
    index = draw(st.sampled_from([None, *range(len(PROD.timeline.segments))]))
    phase = PhaseView()
    if index is not None:
        segment = PROD.timeline.segments[index]
        phase = PhaseView(
            str(segment.phase.name), segment.kind, index, 1.0, 9.0, draw(st.booleans())
        )
    at = datetime.fromisoformat(calm_view(PROD).at) - timedelta(seconds=draw(st.integers(0, 30)))
    pool_views = [
        PoolView(role, *draw(st.one_of(st.just((None, None)), st.tuples(counts, counts))), 0,
                 draw(counts))
        for role in ("prefill", "decode")
    ]  # fmt: skip
    view = replace(
        calm_view(PROD),
        mode=draw(st.sampled_from(["auto", "manual", "starting", "unknown", "read-only"])),
        phase=phase,
        keda=draw(st.sampled_from(["active", "paused-by-us", "absent", "unknown"])),
        pools=tuple(pool_views),
        workloads={key: draw(workload_views) for key in STAT_KEYS},
        claims=tuple(draw(st.lists(claim_views, max_size=3, unique_by=lambda each: each.phase))),
        events=(EventView(at.isoformat(), "scale", "Ordered ..."),),
        load_age_s=draw(st.sampled_from([None, 0.2, 20.0])),
        load=LoadView(
            running=draw(st.booleans()),
            rps=draw(st.floats(0, 20)),
            **draw(st.one_of(gauges, st.just({"light": "unknown"}))),
        ),
    )
    return lost_cluster(view) if draw(st.booleans()) else view


@settings(max_examples=150, deadline=None)
@given(any_view())
def test_whatever_the_figures_the_sentence_does_not_contradict_them(view: DemoView) -> None:
    assert told(view).text


# -- a whole cycle -------------------------------------------------------------------------------


@cache
def cycle(name: str, table: str) -> list[dict[str, Any]]:
    """Every second of a simulated cycle as a view."""
    environment = load(name, {"phases": table})
    sentences, claims = Sentences(environment), CycleClaims(environment)
    views = []

    def look(played: Played) -> None:
        seen = claims.see(played.log, played.book, played.now_s, running=played.running)
        view = simulated_view(environment, played, seen)
        phase = replace(view.phase, sentence=sentences.choose(view))
        views.append(replace(view, phase=phase).to_json())

    Played(environment, look).play()
    return views


def simulated_view(
    environment: Environment, played: Played, claims: tuple[ClaimView, ...]
) -> DemoView:
    calm, slo, state = calm_view(environment), environment.slo, played.state
    window = played.book.window(played.now_s - WINDOW_S, played.now_s + 1)
    figures = {
        key: WorkloadView(
            ttft=quantiles(tally.ttft, slo.ttft_p95_s), itl=quantiles(tally.itl, slo.itl_p95_s)
        )
        for key, tally in window.by_key.items()
    }
    phase, rps = PhaseView(), 0.0
    if state.index is not None:
        segment = environment.timeline.segments[state.index]
        load_now = machine.load_at(environment.timeline, state, played.now_s)
        rps = 0.0 if load_now is None else load_now[0]
        phase = PhaseView(
            str(segment.phase.name), segment.kind, state.index, played.now_s - state.entered_s,
            None, state.gate_s is None, segment.phase.narration, cycle=state.cycle,
        )  # fmt: skip
    open_now = played.book.totals()["all"].open
    return replace(
        calm,
        at=(NOON + timedelta(seconds=played.now_s)).isoformat(),
        mode="auto" if played.running else "manual",
        phase=phase,
        keda="paused-by-us" if played.running else "active",
        pools=pools(played.desired, played.ready),
        workloads=figures,
        claims=claims,
        load=LoadView(
            running=played.running, rps=rps, in_flight=open_now, waiting=played.waiting,
            streaming=open_now - played.waiting, light="green",
        ),
    )  # fmt: skip


@pytest.mark.parametrize("of", [("prod", "show"), ("dev", "show")])
def test_in_no_second_of_a_cycle_does_anything_contradict_its_figures(of: tuple[str, str]) -> None:
    views = cycle(*of)

    assert len(views) > 600
    assert walk(views) == []


def test_in_the_course_of_a_cycle_every_kind_of_sentence_is_said() -> None:
    said = {view["phase"]["sentence"]["state"] for view in cycle("prod", "show")}

    assert {"expected", "holds", "not-yet", "settling"} <= said
    assert all(view["phase"]["sentence"]["text"] for view in cycle("prod", "show"))
