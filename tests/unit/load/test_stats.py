import sys
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.figures.slice_book import BLOCK_S, KEPT_S, SliceBook
from gtc_runtime.load.figures.snapshot import Gauges, Quality, Snapshot
from gtc_runtime.load.figures.stats import Tally
from gtc_runtime.load.records import FAILURES, KEYS, Outcome, RequestRecord


def record(workload="reasoning", turn=1, due_s=10.5, **more):
    return RequestRecord(workload, turn, due_s, **more)


LAST_ARRIVAL_S = 106  # due by 100, sent within 1, first token within 5


@st.composite
def ended_records(draw):
    due_s = draw(st.floats(0, 100))
    send_s = due_s + draw(st.floats(0, 1))
    outcome = draw(st.sampled_from(list(Outcome)))
    first_s = send_s + draw(st.floats(0.01, 5)) if outcome is Outcome.OK else None
    return RequestRecord(
        draw(st.sampled_from(["chat", "summarization", "reasoning"])),
        draw(st.integers(1, 5)),
        due_s,
        send_s=send_s,
        first_s=first_s,
        outcome=outcome,
    )


def count(recorder, each):
    recorder.due(each)
    recorder.sent(each)
    if each.first_s is not None:
        recorder.first_token(each, 1)
    recorder.ended(each)


@settings(deadline=None, max_examples=60)
@given(st.lists(ended_records(), max_size=30), st.integers(1, 5))
def test_every_due_request_is_in_the_book_with_one_outcome(records, every):
    recorder, book = SliceRecorder(), SliceBook()
    for number, each in enumerate(records):
        count(recorder, each)
        if number % every == 0:  # snapshots cut the story anywhere
            book.add(Snapshot.from_line(Snapshot(100.0, recorder.take()).to_line()))
    book.add(Snapshot(100.0, recorder.take()))
    totals = book.totals()["all"]
    assert totals.due == len(records) == totals.ok + totals.shed + totals.failed_total
    assert totals.open == 0
    assert book.window(0, LAST_ARRIVAL_S + 1)["all"] == totals
    for outcome in FAILURES:
        assert totals.failed.get(outcome, 0) == sum(r.outcome is outcome for r in records)


@settings(deadline=None, max_examples=60)
@given(st.lists(ended_records(), max_size=20))
def test_all_and_chat_are_the_sums_of_the_measured_keys(records):
    recorder, book = SliceRecorder(), SliceBook()
    for each in records:
        count(recorder, each)
    book.add(Snapshot(100.0, recorder.take()))
    totals, everything, chat = book.totals(), Tally(), Tally()
    for key in (key for key in KEYS if key in totals):
        everything.merge(totals[key])
        if key.startswith("chat"):
            chat.merge(totals[key])
    assert totals["all"] == everything
    assert totals["chat"] == chat


def test_an_outcome_belongs_to_the_second_in_which_the_request_was_due():
    recorder, book = SliceRecorder(), SliceBook()
    late = record(due_s=10.9, send_s=10.95, first_s=14.0, outcome=Outcome.OK)
    count(recorder, late)
    book.add(Snapshot(15.0, recorder.take()))
    due_second = book.window(10, 11)["reasoning"]
    assert (due_second.due, due_second.ok, due_second.n) == (1, 1, 1)
    assert book.window(11, 15)["reasoning"].n == 0


def test_a_gap_belongs_to_the_second_in_which_it_arrived():
    recorder, book = SliceRecorder(), SliceBook()
    recorder.gap("reasoning", 12.3, 0.03, 1)
    book.add(Snapshot(15.0, recorder.take()))
    assert book.window(12, 13)["all"].itl.n == 1
    assert book.window(10, 12)["all"].itl.n == 0


def test_a_gap_that_brought_three_tokens_counts_three_short_gaps_and_one_stall():
    recorder = SliceRecorder()
    recorder.gap("reasoning", 1.0, 0.09, 3)
    tally = recorder.take()[1]["reasoning"]
    assert (tally.itl.n, tally.stall.n, tally.tokens) == (3, 1, 3)
    assert 0.0297 < tally.itl.quantile(0.5) < 0.0303
    assert 0.089 < tally.stall.quantile(0.5) < 0.091


