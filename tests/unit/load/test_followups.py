import asyncio
import unicodedata

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gtc_runtime.load.followups import QUESTION_MAX, CannedFollowUps, HttpFollowUps, clean


class Server:
    """An OpenAI-compatible server that answers what a test wants."""

    def __init__(self):
        self.answer = {"choices": [{"message": {"content": "Why is that so?"}}]}
        self.status = 200
        self.delay_s = 0.0
        self.seen = []

    async def complete(self, request):
        self.seen.append((request.headers, await request.json()))
        await asyncio.sleep(self.delay_s)
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def small_server():
    server = Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    yield server
    await runner.cleanup()


async def test_the_server_is_asked_with_the_context_and_the_latest_answer(small_server):
    followups = HttpFollowUps(small_server.url, key="secret")
    assert await followups.ask("a folder about caches", "Caches help.") == "Why is that so?"
    await followups.close()
    headers, body = small_server.seen[0]
    assert headers["Authorization"] == "Bearer secret"
    asked = body["messages"][-1]["content"]
    assert "a folder about caches" in asked
    assert "Caches help." in asked


@pytest.mark.parametrize("status", [401, 402, 429, 500])
async def test_a_server_that_refuses_is_an_error_of_the_system(small_server, status):
    small_server.status = status
    followups = HttpFollowUps(small_server.url)
    with pytest.raises(OSError, match="no follow-up question"):
        await followups.ask("c", "a")
    await followups.close()


async def test_a_server_that_is_slow_is_a_timeout(small_server):
    small_server.delay_s = 2
    followups = HttpFollowUps(small_server.url, timeout_s=0.2)
    with pytest.raises(TimeoutError):
        await followups.ask("c", "a")
    await followups.close()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"choices": []},
        {"choices": [{"message": {"content": None}}]},
        {"choices": [{"message": {"content": " \n "}}]},
    ],
)
async def test_an_answer_without_a_question_is_a_value_error(small_server, answer):
    small_server.answer = answer
    followups = HttpFollowUps(small_server.url)
    with pytest.raises(ValueError):
        await followups.ask("c", "a")
    await followups.close()


async def test_the_bundled_questions_never_end():
    followups = CannedFollowUps(["one", "two"])
    assert [await followups.ask("", "") for _ in range(3)] == ["one", "two", "one"]
    assert await CannedFollowUps().ask("", "")


@given(st.text())
def test_a_cleaned_question_is_one_short_line_without_control_characters(text):
    try:
        line = clean(text)
    except ValueError:
        return
    assert 0 < len(line) <= QUESTION_MAX
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in line)


def test_a_question_of_ten_thousand_words_is_trimmed():
    assert len(clean("why " * 10_000)) <= QUESTION_MAX
