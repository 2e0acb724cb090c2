"""A run is recorded, and read again as it was shown."""

import errno
import gzip
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gtc_runtime.recording import folder as folders
from gtc_runtime.recording import format as form
from gtc_runtime.recording import recorder as recorders
from gtc_runtime.recording.cycles import find_cycles
from gtc_runtime.recording.folder import folder, recordings
from gtc_runtime.recording.format import change, changed, facts
from gtc_runtime.recording.lock import is_locked
from gtc_runtime.recording.reader import read
from gtc_runtime.recording.recorder import Recorder
from gtc_runtime.told import AnswerView, ClaimView, DotView
from gtc_runtime.view import EventView, PhaseView
from gtc_spec.environment import ENVIRONMENTS, Environment, load
from gtc_spec.errors import UsageError
from tests.browser.still_demo import calm_view

NOON = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture(scope="module")
def environment():
    return load("prod")


def second(environment, number, **fields):
    """The view of a second of a run, with an event every ten seconds."""
    at = NOON + timedelta(seconds=number)
    events = tuple(
        EventView((NOON + timedelta(seconds=n)).isoformat(), "info", f"second {n}")
        for n in range(0, number + 1, 10)
    )
    view = calm_view(environment)
    load_ = replace(view.load, in_flight=number)
    return replace(
        view, at=at.isoformat(), uptime_s=float(number), load=load_, events=events, **fields
    )


def record(path, environment, views, *, end=True):
    clock, told = Clock(), []
    recorder = Recorder(path, environment, told.append, clock)
    for view in views:
        while recorder._thread.is_alive() and recorder._views.qsize() > 20:
            time.sleep(0.001)
        recorder.see(view)
        clock.now_s += 1
    if end:
        recorder.close()
    return told


def newest(state_dir):
    return read(recordings(state_dir)[0])


def has_view(state_dir, at_s):
    try:
        return newest(state_dir).length_s >= at_s
    except (IndexError, UsageError):
        return False  # not begun


@pytest.fixture
def state_dir(tmp_path):
    return tmp_path / "state"


def test_every_second_is_read_as_it_was_shown(state_dir, environment):
    views = [second(environment, number) for number in range(130)]
    record(folder(state_dir), environment, views)
    found = newest(state_dir)

    for number in (0, 1, 59, 60, 61, 129, 5):
        shown = found.view(number + 0.5)
        assert replace(shown, recorded="") == views[number]
        assert shown.recorded == found.header.started
    assert found.length_s == 129
    assert found.ended


def test_a_line_a_second_is_kept_of_four_views(state_dir, environment):
    clock = Clock()
    recorder = Recorder(folder(state_dir), environment, print, clock)
    for quarter in range(41):
        recorder.see(replace(second(environment, quarter), events=()))
        clock.now_s += 0.25
    recorder.close()

    assert [at_s for at_s, _ in newest(state_dir).views()] == list(range(11))


def test_an_event_is_written_at_once_because_the_panel_may_die_before_the_next_second(
    state_dir, environment
):
    clock = Clock()
    recorder = Recorder(folder(state_dir), environment, print, clock)
    for number in (0, 10):
        recorder.see(second(environment, number))
        clock.now_s += 0.25
    recorder.close()

    assert [event.text for _, event in newest(state_dir).events] == ["second 0", "second 10"]


def test_a_burst_of_events_leaves_no_second_out(state_dir, environment):
    clock = Clock()
    recorder = Recorder(folder(state_dir), environment, print, clock)
    for quarter in range(41):
        recorder.see(second(environment, 10 * min(quarter, 7)))
        clock.now_s += 0.25
    recorder.close()

    assert set(range(11)) <= {at_s for at_s, _ in newest(state_dir).views()}


def test_every_event_is_written_once(state_dir, environment):
    record(folder(state_dir), environment, [second(environment, n) for n in range(65)])
    found = newest(state_dir)

    assert [event.text for _, event in found.events] == [f"second {n}" for n in range(0, 61, 10)]
    assert [event.text for event in found.view(25).events] == ["second 0", "second 10", "second 20"]


def test_texts_of_answers_are_not_in_the_file(state_dir, environment):
    view = second(environment, 0)
    answer = AnswerView("chat", "the secret of the house", 5)
    record(
        folder(state_dir), environment, [replace(view, load=replace(view.load, answer=answer))] * 3
    )

    assert b"secret" not in gzip.decompress(recordings(state_dir)[0].read_bytes())
    assert newest(state_dir).view(1).load.answer is None


