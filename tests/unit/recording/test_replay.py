"""A recording is played as a demo: same views, no commands, and the panel's own demo beside it."""

import asyncio
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gtc_panel.bridge import Bridge
from gtc_panel.recorded.replay import Replay
from gtc_panel.recorded.screen import Screen
from gtc_panel.rest import routes
from gtc_runtime.actor import Actor
from gtc_runtime.recording.choice import Choice, newest, whole_show
from gtc_runtime.recording.folder import folder, packaged, recordings
from gtc_runtime.recording.reader import read
from gtc_spec.environment import load
from gtc_spec.errors import GtcError, UsageError
from tests.browser.still_demo import StillDemo
from tests.unit.recording.test_recording import Clock, record, second, show

BY = Actor("page", "127.0.0.1")


@pytest.fixture(scope="module")
def environment():
    return load("prod")


@pytest.fixture(scope="module")
def path(tmp_path_factory, environment):
    """Half a minute without a show."""
    state_dir = tmp_path_factory.mktemp("state")
    record(folder(state_dir), environment, [second(environment, n) for n in range(31)])
    return recordings(state_dir)[0]


def replay(path, clock, **options):
    return Replay(read(path), clock=clock, **options)


def test_a_replay_shows_what_was_shown_at_that_time(path):
    clock = Clock()
    played = replay(path, clock)
    clock.now_s += 12.4

    assert played.view().uptime_s == 12
    assert played.view().recorded


def test_a_replay_runs_faster_from_where_it_is_told(path):
    clock = Clock()
    played = replay(path, clock, speed=4, from_s=10)
    clock.now_s += 2

    assert played.view().uptime_s == 18
    assert [view.uptime_s for view in played.past()] == list(range(10))


@pytest.mark.parametrize("speed", [1, 4, 20, 60])
def test_a_replay_leaves_out_no_second_however_fast_it_runs(path, speed):
    clock = Clock()
    played = replay(path, clock, speed=speed, from_s=5)
    told = []
    for _ in range(int(25 / speed / 0.5) + 2):
        told += [view.uptime_s for view in played.news()]
        clock.now_s += 0.5

    assert sorted(set(told)) == list(range(5, 31))
    assert told == sorted(told)


def test_the_charts_of_a_fast_replay_have_no_gap_and_each_row_reaches_a_page_once(path):
    clock = Clock()
    played = replay(path, clock, speed=20)
    bridge, told = Bridge(played), []
    for _ in range(3):
        told += bridge.sample().rows
        clock.now_s += 0.5

    assert [row.ttft_p95_s for row in bridge.rows] == [1.24] * 21
    assert told == list(bridge.rows)


def test_a_fast_replay_that_begins_again_meanwhile_begins_the_charts_anew(path):
    clock = Clock()
    played = replay(path, clock, speed=20)
    bridge = Bridge(played)
    clock.now_s += 1
    first = bridge.sample()
    clock.now_s += 4
    again = bridge.sample()

    assert again.story != first.story
    begin_ms = bridge.rows[0].at_ms
    assert [(row.at_ms - begin_ms) / 1000 for row in bridge.rows] == list(range(11))


