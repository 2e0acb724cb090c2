"""One recorded cycle as a page to take home."""

import re
from dataclasses import replace

import pytest

from gtc_cli.main import main
from gtc_cli.recordings import report
from gtc_cli.recordings.curve import curve
from gtc_cli.recordings.story import story
from gtc_runtime.recording.folder import folder, recordings
from gtc_runtime.recording.reader import read
from gtc_runtime.told import ClaimView, ComparedView, TwinView
from gtc_runtime.view import EventView
from gtc_spec.environment import load
from gtc_spec.errors import UsageError
from tests.unit.recording.test_recording import record, show

CLAIM = ClaimView(
    "PREFILL_RECOVERY",
    "held",
    "TTFT p95 15.9 s -> 2.6 s, 41 s after +2 prefill workers",
    "6.1x",
    "workload-B ttft p95 of the tail over BALANCED <= 2",
    1.234,
    2.0,
)
FAILED = replace(CLAIM, phase="DECODE_STRESS", state="failed", text="ITL p95 <script>", value=None)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Two cycles, of which the second is not whole, in a rehearsal of prod."""
    environment = load("prod")
    last = len(environment.timeline.segments) - 1
    views = list(show(environment, [None, 0, 1, 2, 3, last, 0, 1, None]))
    views[5] = replace(views[5], claims=(CLAIM, FAILED))
    pressed = EventView(views[3].at, "info", "auto mode", "page 10.0.0.7")
    views[3] = replace(views[3], events=(*views[3].events, pressed))
    state_dir = tmp_path_factory.mktemp("state")
    record(folder(state_dir), environment, views)
    return recordings(state_dir)[0]


def test_the_last_whole_cycle_is_told_with_its_claims(path):
    told = story(read(path), None)

    assert (told.number, told.of, told.whole) == (1, 2, True)
    assert told.claims == (CLAIM, FAILED)
    assert [at_s for at_s, _ in told.views] == [0, 1, 2, 3, 4]


def test_a_cycle_is_chosen_by_its_number(path):
    assert story(read(path), 2).claims == ()
    with pytest.raises(UsageError, match="cycle 3, allowed: 1 to 2"):
        story(read(path), 3)


def told_of(state_dir, views):
    record(folder(state_dir), load("prod"), views)
    recording = read(recordings(state_dir)[0])
    return recording, story(recording, None)


def test_what_was_added_by_hand_after_the_show_is_no_claim_of_it(tmp_path):
    environment = load("prod")
    last = len(environment.timeline.segments) - 1
    views = list(show(environment, [0, 1, last, None, None]))
    views[2] = replace(views[2], claims=(CLAIM,))
    views[3] = replace(views[3], claims=(CLAIM,))
    views[4] = replace(views[4], claims=(CLAIM, replace(FAILED, phase="IDLE")))

    assert told_of(tmp_path, views)[1].claims == (CLAIM,)


def test_a_stop_that_was_taken_back_is_no_phase(tmp_path):
    environment = load("prod")
    last = len(environment.timeline.segments) - 1
    views = list(show(environment, [0, 3, None, 3, last]))
    _, told = told_of(tmp_path, views)

    assert [act.name for act in told.acts] == ["Balanced", "Prefill recovery", "Cooldown"]


@pytest.mark.parametrize(("rps", "written"), [(1.25, "1.25"), (105.0, "105"), (0.8, "0.80")])
def test_rates_are_written_with_three_figures(tmp_path, rps, written):
    environment = load("prod")
    views = [
        replace(view, load=replace(view.load, rps=rps)) for view in show(environment, [0, 1, 2])
    ]
    page = report.page(*told_of(tmp_path, views))

    assert f"<td>{written}</td>" in page


def test_the_page_holds_claims_curves_and_who_pressed(path, tmp_path, capsys):
    output = tmp_path / "home.html"

    assert main(["report", str(path), "-o", str(output)]) == 0
    page = output.read_text()
    assert CLAIM.text.replace(">", "&gt;") in page
    assert "found 1.23" in page
    assert "Simulated GPUs" in page
    assert "page 10.0.0.7" in page
    assert page.count("<svg") == 2
    assert "1 of 2 claims held" in capsys.readouterr().out


def test_the_page_needs_no_other_file_and_runs_nothing(path, tmp_path):
    main(["report", str(path), "-o", str(tmp_path / "home.html")])
    page = (tmp_path / "home.html").read_text()

    assert re.findall(r"(?:src|href|url)\s*[=(]", page) == []
    assert "<script" not in page


def test_a_page_that_cannot_be_written_is_told_in_one_line(path, tmp_path, capsys):
    assert main(["report", str(path), "-o", str(tmp_path / "no" / "home.html")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_a_recording_without_a_show_has_no_report(tmp_path, capsys):
    environment = load("prod")
    record(folder(tmp_path), environment, show(environment, [None, None]))

    assert main(["report", "--state-dir", str(tmp_path), "-o", str(tmp_path / "x.html")]) == 2
    assert "no show in this recording" in capsys.readouterr().err


def test_a_time_without_figures_is_a_gap_in_the_curve():
    points = [(0, 100.0), (1, 200.0), (2, None), (3, 100.0), (4, 150.0)]
    drawn = curve("TTFT", "blue", (points, points), 120.0, [("Balanced", 0.0)], 4).svg()

    assert [path.count("M") for path in re.findall(r"<path d='([^']*)'", drawn)] == [2, 2]


def test_what_the_twin_predicted_of_a_cycle_is_told_beside_what_was_measured(tmp_path):
    last = len(load("prod").timeline.segments) - 1
    views = list(show(load("prod"), [0, 1, last, None, None]))
    figure = ComparedView("PREFILL_STRESS", "TTFT p95", 20_000.0, 17_000.0, 0.15)
    views[3] = replace(views[3], twin=TwinView("ready", off=0.15, compared=(figure,), cycle=0))
    recording, told = told_of(tmp_path, views)

    assert told.twin == (figure,)
    written = report.page(recording, told)
    assert "within 15 %" in written
    assert "17.0 s" in written


def test_what_was_compared_of_another_cycle_is_not_told_of_this_one(tmp_path):
    last = len(load("prod").timeline.segments) - 1
    views = list(show(load("prod"), [0, 1, last, None, None]))
    figure = ComparedView("PREFILL_STRESS", "TTFT p95", 20_000.0, 17_000.0, 0.15)
    views[3] = replace(views[3], twin=TwinView("ready", off=0.15, compared=(figure,), cycle=7))
    recording, told = told_of(tmp_path, views)

    assert told.twin == ()
    assert "twin" not in report.page(recording, told)