def test_service_ttft_counts_from_send_and_scheduled_ttft_from_due():
    recorder = SliceRecorder()
    count(recorder, record(due_s=10.0, send_s=10.5, first_s=11.0, outcome=Outcome.OK))
    tally = recorder.take()[10]["reasoning"]
    assert 0.49 < tally.ttft.quantile(0.5) < 0.51
    assert 0.99 < tally.ttft_scheduled.quantile(0.5) < 1.01
    assert 0.49 < tally.slip.quantile(0.5) < 0.51


def test_turns_of_a_chat_are_kept_apart():
    assert record("chat", 1).key == "chat_turn1"
    assert record("chat", 2).key == record("chat", 5).key == "chat_turn2plus"


def test_slices_older_than_the_horizon_are_forgotten_but_totals_are_not():
    recorder, book = SliceRecorder(), SliceBook(horizon_s=60)
    count(recorder, record(due_s=10.0, outcome=Outcome.SHED))
    book.add(Snapshot(20.0, recorder.take()))
    book.add(Snapshot(200.0))
    assert book.window(0, 100)["all"].due == 0
    assert book.totals()["all"].due == 1


def documents(book, *seconds):
    """One request a second, each in a snapshot of its own."""
    for second in seconds:
        book.add(Snapshot(second, {second: {"reasoning": Tally(due=1)}}))


