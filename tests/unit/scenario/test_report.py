"""The report of a cycle: latencies cut by phase, outcomes that add up."""

from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.figures.histogram import Histogram
from gtc_runtime.load.figures.slice_book import SliceBook
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.records import KEYS, STAT_KEYS
from gtc_runtime.scenario import report
from gtc_runtime.scenario.cycle_log import CycleLog
from gtc_spec.pools import PDRatio
from tests.unit.scenario.show import COOLDOWN_AT, RECOVERY_AT, SETTLE_AT, SHOW, STRESS_AT


def cycle() -> CycleLog:
    """STRESS 0-60, RECOVERY 60-130 with its settle tail to 150, COOLDOWN 150-180."""
    log = CycleLog()
    log.pools(0, PDRatio(2, 3), PDRatio(2, 3))
    for at, index in ((0, STRESS_AT), (60, RECOVERY_AT), (130, SETTLE_AT), (150, COOLDOWN_AT)):
        log.enter(SHOW.segments[index], at)
    log.close(180)
    return log


def book(slices: dict[int, dict[str, Tally]]) -> SliceBook:
    filled = SliceBook()
    filled.add(Snapshot(180.0, slices))
    return filled


def ttft(*seconds: float) -> Tally:
    return Tally(due=len(seconds), ok=len(seconds), ttft=Histogram(seconds))


def test_latencies_lie_in_the_phase_in_which_their_request_was_due() -> None:
    stress, recovery, _ = report.phases(
        cycle(),
        book({59: {"summarization": ttft(1.0)}, 60: {"summarization": ttft(2.0)}}),
    )

    assert close(stress["ttft_ms"]["summarization"]["p50"], 1000)
    assert close(recovery["ttft_ms"]["summarization"]["p50"], 2000)


def test_a_settle_tail_counts_in_outcomes_and_not_in_latencies() -> None:
    recovery = report.phases(cycle(), book({135: {"reasoning": ttft(9.0)}}))[1]

    assert recovery["requests"]["due"] == 1
    assert recovery["ttft_ms"]["reasoning"] == {"n": 0, "p50": None, "p95": None, "p99": None}
    assert recovery["length_s"] == 90


def test_the_tail_holds_only_the_last_half_minute_of_the_main_part() -> None:
    recovery = report.phases(
        cycle(), book({at: {"summarization": ttft(at / 10)} for at in range(60, 150)})
    )[1]

    assert recovery["ttft_ms"]["summarization"]["n"] == 70
    assert recovery["ttft_ms_tail"]["summarization"]["n"] == 30
    assert close(recovery["ttft_ms_tail"]["summarization"]["p99"], 12_900)


def test_a_quantile_of_nothing_is_none_and_not_zero() -> None:
    assert report.quantiles(Histogram()) == {"n": 0, "p50": None, "p95": None, "p99": None}


def test_every_phase_tells_its_load_and_its_workers() -> None:
    stress = report.phases(cycle(), book({}))[0]

    assert stress["name"] == "PREFILL_STRESS"
    assert stress["mix"] == {"chat": 0, "summarization": 100, "reasoning": 0}
    assert stress["rps"] == 2
    assert stress["pools"]["decode"] == {"desired": [3], "ready": [3]}
    assert set(stress["ttft_ms"]) == set(stress["itl_ms_tail"]) == set(STAT_KEYS)


def test_the_sums_over_chat_and_over_everything_are_reported() -> None:
    stress = report.phases(
        cycle(), book({5: {"chat_turn1": ttft(1.0), "chat_turn2plus": ttft(1.0, 1.0)}})
    )[0]

    assert stress["ttft_ms"]["chat"]["n"] == stress["ttft_ms"]["all"]["n"] == 3


def test_how_late_the_client_was_is_told_for_each_phase() -> None:
    slow = Tally(due=1, slip=Histogram([0.5]))

    stress, recovery, _ = report.phases(cycle(), book({5: {"reasoning": slow}}))

    assert close(stress["slip_ms_p99"], 500)
    assert recovery["slip_ms_p99"] is None


counts = st.integers(0, 20)
tallies = st.builds(
    lambda ok, shed, cut, slow: Tally(
        due=ok + shed + cut + slow, ok=ok, shed=shed, failed={"cut": cut, "slow": slow}
    ),
    counts,
    counts,
    counts,
    counts,
)


@given(st.dictionaries(st.integers(0, 179), st.dictionaries(st.sampled_from(KEYS), tallies)))
def test_outcomes_of_all_phases_add_up_to_the_totals(
    slices: dict[int, dict[str, Tally]],
) -> None:
    filled = book(slices)
    phases = [phase["requests"] for phase in report.phases(cycle(), filled)]
    total = filled.totals()["all"]

    for each in phases:
        assert each["due"] == each["ok"] + each["shed"] + sum(each["failed"].values())
    assert sum(each["due"] for each in phases) == total.due
    assert sum(each["ok"] for each in phases) == total.ok
    assert sum(sum(each["failed"].values()) for each in phases) == total.failed_total


def close(value: float, wanted: float) -> bool:
    """Within the width of a histogram bucket."""
    return abs(value - wanted) <= 0.01 * wanted
