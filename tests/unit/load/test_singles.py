"""Single requests and one live answer, out of the engine beside its statistics."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.answer.live_answer import PATIENCE_S, READ_S, TEXT_MAX, LiveAnswer, readable
from gtc_runtime.load.answer.sse import EventStream
from gtc_runtime.load.engine import SINGLES_RPS_MAX
from gtc_runtime.load.figures.recorder import SliceRecorder
from gtc_runtime.load.figures.singles import AT_ONCE_MAX, RECENT_S, RecentSingles, Single
from gtc_runtime.load.figures.snapshot import Snapshot
from gtc_runtime.load.records import RequestRecord
from gtc_runtime.load.shard import combined
from gtc_spec.workloads import WorkloadMix
from tests.unit.load.conftest import HEAD, answer, chunk, frame

CHAT = WorkloadMix(100, 0, 0)
SUMMARIES = WorkloadMix(0, 100, 0)


def slow(words, pause_s=0.05):
    """Streams words one by one, each in a frame and a read of its own."""

    async def script(writer, body):
        writer.write(HEAD)
        writer.write(chunk(frame(None)))
        for word in words:
            writer.write(chunk(frame(word)))
            await asyncio.sleep(pause_s)
        writer.write(chunk(frame("", finish="stop")))
        writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    return script


async def test_at_a_low_rate_each_first_token_is_told_with_when_it_was_due(
    core, server, settings, running
):
    async with running(settings(server.url, singles=True)) as run:
        await run.load(0.8, rps=SINGLES_RPS_MAX)
        singles = run.snapshot().singles
    assert len(singles) >= 5
    by_due = {record.due_s: record for record in run.records}
    for single in singles:
        assert single.ttft_s == by_due[single.due_s].ttft_s
        assert single.key == "reasoning"


async def test_each_request_is_told_once(server, settings, running):
    async with running(settings(server.url, singles=True)) as run:
        told = []
        for _ in range(4):
            await run.load(0.2, rps=10)
            told += run.snapshot().singles
        told += run.snapshot().singles
    assert len(told) == len(set(told)) >= 5


async def test_at_a_high_rate_there_are_statistics_only(server, settings, running):
    async with running(settings(server.url, singles=True)) as run:
        await run.load(0.4, rps=SINGLES_RPS_MAX + 1)
        assert run.snapshot().singles == ()


async def test_what_a_high_rate_left_behind_is_not_told_when_it_ends(server, settings, running):
    server.script = slow(["late "], pause_s=0)
    async with running(settings(server.url, singles=True)) as run:
        await run.load(0.3, rps=60)
        await run.drain()
        assert run.snapshot().singles == ()


async def test_nobody_who_did_not_ask_is_told(server, settings, running):
    async with running(settings(server.url)) as run:
        await run.load(0.4, rps=5)
        snapshot = run.snapshot()
    assert (snapshot.singles, snapshot.answer) == ((), None)


async def test_the_words_of_an_answer_are_told_while_it_streams(core, server, settings, running):
    server.script = slow(["Once ", "upon ", "a ", "time ", "there "])
    async with running(settings(server.url, singles=True)) as run:
        await run.load(0, rps=5)
        await run.until(lambda: (now := run.snapshot().answer) and now.text == "Once upon a ")
        now = run.snapshot().answer
        assert (now.key, now.tokens, now.done) == ("reasoning", 3, False)
        await run.until(lambda: run.snapshot().answer.done)
        assert run.snapshot().answer.text == "Once upon a time there "


async def test_the_followed_answer_counts_as_it_would_unseen(core, server, settings, running):
    totals = []
    for singles in (False, True):
        server.script = slow([f"w{i} " for i in range(12)], pause_s=0.01)
        async with running(settings(server.url, singles=singles)) as run:
            await run.load(0.1, rps=40)
            await run.drain()
            every = run.totals()
        totals.append((every.tokens / every.ok, every.itl.n / every.ok, every.failed_total))
    assert totals[0] == totals[1] == (12, 11, 0)


async def test_one_answer_is_followed_to_its_end_whatever_else_begins(server, settings, running):
    server.script = slow([f"w{i} " for i in range(15)])
    async with running(settings(server.url, singles=True)) as run:
        await run.load(0.3, rps=40)
        seen = [run.snapshot().answer.tokens]
        while not run.snapshot().answer.done:
            seen.append(run.snapshot().answer.tokens)
            await asyncio.sleep(0.05)
    assert seen == sorted(seen)
    assert seen[-1] <= 15


async def test_a_conversation_goes_on_although_it_is_followed(server, settings, running):
    server.script = slow(["yes ", "indeed "], pause_s=0.01)
    async with running(settings(server.url, singles=True)) as run:
        await run.load(0.6, rps=5, mix=CHAT)
    first = server.bodies[0]["messages"]
    second = next(b["messages"] for b in server.bodies[1:] if b["messages"][0] == first[0])
    assert second[2]["content"] == "yes indeed "


async def test_a_cancelled_answer_is_over(server, settings, running):
    server.script = slow(["so "] * 50)
    async with running(settings(server.url, singles=True)) as run:
        await run.load(0.2, rps=20)
        assert not run.snapshot().answer.done
        run.engine.cancel()
        assert run.snapshot().answer.done


async def test_a_server_that_repeats_our_token_does_not_get_it_on_screen(
    server, settings, running, monkeypatch
):
    monkeypatch.setenv("KEY", "sk-very-secret")
    server.script = slow(["my key is sk-very", "-secret, ", "friend "])
    async with running(settings(server.url, singles=True, api_key_env="KEY")) as run:
        await run.load(0, rps=20)
        await run.until(lambda: (now := run.snapshot().answer) and "friend" in now.text)
        assert run.snapshot().answer.text == "my key is ***, friend "


def record(workload="reasoning", turn=1):
    return RequestRecord(workload, turn, 0.0)


class Following:
    """A live answer and the clock that it sees."""

    def __init__(self):
        self.now_s = 100.0
        self.live = LiveAnswer(lambda: self.now_s)

    def one(self, workload="reasoning"):
        assert self.live.picks(record(workload))
        self.live.ends()


def test_an_answer_that_has_ended_can_be_read_before_the_next_takes_its_place():
    follow = Following()
    follow.one()
    follow.now_s += READ_S - 0.1
    assert not follow.live.picks(record())
    follow.now_s += 0.2
    assert follow.live.picks(record("chat", 2))
    assert follow.live.view.key == "chat_turn2plus"


def test_short_answers_are_followed_only_when_no_lasting_one_comes():
    follow = Following()
    follow.one()
    follow.now_s += PATIENCE_S - 0.1
    assert not follow.live.picks(record("summarization"))
    follow.now_s += 0.2
    assert follow.live.picks(record("summarization"))


def test_without_new_answers_the_last_one_is_forgotten():
    follow = Following()
    follow.one()
    follow.now_s += PATIENCE_S + 0.1
    assert follow.live.view is None


@given(st.lists(st.text(max_size=80), max_size=20))
def test_only_the_end_of_an_answer_is_kept_and_all_of_it_can_be_shown(pieces):
    live = LiveAnswer(lambda: 0.0)
    live.picks(record())
    for piece in pieces:
        live.hears(piece, 1)
    text = live.view.text
    assert len(text) <= TEXT_MAX
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    text.encode()
    assert readable("".join(pieces)).endswith(text)


@pytest.mark.parametrize("hidden", ["\x1b", "\u202e", "\u200b", "\ud800", "\x00", "\ufeff"])
def test_signs_that_steer_a_screen_are_left_out(hidden):
    assert readable(f"a{hidden}b") == "ab"


def test_a_snapshot_carries_both_over_the_pipe():
    live = LiveAnswer(lambda: 0.0)
    live.picks(record())
    live.hears("a \u00e9\n", 2)
    sent = Snapshot(5.0, singles=(Single(4.0, 0.25, "chat_turn1"),), answer=live.view)
    assert Snapshot.from_line(sent.to_line()) == sent


def test_of_several_shards_each_single_is_passed_on_once():
    one = Snapshot(5.0, singles=(Single(4.0, 0.25, "chat_turn1"),))
    two = Snapshot(5.1, singles=(Single(4.5, 0.5, "reasoning"),))
    assert combined(one, [one, two]).singles == one.singles
    assert combined(two, [one, two]).singles == two.singles


def test_a_snapshot_has_an_end_of_singles():
    recorder = SliceRecorder()
    recorder.keeps_singles = True
    for _ in range(AT_ONCE_MAX + 50):
        each = record()
        each.send_s, each.first_s = 0.0, 1.0
        recorder.first_token(each, 1)
    assert len(recorder.take_singles()) == AT_ONCE_MAX
    assert recorder.take_singles() == ()


def test_a_recent_request_keeps_its_time_and_is_forgotten_after_a_while():
    recent = RecentSingles()
    recent.add([Single(90.0, 0.64, "reasoning")], 100.0, 1_000_100.0)
    [dot] = recent.dots
    assert (dot.at_ms, dot.ttft_ms, dot.key) == (1_000_090_000, 640.0, "reasoning")
    recent.add([], 100.0 + RECENT_S / 2, 1_000_105.7)
    assert recent.dots == (dot,)
    recent.add([], 100.0 + RECENT_S, 1_000_110.0)
    assert recent.dots == ()


def test_the_same_answer_is_told_as_frames_or_as_one_read():
    frames = answer(3)
    whole, single = EventStream(keep_text=True), EventStream()
    whole.feed(b"".join(frames))
    for each in frames:
        before = single.frames
        single.feed(each)
        if single.frames and not before:
            single.keep(each)
    assert single.words_from(0)[0] == whole.text() == "w0 w1 w2 "