def test_dots_and_claims_come_back(state_dir, environment):
    dots = [DotView(1000 + n, 100.0 + n, "chat") for n in range(20)]
    claim = ClaimView("PREFILL_RECOVERY", "held", "2.6 s", "6x", "at most 2", 1.5, 2.0)
    views = [
        replace(view, load=replace(view.load, dots=tuple(dots[n : n + 5])), claims=(claim,))
        for n, view in enumerate(second(environment, number) for number in range(10))
    ]
    record(folder(state_dir), environment, views)

    assert newest(state_dir).view(7).load.dots == tuple(dots[7:12])
    assert newest(state_dir).view(7).claims == (claim,)


def test_a_recording_that_a_crash_cut_off_is_read_up_to_there(state_dir, environment):
    record(folder(state_dir), environment, [second(environment, n) for n in range(100)])
    path = recordings(state_dir)[0]
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 9 // 10])
    found = newest(state_dir)

    assert not found.ended
    assert 60 < found.length_s < 99
    assert found.view(60).uptime_s == 60


def test_what_was_seen_is_on_disk_before_the_end(state_dir, environment):
    record(folder(state_dir), environment, [second(environment, n) for n in range(5)], end=False)
    give_up = time.monotonic() + 10
    while not has_view(state_dir, 4):
        assert time.monotonic() < give_up
        time.sleep(0.02)

    assert newest(state_dir).view(4).uptime_s == 4
    assert not newest(state_dir).ended


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path, environment):
    blocked = tmp_path / "state"
    blocked.write_text("a file where the folder should be")
    told = record(folder(blocked), environment, [second(environment, n) for n in range(5)])

    assert len(told) == 1
    assert "not recorded any more" in told[0]


class FullDisk:
    """A file on a disk that takes no more after so many bytes; what is cut off is free again."""

    def __init__(self, file, size):
        self._file, self._size = file, size

    def write(self, content):
        free = self._size - self._file.tell()
        if free <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(content[:free])

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_a_recording_that_filled_the_disk_gets_its_end_and_can_be_read(
    state_dir, environment, monkeypatch
):
    made = recorders._File.__init__
    monkeypatch.setattr(
        recorders._File,
        "__init__",
        lambda self, file, header: made(self, FullDisk(file, 12_000), header),
    )
    views = [second(environment, number) for number in range(600)]
    told = record(folder(state_dir), environment, views)
    found = newest(state_dir)

    assert len(told) == 1
    assert found.ended
    assert 60 <= found.length_s < 599
    assert found.view(60).uptime_s == 60


def test_whatever_goes_wrong_in_the_recorder_is_told_once_and_the_file_is_ended(
    state_dir, environment, monkeypatch
):
    plain, seen = form.plain, []

    def broken(view):
        seen.append(view)
        if len(seen) > 70:
            raise RuntimeError("nobody thought of this")
        return plain(view)

    monkeypatch.setattr(form, "plain", broken)
    told = record(folder(state_dir), environment, [second(environment, n) for n in range(80)])

    assert told == ["not recorded any more: RuntimeError: nobody thought of this"]
    assert newest(state_dir).ended


def test_a_file_is_locked_while_it_is_written(state_dir, environment):
    recorder = Recorder(folder(state_dir), environment, print, Clock())
    recorder.see(second(environment, 0))
    give_up = time.monotonic() + 10
    while not has_view(state_dir, 0):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    path = recordings(state_dir)[0]
    while_written = is_locked(path)
    recorder.close()

    assert (while_written, is_locked(path)) == (True, False)


def test_the_oldest_files_go_when_the_folder_is_full(state_dir, environment, monkeypatch):
    monkeypatch.setattr(folders, "KEPT_BYTES", 5000)
    folder(state_dir).mkdir(parents=True)
    for day in ("01", "02", "03"):
        (folder(state_dir) / f"2026-01-{day}T00-00-00.0-prod.jsonl.gz").write_bytes(b"x" * 2000)
    record(folder(state_dir), environment, [second(environment, 0)])

    kept = [path.name[:10] for path in recordings(state_dir)[1:]]
    assert kept == ["2026-01-03", "2026-01-02"]


def test_a_file_that_grew_large_is_followed_by_another(state_dir, environment, monkeypatch):
    monkeypatch.setattr(recorders, "FILE_BYTES", 2000)
    record(folder(state_dir), environment, [second(environment, n) for n in range(120)])
    files = [read(path) for path in reversed(recordings(state_dir))]

    assert len(files) > 1
    assert all(each.ended for each in files)
    assert [view.uptime_s for each in files for _, view in each.views()] == list(range(120))


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize("scale", [1, 0.1])
def test_an_environment_survives_its_recording(name, scale):
    made = load(name).scaled(scale)
    again = Environment.model_validate(json.loads(json.dumps(facts(made))))

    assert again.digest == made.digest
    assert again == made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}),
        ({"a": {}}, {"a": {"x": 1}}),
        ({"a": {"x": 1}}, {"a": None}),
        ({"a": None}, {"a": {"x": 1}}),
        ({"a": [1, 2, 3]}, {"a": [2, 3, 4]}),
        ({"a": [1, 2]}, {"a": []}),
        ({"a": []}, {"a": [{"x": 1}]}),
        ({"a": [1, 1, 2]}, {"a": [1, 2, 3]}),
        ({"a": {"x": {"=": 1}}}, {"a": {"y": {"~": [1, []]}}}),
    ],
)
def test_a_change_makes_the_new_of_the_old(old, new):
    assert changed(old, json.loads(json.dumps(change(old, new)))) == new


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no recording"),
        (b"hello", "is no recording"),
        (b'{"recording": 7, "gtc": "9"}', "allowed: 1"),
        (b'{"recording": 1}', "broken header"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(tmp_path, content, sentence):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=sentence):
        read(path)


