"""Workload mixes, segments and the timeline of orders."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gtc_spec.colours import COLOURS
from gtc_spec.environment import Environment, load
from gtc_spec.errors import UsageError
from gtc_spec.phases import (
    Phase,
    PhaseName,
    PhaseTable,
    Segment,
    Settle,
    Timeline,
    phase_title,
)
from gtc_spec.pools import ROLES, PDRatio
from gtc_spec.rules import check
from gtc_spec.workloads import WorkloadMix

PROD = load("prod")
CALM = WorkloadMix(40, 30, 30)


@st.composite
def mixes(draw: st.DrawFn) -> WorkloadMix:
    low, high = sorted((draw(st.integers(0, 100)), draw(st.integers(0, 100))))
    return WorkloadMix(low, high - low, 100 - high)


ratios = st.builds(PDRatio, st.integers(1, 3), st.integers(1, 4))
lengths = st.integers(5, 200)


@st.composite
def phases(draw: st.DrawFn, name: PhaseName) -> Phase:
    gated = draw(st.booleans())
    length = draw(lengths)
    settle = None
    if draw(st.booleans()):
        settle = Settle(duration_s=draw(lengths), rps=1, mix=CALM, ratio=draw(ratios))
    return Phase(
        name=name,
        duration_s=length,
        rps=1,
        mix=draw(mixes()),
        ratio=draw(ratios),
        gate="ready" if gated else None,
        max_s=length + draw(st.integers(0, 60)) if gated else None,
        settle=settle,
        narration="look here",
    )


@st.composite
def tables(draw: st.DrawFn) -> PhaseTable:
    chosen = list(PhaseName)[1 : 1 + draw(st.integers(1, 6))]
    acts = [draw(phases(name)) for name in chosen]
    resting = PROD.initial_ratio
    if acts[-1].settle is None:
        acts[-1] = acts[-1].model_copy(update={"ratio": resting})
    else:
        tail = acts[-1].settle.model_copy(update={"ratio": resting})
        acts[-1] = acts[-1].model_copy(update={"settle": tail})
    return PhaseTable(lead_s=draw(st.integers(0, 150)), phases=tuple(acts))


def timeline_of(table: PhaseTable) -> Timeline:
    assert table.lead_s is not None
    return Timeline(table.phases, table.lead_s)


def with_table(table: PhaseTable) -> Environment:
    return PROD.model_copy(update={"phase_tables": {"show": table}})


# -- mixes ---------------------------------------------------------------------------------------


@given(mixes())
def test_a_mix_reads_back_what_it_writes(mix: WorkloadMix) -> None:
    assert WorkloadMix.parse(str(mix)) == mix
    assert WorkloadMix.parse(str(mix).replace("/", ",")) == mix


@given(st.tuples(*[st.integers(-50, 150)] * 3))
def test_a_mix_exists_only_when_its_shares_add_up_to_100(shares: tuple[int, int, int]) -> None:
    good = min(shares) >= 0 and sum(shares) == 100
    if good:
        mix = WorkloadMix(*shares)
        assert (mix["chat"], mix["summarization"], mix["reasoning"]) == shares
    else:
        with pytest.raises(UsageError, match=r"allowed: three shares .*add up to 100"):
            WorkloadMix(*shares)


@given(st.text(max_size=12))
def test_any_text_is_a_mix_or_a_usage_error(text: str) -> None:
    try:
        mix = WorkloadMix.parse(text)
    except UsageError:
        return
    assert sum(mix.values()) == 100


# -- the timeline --------------------------------------------------------------------------------


@settings(max_examples=40)
@given(tables())
def test_segments_fill_the_cycle_without_gap_or_overlap(table: PhaseTable) -> None:
    timeline = timeline_of(table)

    ends = [
        start + segment.nominal_s
        for start, segment in zip(timeline.starts_s, timeline.segments, strict=True)
    ]

    assert timeline.starts_s[0] == 0
    assert ends[:-1] == pytest.approx(timeline.starts_s[1:])
    assert ends[-1] == pytest.approx(timeline.cycle_s)


@settings(max_examples=40)
@given(tables())
def test_every_segment_begins_with_an_absolute_order_and_never_orders_the_same_twice(
    table: PhaseTable,
) -> None:
    for segment in timeline_of(table).segments:
        first, *_ = segment.orders
        assert first.at_s == 0
        assert all(one.at_s < two.at_s for one, two in pairwise(segment.orders))
        assert all(one.ratio != two.ratio for one, two in pairwise(segment.orders))
        assert all(order.at_s < segment.nominal_s for order in segment.orders)


@settings(max_examples=40)
@given(tables())
def test_a_segment_never_orders_less_than_it_wants(table: PhaseTable) -> None:
    for segment in timeline_of(table).segments:
        for order in segment.orders:
            assert order.ratio.at_least(segment.ratio) == order.ratio


@settings(max_examples=60)
@given(tables(), st.data())
def test_growth_is_ordered_the_lead_ahead_and_never_earlier(
    table: PhaseTable, data: st.DataObject
) -> None:
    """What is ordered at an instant is the most that is wanted from then until the lead ends."""
    timeline = timeline_of(table)
    at = data.draw(st.floats(0, timeline.cycle_s, exclude_max=True))
    edges = [start + lap * timeline.cycle_s for lap in (0, 1, 2) for start in timeline.starts_s]
    edges += [edge - timeline.lead_s for edge in edges]
    assume(all(abs(edge - at) > 1e-6 for edge in edges))

    index = max(i for i, start in enumerate(timeline.starts_s) if start <= at)
    ordered = timeline.segments[index].ratio_at(at - timeline.starts_s[index])

    wanted = timeline.segments[index].ratio
    for lap in (0, 1):
        for start, segment in zip(timeline.starts_s, timeline.segments, strict=True):
            if at < start + lap * timeline.cycle_s <= at + timeline.lead_s:
                wanted = wanted.at_least(segment.ratio)
    assert ordered == wanted


@settings(max_examples=30)
@given(tables(), st.data())
def test_a_table_that_passes_the_rules_fits_the_gpus_at_every_instant(
    table: PhaseTable, data: st.DataObject
) -> None:
    """The budget counts workers that are wanted and workers that drain."""
    environment = with_table(table)
    assume(not check(environment, "x"))
    timeline = timeline_of(table)
    at = data.draw(st.floats(0, 2 * timeline.cycle_s, exclude_max=True))

    assert gpus_in_use(environment, timeline, at) <= environment.slots


@settings(max_examples=30)
@given(tables())
def test_a_table_that_needs_too_many_gpus_is_refused(table: PhaseTable) -> None:
    environment = with_table(table)
    timeline = timeline_of(table)
    instants = [at + lap * timeline.cycle_s for lap in (0, 1) for at, _ in timeline.instants()]
    worst = max(gpus_in_use(environment, timeline, at) for at in instants)

    refused = any("gpus" in problem.allowed or "every instant" in problem.allowed
                  for problem in check(environment, "x"))  # fmt: skip

    assert refused == (worst > environment.slots)


def gpus_in_use(environment: Environment, timeline: Timeline, at: float) -> int:
    """Wanted workers plus those that were taken away less than their drain time ago."""
    laps = [
        (when + lap * timeline.cycle_s, ratio)
        for lap in (0, 1)
        for when, ratio in timeline.instants()
    ]
    past = [(when, ratio) for when, ratio in laps if when <= at]
    in_use = past[-1][1].total
    for (_, before), (when, after) in pairwise(past):
        for role in ROLES:
            if at - when < environment.pools.of(role).drain_s:
                in_use += max(0, before.of(role) - after.of(role))
    return in_use


@given(st.floats(-10, 1000))
def test_a_ramp_is_linear_and_stays_between_its_ends(elapsed_s: float) -> None:
    ramp = cooldown()

    rate = ramp.rps_at(elapsed_s)

    assert ramp.ramp_to_rps <= rate <= ramp.rps
    if 0 <= elapsed_s <= ramp.nominal_s:
        assert rate == pytest.approx(ramp.rps * (1 - elapsed_s / ramp.nominal_s))


def test_the_rate_is_constant_without_a_ramp() -> None:
    balanced = PROD.timeline.segments[0]

    assert {balanced.rps_at(second) for second in range(130)} == {balanced.rps}


def cooldown() -> Segment:
    return PROD.timeline.segments[-1]


def test_the_third_decode_workers_of_the_show_are_ordered_before_the_stress_ends() -> None:
    """worker_start_s before DECODE_RECOVERY begins, inside what comes before it."""
    timeline = PROD.timeline
    recovery = next(
        start
        for start, segment in zip(timeline.starts_s, timeline.segments, strict=True)
        if segment.phase.name == "DECODE_RECOVERY"
    )
    growth = [at for at, ratio in timeline.instants() if ratio.decode == 5]

    assert growth[0] == recovery - PROD.worker_start_s


def test_every_phase_has_a_colour_that_boards_know() -> None:
    assert {name.colour for name in PhaseName} <= set(COLOURS)


def test_a_phase_is_its_name_whatever_is_told_beside_it() -> None:
    assert PhaseName("KV_CACHE_DEMO") is PhaseName.KV_CACHE_DEMO == "KV_CACHE_DEMO"
    assert json.dumps(list(PhaseName)[:2]) == '["IDLE", "BALANCED"]'


# -- single values ---------------------------------------------------------------------------------


def act(**changed: object) -> Phase:
    values = {"name": "BALANCED", "duration_s": 60, "rps": 1, "mix": CALM, "ratio": PDRatio(2, 3)}
    return Phase(**values | {"narration": "look here"} | changed)


def tail(**changed: object) -> Settle:
    return Settle(**{"duration_s": 20, "rps": 1, "mix": CALM, "ratio": PDRatio(2, 2)} | changed)


def table(*acts: Phase, lead_s: float | None = 0, **more: object) -> PhaseTable:
    return PhaseTable(lead_s=lead_s, phases=acts, **more)


@pytest.mark.parametrize(
    ("make", "field", "value"),
    [
        (act, "duration_s", 0.1),
        (act, "rps", 0),
        (act, "ramp_to_rps", 0),
        (act, "guard_queued", 1),
        (tail, "duration_s", 0.1),
        (tail, "rps", 0),
        (lambda **lead: table(act(), **lead), "lead_s", 0),
        (lambda **lead: table(act(), **lead), "lead_s", None),
    ],
)
def test_a_value_at_its_limit_is_allowed(make: Any, field: str, value: object) -> None:
    assert getattr(make(**{field: value}), field) == value


@pytest.mark.parametrize(
    ("make", "field", "value"),
    [
        (act, "duration_s", 0),
        (act, "duration_s", float("inf")),
        (act, "rps", -0.1),
        (act, "ramp_to_rps", -0.1),
        (act, "guard_queued", 0),
        (act, "gate", "open"),
        (act, "raito", "2P:3D"),
        (act, "mix", 40),
        (tail, "duration_s", 0),
        (tail, "duration_s", float("nan")),
        (tail, "duration_s", float("inf")),
        (tail, "rps", -0.1),
        (tail, "narration", "unheard"),
        (lambda **lead: table(act(), **lead), "lead_s", -0.1),
        (lambda **lead: table(act(), **lead), "lead_s", float("inf")),
        (lambda **more: table(act(), **more), "leads_s", 1),
        (lambda **acts: PhaseTable(**acts), "phases", ()),
    ],
)
def test_a_value_beyond_its_limit_or_of_an_unknown_name_is_refused(
    make: Any, field: str, value: object
) -> None:
    with pytest.raises(ValidationError, match=field):
        make(**{field: value})


@pytest.mark.parametrize(
    ("made", "field"), [(act(), "rps"), (tail(), "rps"), (table(act()), "lead_s")]
)
def test_nobody_changes_a_phase_that_was_loaded(made: Any, field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, field, getattr(made, field))


def test_mix_and_ratio_are_read_and_written_as_people_write_them() -> None:
    written = act(mix="40/30/30", ratio="2P:3D")

    assert (written.mix, written.ratio) == (CALM, PDRatio(2, 3))
    dumped = written.model_dump(mode="json")
    assert (dumped["mix"], dumped["ratio"]) == ("40/30/30", "2P:3D")
    with pytest.raises(ValidationError, match="allowed: like 2P:3D"):
        act(ratio="two")


def test_what_a_phase_leaves_out_it_has_not() -> None:
    bare = act()

    assert bare.ramp_to_rps is bare.gate is bare.max_s is bare.guard_queued is bare.settle is None
    assert PhaseTable(phases=(bare,)).lead_s is None


def test_only_the_two_phases_that_overload_a_pool_are_stress() -> None:
    assert [name for name in PhaseName if name.stresses] == ["PREFILL_STRESS", "DECODE_STRESS"]


@pytest.mark.parametrize(
    ("name", "title"),
    [("PREFILL_STRESS", "Prefill stress"), ("KV_CACHE_DEMO", "KV cache demo"), ("IDLE", "Idle")],
)
def test_people_read_a_phase_as_words(name: str, title: str) -> None:
    assert phase_title(name) == title


# -- segments, exactly -----------------------------------------------------------------------------


def segments(*acts: Phase, lead_s: float = 0) -> tuple[Segment, ...]:
    return Timeline(acts, lead_s).segments


def orders(*acts: Phase, lead_s: float) -> list[list[tuple[float, str]]]:
    return [
        [(order.at_s, str(order.ratio)) for order in segment.orders]
        for segment in segments(*acts, lead_s=lead_s)
    ]


def test_a_phase_with_a_tail_is_two_segments_each_with_its_own_load() -> None:
    main, quiet = segments(act(guard_queued=7, ramp_to_rps=3, settle=tail(rps=0.5)))

    assert (main.kind, main.nominal_s, main.max_s) == ("main", 60, 60)
    assert (main.rps, main.ramp_to_rps, main.guard_queued) == (1, 3, 7)
    assert main.ratio == PDRatio(2, 3)
    assert (quiet.kind, quiet.nominal_s, quiet.max_s) == ("settle", 20, 20)
    assert (quiet.rps, quiet.ramp_to_rps, quiet.guard_queued) == (0.5, 0.5, None)
    assert (quiet.ratio, quiet.gate) == (PDRatio(2, 2), None)
    assert main.phase is quiet.phase


@pytest.mark.parametrize(
    ("gate", "max_s", "longest_s"), [("ready", 90, 90), ("ready", None, 60), (None, 90, 60)]
)
def test_only_a_gate_makes_a_segment_longer_than_planned(
    gate: str | None, max_s: float | None, longest_s: float
) -> None:
    (main,) = segments(act(gate=gate, max_s=max_s))

    assert (main.gate, main.nominal_s, main.max_s) == (gate, 60, longest_s)


def test_a_ramp_begins_and_ends_with_its_segment() -> None:
    (main,) = segments(act(rps=2, ramp_to_rps=6))

    assert [main.rps_at(at_s) for at_s in (-9, 0, 15, 60, 99)] == [2, 2, 3, 6, 6]


def test_an_order_counts_from_its_instant_on() -> None:
    first, _ = segments(act(), act(name="FULL_LOAD", ratio=PDRatio(4, 3)), lead_s=25)

    assert first.ratio_at(34.9) == PDRatio(2, 3)
    assert first.ratio_at(35 - 1e-7) == PDRatio(4, 3)
    assert first.ratio_at(35) == PDRatio(4, 3)


def test_growth_is_ordered_just_one_lead_ahead_through_other_segments_and_the_next_cycle() -> None:
    calm, full = act(), act(name="FULL_LOAD", ratio=PDRatio(4, 3))

    assert orders(calm, full, lead_s=0) == [[(0, "2P:3D")], [(0, "4P:3D")]]
    assert orders(calm, full, lead_s=25) == [[(0, "2P:3D"), (35, "4P:3D")], [(0, "4P:3D")]]
    assert orders(calm, full, lead_s=60) == [[(0, "4P:3D")], [(0, "4P:3D")]]
    assert orders(calm, calm, full, lead_s=90) == [
        [(0, "2P:3D"), (30, "4P:3D")],
        [(0, "4P:3D")],
        [(0, "4P:3D")],
    ]
    assert orders(full, calm, lead_s=25) == [[(0, "4P:3D")], [(0, "2P:3D"), (35, "4P:3D")]]


def test_a_cycle_tells_its_instants_from_its_own_start() -> None:
    timeline = Timeline((act(), act(name="FULL_LOAD", ratio=PDRatio(4, 3))), 25)

    assert (timeline.lead_s, timeline.cycle_s, timeline.starts_s) == (25, 120, (0, 60))
    assert list(timeline.instants()) == [
        (0, PDRatio(2, 3)),
        (35, PDRatio(4, 3)),
        (60, PDRatio(4, 3)),
    ]