def test_a_replay_begins_again_after_its_end_has_been_seen(path):
    clock = Clock()
    played = replay(path, clock, from_s=5)
    clock.now_s += 26
    at_the_end = played.view().uptime_s
    clock.now_s += 2

    assert (at_the_end, played.view().uptime_s) == (30, 5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"speed": 0}, "speed 0"), ({"speed": 999}, "0.1 to 60"), ({"from_s": 99}, "0 to 30 s")],
)
def test_a_replay_out_of_range_is_refused(path, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        replay(path, Clock(), **options)


async def test_a_replay_takes_no_command(path):
    played = replay(path, Clock())
    commands = [played.start_load, played.stop_load, played.auto, played.reset, played.extend]

    for command in commands:
        with pytest.raises(GtcError, match="takes no commands"):
            await command(by=BY)


def test_a_replay_answers_questions_and_refuses_commands_over_rest(path):
    app = FastAPI()
    routes.attach_questions(app, replay(path, Clock()))
    client = TestClient(app)

    assert client.get("/api/status").json()["recorded"]
    assert client.get("/readyz").text == "ok"
    for command in ("/api/workload/start", "/api/reset", "/api/scenario/auto"):
        refused = client.post(command, json={})
        assert refused.status_code == 409
        assert "takes no commands" in refused.json()["error"]


@pytest.fixture
def own():
    return StillDemo()


@pytest.fixture
def screen(own, path):
    return Screen(own, Bridge(own), lambda: Choice(read(path), path))


async def test_a_recording_is_shown_in_place_of_the_demo_and_the_demo_again(screen):
    live = screen.view()
    await screen.play()
    recorded = screen.view()
    await screen.back()

    assert recorded.recorded
    assert not live.recorded
    assert not screen.view().recorded


async def test_stop_reaches_the_demo_while_a_recording_is_shown(screen, own):
    await screen.play()
    await screen.stop_load(by=BY)

    assert own.commands == ["stop"]


async def test_every_other_command_is_refused_while_a_recording_is_shown(screen, own):
    await screen.play()
    with pytest.raises(GtcError, match="takes no commands"):
        await screen.auto(by=BY)
    await screen.back()
    await screen.auto(by=BY)

    assert own.commands == ["auto"]


async def test_a_panel_without_recordings_says_so(own):
    with pytest.raises(GtcError, match="no recording to play"):
        await Screen(own, Bridge(own)).play()


def test_the_whole_show_is_chosen_before_a_newer_piece_of_one(tmp_path, environment):
    last = len(environment.timeline.segments) - 1
    record(folder(tmp_path), environment, show(environment, [None, 0, 3, last, None]))
    record(folder(tmp_path), environment, show(environment, [None, 0, 3, None]))
    chosen = whole_show(tmp_path, environment)

    assert chosen.path == recordings(tmp_path)[1]
    assert (chosen.from_s, chosen.until_s) == (1, 4)
    assert newest(tmp_path).path == recordings(tmp_path)[0]


def test_a_broken_recording_is_passed_over(tmp_path, environment):
    record(folder(tmp_path), environment, [second(environment, 0)])
    (folder(tmp_path) / "2099-01-01T00-00-00.0-prod.jsonl.gz").write_bytes(b"\x1f\x8bnot gzip")

    assert newest(tmp_path).path == recordings(tmp_path)[1]


async def test_pages_are_drawn_anew_when_another_source_is_shown(own, path):
    bridge = Bridge(own)
    stories = []
    bridge.ticks.subscribe(lambda tick: stories.append(tick.story))
    screen = Screen(own, bridge, lambda: Choice(read(path), path))
    own.change(at=replace(own.now).at)
    await screen.play()
    await asyncio.sleep(0)
    await screen.back()

    assert stories[0] != stories[1] == bridge.latest.story


def whole(environment):
    last = len(environment.timeline.segments) - 1
    return show(environment, [0, 3, last])


def test_the_show_of_this_very_demo_comes_before_a_newer_one_of_its_name_or_of_another(tmp_path):
    environment, faster, dev = load("prod"), load("prod").scaled(0.1), load("dev")
    for recorded in (environment, faster, dev):
        record(folder(tmp_path), recorded, whole(recorded))

    newest_first = recordings(tmp_path)
    assert whole_show(tmp_path, environment).path == newest_first[2]
    assert whole_show(tmp_path, load("prod").scaled(0.5)).path == newest_first[1]


def test_the_show_of_another_environment_is_not_played_for_ones_own(tmp_path):
    record(folder(tmp_path), load("dev"), whole(load("dev")))

    assert whole_show(tmp_path, load("prod")).path in packaged()


def test_one_whole_show_is_packaged_for_who_has_none(tmp_path, environment):
    chosen = whole_show(tmp_path, environment)

    assert chosen.path.stat().st_size < 500_000
    assert chosen.recording.environment.digest == chosen.recording.header.digest
    assert chosen.recording.header.environment == "prod"