@pytest.mark.parametrize(
    ("old", "new"), [(b'"kind":"info"', b'"kind":"gossip"'), (b'"mode":"manual"', b'"mode":"x"')]
)
def test_views_of_another_version_are_refused_in_one_line(state_dir, environment, old, new):
    record(folder(state_dir), environment, [second(environment, 0)])
    path = recordings(state_dir)[0]
    path.write_bytes(gzip.decompress(path.read_bytes()).replace(old, new))

    with pytest.raises(UsageError, match="that this version cannot read"):
        read(path)


def test_a_file_that_was_cut_off_before_its_first_view_is_refused(state_dir, environment):
    record(folder(state_dir), environment, [second(environment, 0)])
    path = recordings(state_dir)[0]
    path.write_bytes(gzip.decompress(path.read_bytes()).split(b"\n")[0])

    with pytest.raises(UsageError, match="no view"):
        read(path)


def show(environment, indices):
    last = len(environment.timeline.segments) - 1
    for number, index in enumerate(indices):
        ends_in_s = 1.0 if index == last else 30.0
        name = "IDLE" if index is None else str(environment.timeline.segments[index].phase.name)
        phase = PhaseView(name, index=index, ends_in_s=ends_in_s)
        yield second(environment, number, phase=phase)


def test_cycles_are_found_with_their_ends(state_dir, environment):
    last = len(environment.timeline.segments) - 1
    indices = [None, 0, 0, 3, last, 0, 2, None, 2, 4, None, None]
    record(folder(state_dir), environment, show(environment, indices))
    first, second_ = newest(state_dir).cycles

    assert (first.start_s, first.end_s, first.told_s, first.whole) == (1, 4, 4, True)
    assert (second_.start_s, second_.end_s, second_.told_s, second_.whole) == (5, 9, 11, False)


def played(*seen):
    """Times and phases as they are recorded: index, seconds in it, seconds left, cycles done."""
    names = ("index", "elapsed_s", "ends_in_s", "cycle")
    return [(float(at_s), dict(zip(names, each, strict=True))) for at_s, each in enumerate(seen)]


def found_in(*seen):
    return list(find_cycles(played(*seen), 9, len(seen) - 1.0))


def test_a_stop_in_the_first_phase_that_was_taken_back_begins_no_cycle():
    stopped = (None, 0.0, None, 0)
    (cycle,) = found_in((0, 0, 60, 0), (0, 20, 40, 0), stopped, (0, 19.5, 40, 0), (8, 40, 1, 0))

    assert (cycle.start_s, cycle.end_s, cycle.whole) == (0, 4, True)


def test_a_show_begun_anew_in_its_first_phase_is_another_cycle():
    stopped = (None, 0.0, None, 0)
    first, second_ = found_in((0, 0, 60, 0), (0, 20, 40, 0), stopped, (0, 0.4, 60, 0))

    assert [each.start_s for each in (first, second_)] == [0, 3]


def test_a_show_whose_last_phase_was_left_early_is_whole():
    last = (8, 3, 57, 0)
    over = [found_in((0, 0, 60, 0), last, after) for after in ((0, 0, 60, 1), (None, 0, None, 1))]
    stopped = found_in((0, 0, 60, 0), last, (None, 0, None, 0))

    assert [cycles[0].whole for cycles in (*over, stopped)] == [True, True, False]


def test_a_cycle_that_is_seen_from_the_middle_of_its_first_phase_is_not_whole():
    (cycle,) = found_in((0, 30, 30, 0), (8, 40, 1, 0))

    assert not cycle.whole


def test_a_phase_is_found_by_its_name(state_dir, environment):
    record(folder(state_dir), environment, show(environment, [None, 0, 0, 3, 4]))
    found = newest(state_dir)
    name = found.view(3).phase.name

    assert found.start_of(name) == 3
    with pytest.raises(UsageError, match=f"allowed: IDLE, BALANCED, {name}"):
        found.start_of("NOWHERE")
