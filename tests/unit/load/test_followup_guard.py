"""Follow-up questions cost what was agreed and no more, whatever restarts and refuses."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gtc_runtime.events import EventLog
from gtc_runtime.load.conversations.followup_guard import (
    BUSY_S,
    FAILURES_MAX,
    REFUSED_S,
    SpendGuard,
)
from gtc_runtime.load.conversations.followups import HttpFollowUps
from gtc_runtime.load.figures.snapshot import Gauges, Snapshot
from gtc_runtime.load_settings import KEY_ENV, FollowUpEvents, load_settings
from gtc_runtime.settings import Settings
from gtc_spec import serving
from gtc_spec.environment import load


class Time:
    """A clock and a calendar that a test turns."""

    def __init__(self) -> None:
        self.now_s, self.day = 0.0, date(2026, 3, 16)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def guard_of(tmp_path: Path, time: Time) -> Callable[..., SpendGuard]:
    def make(requests: int = 3, tokens: int = 1000) -> SpendGuard:
        file = tmp_path / "spent.json"
        return SpendGuard(file, requests, tokens, lambda: time.now_s, lambda: time.day)

    return make


def test_requests_of_all_processes_and_restarts_count_together(
    guard_of: Callable[..., SpendGuard],
) -> None:
    for _ in range(3):
        guard_of().permit()
    last = guard_of()
    with pytest.raises(OSError, match="the follow-up budget of the day is spent"):
        last.permit()
    assert last.notice.endswith("come from the bundled list")


def test_tokens_count_too_and_the_next_day_begins_anew(
    guard_of: Callable[..., SpendGuard], time: Time
) -> None:
    guard = guard_of(requests=100)
    guard.permit()
    guard.answered(1000)
    with pytest.raises(OSError, match="is spent"):
        guard.permit()
    time.day = date(2026, 3, 17)
    guard.permit()
    guard.answered(10)
    assert guard.notice == ""


@pytest.mark.parametrize("text", ["[]", "nonsense", '{"day": "x", "requests": "many"}'])
def test_a_ledger_that_cannot_be_read_stops_spending(
    guard_of: Callable[..., SpendGuard], tmp_path: Path, text: str
) -> None:
    (tmp_path / "spent.json").write_text(text)
    with pytest.raises(OSError, match="the follow-up budget cannot be kept"):
        guard_of().permit()


class Service:
    """Serverless Inference as far as a question goes."""

    def __init__(self) -> None:
        self.status, self.headers, self.asked, self.url = 200, {}, 0, ""
        self.content = "Why?"

    async def complete(self, request: web.Request) -> web.Response:
        self.asked += 1
        answer: dict[str, Any] = {"choices": [{"message": {"content": self.content}}]}
        answer["usage"] = {"total_tokens": 42}
        if self.status >= 400:
            answer = {"error": request.headers["Authorization"]}
        return web.json_response(answer, status=self.status, headers=self.headers)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", made.complete)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def test_an_answer_is_charged_as_the_service_counts_it(
    service: Service, guard_of: Callable[..., SpendGuard], tmp_path: Path
) -> None:
    asks = HttpFollowUps(service.url, "small", "key", guard=guard_of())
    assert await asks.ask("context", "answer") == "Why?"
    await asks.close()
    spent = json.loads((tmp_path / "spent.json").read_text())
    assert (spent["requests"], spent["tokens"]) == (1, 42)


@pytest.mark.parametrize(
    ("status", "away_s", "notice"),
    [
        (401, REFUSED_S, "does not accept GRADIENT_API_KEY"),
        (402, REFUSED_S, "wants to be paid"),
        (404, REFUSED_S, "does not have the model (404): clear or set GTC_FOLLOWUPS_MODEL"),
        (429, BUSY_S, "asks for fewer requests"),
    ],
)
async def test_a_refusal_keeps_away_for_a_while_and_never_repeats_the_key(
    service: Service,
    guard_of: Callable[..., SpendGuard],
    time: Time,
    status: int,
    away_s: float,
    notice: str,
) -> None:
    service.status = status
    asks = HttpFollowUps(service.url, "small", "canary-key", guard=guard_of())
    with pytest.raises(OSError, match=str(status)) as refused:
        await asks.ask("c", "a")
    assert "canary" not in str(refused.value) + asks.notice
    assert notice in asks.notice
    time.now_s = away_s - 1
    with pytest.raises(OSError, match="bundled list"):
        await asks.ask("c", "a")
    assert service.asked == 1
    time.now_s, service.status = away_s, 200
    assert await asks.ask("c", "a") == "Why?"
    assert asks.notice == ""
    await asks.close()


async def test_the_service_may_say_how_long_to_stay_away(
    service: Service, guard_of: Callable[..., SpendGuard], time: Time
) -> None:
    service.status, service.headers = 429, {"Retry-After": "7"}
    asks = HttpFollowUps(service.url, "small", "key", guard=guard_of())
    with pytest.raises(OSError, match="429"):
        await asks.ask("c", "a")
    time.now_s, service.status = 7.0, 200
    assert await asks.ask("c", "a") == "Why?"
    await asks.close()


async def test_five_failures_in_a_row_keep_away(
    service: Service, guard_of: Callable[..., SpendGuard]
) -> None:
    service.content = "\x00\n"
    asks = HttpFollowUps(service.url, "small", "key", guard=guard_of(requests=100))
    for _ in range(FAILURES_MAX):
        with pytest.raises(ValueError, match="empty"):
            await asks.ask("c", "a")
    with pytest.raises(OSError, match="does not answer; follow-up questions come from"):
        await asks.ask("c", "a")
    assert service.asked == FAILURES_MAX
    await asks.close()


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, frontend_url="http://127.0.0.1:8000", **values)


def test_a_key_asks_serverless_inference_and_is_in_no_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(KEY_ENV, "canary-key")
    told = load_settings(load("dev"), settings(state_dir=tmp_path), None)
    assert told.followups_url == serving.INFERENCE_URL
    assert told.followups_key_env == KEY_ENV
    assert "canary" not in told.model_dump_json()


def test_a_named_server_wins_and_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_ENV, "canary-key")
    told = load_settings(load("dev"), settings(followups_url="http://127.0.0.1:9"), None)
    assert told.followups_url == "http://127.0.0.1:9"
    assert told.followups_key_env == ""


def test_without_key_and_server_questions_are_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_ENV, raising=False)
    assert load_settings(load("dev"), settings(), None).followups_url is None


def test_the_panel_is_told_once_when_the_list_begins_and_ends_to_stand_in() -> None:
    events = EventLog()
    tell = FollowUpEvents(events)
    for notice in ("", "spent", "spent", ""):
        tell(Snapshot(0.0, gauges=Gauges(followups_notice=notice)))
    assert [event.text for event in events.newest(10)] == [
        "spent",
        "follow-up questions are written by the small model again",
    ]