def test_what_is_kept_for_a_report_outlives_the_horizon_for_a_while():
    book = SliceBook(horizon_s=60)
    documents(book, 10, 1000)
    book.keep_from(1000)
    documents(book, 1000 + KEPT_S // 2, 1000 + KEPT_S + BLOCK_S, 1000 + 2 * KEPT_S)

    assert book.window(0, 1000)["all"].due == 0
    assert book.window(1000, 1000 + KEPT_S)["all"].due == 2
    assert book.window(1000, 1000 + 3 * KEPT_S)["all"].due == 3

    book.keep_from(1000 + 2 * KEPT_S)
    documents(book, 1000 + 2 * KEPT_S + 1)
    assert book.window(0, 1000 + KEPT_S)["all"].due == 0


def test_what_comes_after_a_stop_is_not_kept_and_what_came_before_is():
    book = SliceBook(horizon_s=60)
    book.keep_from(1000)
    documents(book, 1000, 1100)
    book.keep_so_far()
    documents(book, 1200, 1900)

    assert book.window(1000, 1101)["all"].due == 2
    assert book.window(1200, 1201)["all"].due == 0


@settings(deadline=None, max_examples=60)
@given(
    st.lists(ended_records(), max_size=20), st.integers(0, 110), st.integers(0, 110), st.booleans()
)
def test_a_window_is_the_sum_of_its_seconds_however_long_it_is(records, start_s, end_s, died):
    recorder, book, apart = SliceRecorder(), SliceBook(), Tally()
    for each in records:
        recorder.due(each)
        if not died:
            count(recorder, each)
    book.add(Snapshot(100.0, recorder.take()))
    if died:
        book.settle_open()

    for second in range(start_s, end_s):
        apart.merge(book.window(second, second + 1)["all"])

    assert book.window(start_s, end_s)["all"] == apart


def test_a_phase_that_is_held_for_half_an_hour_is_hardly_dearer_to_look_at():
    book, merged = SliceBook(), []
    documents(book, *range(1800))

    def seen(frame, event, _):
        if event == "call" and frame.f_code is Tally.merge.__code__:
            merged.append(1)

    sys.setprofile(seen)
    try:
        book.window(5, 1799)
    finally:
        sys.setprofile(None)

    assert len(merged) < 1800 / BLOCK_S + 2 * BLOCK_S


def test_a_reset_forgets_everything():
    recorder, book = SliceRecorder(), SliceBook()
    count(recorder, record(outcome=Outcome.OK, send_s=10.6, first_s=11.0))
    book.add(Snapshot(20.0, recorder.take()))
    book.reset()
    assert book.totals()["all"] == Tally()


def test_a_snapshot_survives_its_journey():
    recorder = SliceRecorder()
    count(recorder, record(outcome=Outcome.STALLED, send_s=10.6))
    snapshot = Snapshot(11.0, recorder.take(), Gauges(in_flight=3), Quality("red", "late"))
    assert Snapshot.from_line(snapshot.to_line()) == snapshot


def test_a_busy_quarter_of_a_second_fits_in_eight_kilobytes():
    recorder = SliceRecorder()
    for number in range(3000):  # 12,000 chunks a second between 15 and 45 ms
        recorder.gap("reasoning", 5.1, 0.015 + number * 1e-5, 1)
    assert len(Snapshot(6.0, recorder.take()).to_line()) < 8192


def test_what_a_dead_process_left_open_is_settled_as_cancelled():
    recorder, book = SliceRecorder(), SliceBook()
    recorder.due(record())
    count(recorder, record(outcome=Outcome.OK, send_s=10.6, first_s=11.0))
    book.add(Snapshot(12.0, recorder.take()))
    book.settle_open()
    book.settle_open()
    for tally in (book.totals()["all"], book.window(10, 11)["reasoning"]):
        assert (tally.due, tally.ok, tally.failed) == (2, 1, {"cancelled": 1})


def busy_second(second: int) -> Tally:
    tally = Tally(due=40, ok=40)
    for latency in (tally.ttft, tally.itl, tally.stall, tally.tpot, tally.e2e, tally.slip):
        for index in range(60):
            latency.add(0.01 * 1.013**index)
    return tally


def test_what_arrives_late_for_a_second_that_was_put_away_is_counted():
    book = SliceBook(horizon_s=600)
    for second in range(200):
        book.add(Snapshot(second + 0.5, {second: {"reasoning": busy_second(second)}}))
    book.add(Snapshot(200.0, {7: {"reasoning": Tally(failed={"stalled": 1})}}))
    for second in range(200, 300):
        book.add(Snapshot(second + 0.5, {}))
    for window in (book.window(7, 8), book.window(0, 200)):
        assert window["reasoning"].failed == {"stalled": 1}
    assert book.window(7, 8)["reasoning"].ttft == busy_second(7).ttft


def test_seconds_that_are_put_away_take_little_room():
    book, plain = SliceBook(horizon_s=3600), busy_second(0).to_json()
    tracemalloc.start()
    for second in range(12 * BLOCK_S):
        slices = {second: {key: Tally.from_json(plain) for key in ("reasoning", "summarization")}}
        book.add(Snapshot(second + 0.5, slices))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 4e6  # 12 MB, were they kept as they are


def test_minutes_that_are_put_away_are_no_sums_in_full():
    assert room_of(12) - room_of(6) < 6 * BLOCK_S * 1000  # bytes


def room_of(blocks: int) -> int:
    """What so many blocks of busy seconds take."""
    book = SliceBook(horizon_s=3600)
    tracemalloc.start()
    for second in range(blocks * BLOCK_S):
        plain = busy_second(second).to_json()
        book.add(Snapshot(second + 0.5, {second: {"reasoning": Tally.from_json(plain)}}))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def test_what_is_read_again_and_again_shares_its_numbers():
    plain = busy_second(0).to_json()
    one, other = (list(Tally.from_json(plain).ttft.buckets) for _ in range(2))
    assert list(map(id, one)) == list(map(id, other))


def test_only_what_arrived_lately_is_held_as_it_is():
    assert held_after(60, drawn_s=4) - held_after(20, drawn_s=4) < 40 * 1500  # bytes
    assert held_after(60, drawn_s=4) < held_after(60, drawn_s=60) / 4


def held_after(seconds: int, drawn_s: float) -> int:
    """Bytes that busy seconds take whose requests end half a minute after they were due."""
    book = SliceBook(horizon_s=3600, drawn_s=drawn_s)
    tracemalloc.start()
    for second in range(seconds):
        plain = busy_second(second).to_json()
        slices = {second: {"reasoning": Tally.from_json(plain)}}
        if second >= 30:
            slices[second - 30] = {"reasoning": Tally(failed={"stalled": 1})}
        book.add(Snapshot(second + 0.5, slices))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def test_goodput_is_a_share_of_what_has_ended_and_unknown_before_that():
    assert Tally(due=1).good_share is None
    assert Tally(due=1, failed={"timeout": 1}).good_share == 0.0
    assert Tally(due=9, ok=4, good=3, shed=1, failed={"timeout": 1}).good_share == 0.5


def test_a_tally_reads_back_all_that_it_wrote():
    recorder = SliceRecorder()
    whole = record(send_s=10.5, first_s=11.0, last_s=11.5, prompt_tokens=70, tokens=9)
    whole.outcome = Outcome.OK
    count(recorder, whole)
    tally = Tally()
    for tallies in recorder.take().values():
        tally.merge(tallies["reasoning"])
    assert tally.isl.n == tally.osl.n == 1
    assert Tally.from_json(tally.to_json()) == tally
