import asyncio
import unicodedata

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gtc_rehearsal.followups import MODEL, FollowUpServer
from gtc_runtime.load.conversations import followup_models
from gtc_runtime.load.conversations.followups import (
    QUESTION_MAX,
    CannedFollowUps,
    HttpFollowUps,
    clean,
)
from gtc_spec.errors import UnreachableError, UsageError
from gtc_spec.serving import FOLLOWUP_MODELS


class Server:
    """An OpenAI-compatible server that answers what a test wants."""

    def __init__(self):
        self.answer = {"choices": [{"message": {"content": "Why is that so?"}}]}
        self.status = 200
        self.delay_s = 0.0
        self.seen = []
        self.models = [FOLLOWUP_MODELS[0]]
        self.models_status = 200

    async def list_models(self, request):
        assert request.headers.get("Authorization", "") in ("", "Bearer secret")
        data = [{"id": each, "object": "model"} for each in self.models]
        return web.json_response({"object": "list", "data": data}, status=self.models_status)

    async def complete(self, request):
        self.seen.append((request.headers, await request.json()))
        await asyncio.sleep(self.delay_s)
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def small_server():
    server = Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    app.router.add_get("/v1/models", server.list_models)
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


@pytest.mark.parametrize(
    ("models", "chosen"),
    [
        (["x", FOLLOWUP_MODELS[2], FOLLOWUP_MODELS[1]], FOLLOWUP_MODELS[1]),
        ([FOLLOWUP_MODELS[-1], "x"], FOLLOWUP_MODELS[-1]),
    ],
)
async def test_the_first_known_model_that_is_offered_is_asked(small_server, models, chosen):
    small_server.models = models
    followups = HttpFollowUps(small_server.url, key="secret")
    await followups.ask("c", "a")
    await followups.close()
    assert small_server.seen[0][1]["model"] == followups.model == chosen


async def test_a_model_that_was_named_is_asked_whatever_is_offered(small_server):
    followups = HttpFollowUps(small_server.url, "mine")
    await followups.ask("c", "a")
    await followups.close()
    assert small_server.seen[0][1]["model"] == followups.model == "mine"


async def test_a_retired_model_is_followed_by_the_next_one_that_is_offered(small_server):
    followups = HttpFollowUps(small_server.url, key="secret")
    await followups.ask("c", "a")
    small_server.status, small_server.models = 404, [FOLLOWUP_MODELS[3]]
    with pytest.raises(OSError, match="404"):
        await followups.ask("c", "a")
    small_server.status = 200
    await followups.ask("c", "a")
    await followups.close()
    assert [body["model"] for _, body in small_server.seen] == [
        FOLLOWUP_MODELS[0],
        FOLLOWUP_MODELS[0],
        FOLLOWUP_MODELS[3],
    ]


async def test_of_a_catalogue_without_a_known_model_none_is_taken(small_server):
    small_server.models = ["the-most-expensive-one"]
    followups = HttpFollowUps(small_server.url, key="secret")
    with pytest.raises(OSError, match="no model that we know is offered, but the-most-expensive"):
        await followups.ask("c", "a")
    await followups.close()


async def test_a_server_of_ones_own_is_asked_for_what_it_has_or_for_what_we_like(small_server):
    small_server.models = ["home-made"]
    followups = HttpFollowUps(small_server.url)
    await followups.ask("c", "a")
    small_server.models_status = 404
    another = HttpFollowUps(small_server.url)
    await another.ask("c", "a")
    await followups.close()
    await another.close()
    assert (followups.model, another.model) == ("home-made", FOLLOWUP_MODELS[0])


async def test_a_list_that_is_refused_is_an_error_without_the_key(small_server):
    small_server.models_status = 401
    with pytest.raises(followup_models.ListRefusedError) as told:
        await followup_models.offered(small_server.url, "secret")
    assert (told.value.status, "secret" in str(told.value)) == (401, False)


async def test_a_service_that_is_away_is_unreachable_and_one_that_offers_nothing_is_not(
    small_server,
):
    with pytest.raises(UnreachableError, match="no list of models from http"):
        await followup_models.offered("http://127.0.0.1:1")
    small_server.models = []
    assert await followup_models.offered(small_server.url) == ()


def test_a_wanted_model_that_is_not_offered_is_told_with_those_that_are():
    with pytest.raises(UsageError, match="model a is not offered, but b, c") as told:
        followup_models.choose(["b", "c"], "a")
    assert told.value.hint == "set GTC_FOLLOWUPS_MODEL to one of them"


async def test_the_rehearsal_offers_its_questions_like_a_model_and_knows_no_other():
    server = FollowUpServer()
    url = await server.start()
    offered = await followup_models.offered(url)
    followups, other = HttpFollowUps(url), HttpFollowUps(url, "another")
    question = await followups.ask("a folder about caches", "")
    with pytest.raises(OSError, match="404"):
        await other.ask("c", "a")
    await followups.close()
    await other.close()
    await server.stop()
    assert (offered, followups.model) == ((MODEL,), MODEL)
    assert question.endswith("?")
